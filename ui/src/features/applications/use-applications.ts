import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Application, ApplicationWatchEvent } from '../../../../src/contract/index.ts';
import { api } from '../../lib/api.ts';
import { useStream } from '../../lib/use-stream.ts';
import { useThrottled } from '../../lib/use-throttled.ts';
import type { ListSearch } from './list-search.ts';
import { type PageData, replaceItems } from './page-data.ts';

export const PAGE_SIZE = 50;
const FIELDS = [
  ...['name', 'namespace', 'uid', 'annotations', 'deletionTimestamp'].map((name) => `metadata.${name}`),
  ...['project', 'destination'].map((name) => `spec.${name}`),
  ...['sync.status', 'sync.revision', 'health', 'conditions'].map((name) => `status.${name}`),
  ...['phase', 'finishedAt'].map((name) => `status.operationState.${name}`),
];
/** Many changes at once are drawn together. */
const DRAW_MS = 80;
/** Changes alter counts, order and what matches: a re-read at most this often. */
const REREAD_MS = 1_500;
/** While the stream is down, so that the page finds out when the server is back or wants a sign-in. */
const POLL_MS = 3_000;

interface StreamMessage {
  readonly result?: ApplicationWatchEvent;
}

/** One page of the list, kept live by the stream. */
export function useApplications(search: ListSearch) {
  const queryClient = useQueryClient();
  const key = ['applications', 'page', search];
  const [isLive, setLive] = useState(false);
  const result = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => fetchPage(search, signal),
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? false : POLL_MS,
  });
  const changed = useRef(new Map<string | undefined, Application>());
  const draw = useThrottled(() => {
    const fresh = changed.current;
    changed.current = new Map();
    queryClient.setQueryData<PageData>(key, (page) => page && replaceItems(page, fresh));
  }, DRAW_MS);
  const reread = useThrottled(
    () => void queryClient.invalidateQueries({ queryKey: ['applications'] }),
    REREAD_MS,
  );
  useStream<StreamMessage>({
    path: `/api/v1/stream/applications?fields=${STREAM_FIELDS}`,
    since: result.data?.version,
    isEnabled: result.data !== undefined,
    onMessage({ result: event }) {
      if (event === undefined) return;
      changed.current.set(event.application.metadata.uid, event.application);
      draw();
      reread();
    },
    onGap: reread,
    onLive: setLive,
  });
  return { result, isLive };
}

export interface Counts {
  readonly total: number;
  readonly failing: number;
  readonly unknown: number;
  readonly outOfSync: number;
  readonly progressing: number;
}

/** How many applications need a look, among those that match the text. */
export function useCounts(search: string) {
  return useQuery({
    queryKey: ['applications', 'counts', search],
    queryFn: async ({ signal }): Promise<Counts> => {
      const count = async (filter: ListSearch): Promise<number> =>
        (await fetchPage({ search, ...filter }, signal, 1)).total;
      const [total, failing, unknown, outOfSync, progressing] = await Promise.all([
        count({}),
        count({ health: 'Degraded' }),
        count({ sync: 'Unknown' }),
        count({ sync: 'OutOfSync' }),
        count({ health: 'Progressing' }),
      ]);
      return { total, failing, unknown, outOfSync, progressing };
    },
    placeholderData: keepPreviousData,
  });
}

const STREAM_FIELDS = encodeURIComponent(
  ['result.type', ...FIELDS.map((field) => `result.application.${field}`)].join(','),
);

interface ListAnswer {
  readonly items: readonly Application[] | null;
  readonly metadata: { readonly total?: number; readonly resourceVersion?: string };
}

async function fetchPage(search: ListSearch, signal: AbortSignal, limit = PAGE_SIZE): Promise<PageData> {
  const params = new URLSearchParams({
    limit: String(limit),
    fields: limit === 1 ? 'metadata' : `metadata,${FIELDS.map((field) => `items.${field}`).join(',')}`,
  });
  for (const [key, value] of Object.entries(search)) if (value !== '') params.set(key, String(value));
  const { items, metadata } = await api<ListAnswer>('GET', `/api/v1/applications?${params}`, { signal });
  return {
    items: items ?? [],
    total: metadata.total ?? items?.length ?? 0,
    version: metadata.resourceVersion ?? '',
  };
}
