import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { api } from '../../lib/api.ts';
import { useStream } from '../../lib/use-stream.ts';

export interface ListQuery {
  readonly search: string;
  readonly sync: string;
  readonly health: string;
  readonly offset: number;
}

export interface ApplicationPageData {
  readonly items: readonly Application[];
  readonly total: number;
}

export interface ApplicationEvent {
  readonly result: { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly application: Application };
}

export const PAGE_SIZE = 50;
const FIELDS =
  'items.metadata.name,items.metadata.namespace,items.metadata.uid,items.spec,items.status.sync,items.status.health,items.status.operationState.phase,items.status.operationState.finishedAt,items.status.conditions';
/** Changes outside the page alter counts and order: a re-read at most this often. */
const REREAD_MS = 1_500;

/** One page of the list, kept live by the stream. */
export function useApplications(query: ListQuery) {
  const queryClient = useQueryClient();
  const key = ['applications', query];
  const result = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => fetchPage(query, signal),
    placeholderData: keepPreviousData,
  });
  const reread = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isLive = useStream<ApplicationEvent>(
    `/api/v1/stream/applications?fields=${encodeURIComponent(FIELDS.replaceAll('items.', 'result.application.').concat(',result.type'))}`,
    (event) => {
      const { type, application } = event.result;
      if (type === 'MODIFIED') {
        queryClient.setQueryData<ApplicationPageData>(
          key,
          (page) => page && { ...page, items: replaceItem(page.items, application) },
        );
      }
      reread.current ??= setTimeout(() => {
        reread.current = undefined;
        void queryClient.invalidateQueries({ queryKey: ['applications'] });
      }, REREAD_MS);
    },
  );
  return { result, isLive };
}

async function fetchPage(query: ListQuery, signal: AbortSignal): Promise<ApplicationPageData> {
  const params = new URLSearchParams({
    limit: String(PAGE_SIZE),
    offset: String(query.offset),
    fields: `${FIELDS},metadata`,
  });
  for (const key of ['search', 'sync', 'health'] as const) if (query[key] !== '') params.set(key, query[key]);
  const list = await api<{ items: Application[] | null; metadata?: { total?: number } }>(
    'GET',
    `/api/v1/applications?${params}`,
    undefined,
    signal,
  );
  const items = list.items ?? [];
  return { items, total: list.metadata?.total ?? items.length };
}

function replaceItem(items: readonly Application[], changed: Application): readonly Application[] {
  return items.map((item) =>
    item.metadata.name === changed.metadata.name && item.metadata.namespace === changed.metadata.namespace
      ? changed
      : item,
  );
}
