import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type {
  Application,
  ApplicationWatchEvent,
  CanIResponse,
  ClusterList,
  CommitMetadata,
  EventList,
  ManagedResourceList,
  RepositoryList,
  ResourceResponse,
  ResourceTree,
  Settings,
  SyncRequest,
} from '../../../../src/contract/index.ts';
import { api } from '../../lib/api.ts';
import { useStream } from '../../lib/use-stream.ts';
import { newerApplication } from './page-data.ts';
import type { ResourceRow } from './resource-rows.ts';
import { type ApplicationAction, applicationPath } from './summaries.ts';

export interface ApplicationId {
  readonly namespace: string;
  readonly name: string;
}

const POLL_MS = 3_000;
/** Objects below the application's own change without a word of the stream. */
const TREE_POLL_MS = { moving: 1_000, still: 5_000 };

export function idOf({ metadata: { namespace = '', name = '' } }: Application): ApplicationId {
  return { namespace, name };
}

/** One application, kept live by the stream. */
export function useApplication(id: ApplicationId) {
  const queryClient = useQueryClient();
  const key = ['application', id];
  const [isLive, setLive] = useState(false);
  const result = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const read = await api<Application>('GET', applicationPath(id), { signal });
      return newerApplication(queryClient.getQueryData(key), read);
    },
    refetchInterval: isLive ? false : POLL_MS,
  });
  const reread = (): void => void queryClient.invalidateQueries({ queryKey: key });
  const params = new URLSearchParams({ name: id.name, appNamespace: id.namespace });
  useStream<{ readonly result?: ApplicationWatchEvent }>({
    path: `/api/v1/stream/applications?${params}`,
    isEnabled: result.data !== undefined,
    onMessage({ result: event }) {
      if (event === undefined) return;
      if (event.type === 'DELETED') reread();
      else {
        const { application } = event;
        queryClient.setQueryData<Application>(key, (shown) => newerApplication(shown, application));
      }
    },
    onGap: reread,
    onLive: setLive,
  });
  return { result, isLive };
}

/** Everything the application's objects own, re-read whenever the application changes. */
export function useResourceTree(app: Application) {
  const id = idOf(app);
  const isMoving =
    app.status?.health?.status === 'Progressing' || app.status?.operationState?.phase === 'Running';
  return useQuery({
    queryKey: ['resource-tree', id, app.metadata.resourceVersion],
    queryFn: ({ signal }) => api<ResourceTree>('GET', applicationPath(id, '/resource-tree'), { signal }),
    placeholderData: (previous) => previous,
    gcTime: 10_000,
    refetchInterval: isMoving ? TREE_POLL_MS.moving : TREE_POLL_MS.still,
  });
}

/** Author, time and message of a commit; a commit never changes, so it is read once. */
export function useCommit(id: ApplicationId, revision: string | undefined) {
  return useQuery({
    queryKey: ['commit', id, revision],
    enabled: revision !== undefined && /^[0-9a-f]{40}$/.test(revision),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: ({ signal }) =>
      api<CommitMetadata>(
        'GET',
        applicationPath(id, `/revisions/${encodeURIComponent(revision ?? '')}/metadata`),
        {
          signal,
        },
      ),
  });
}

/** How one object differs from Git, read when somebody asks and again when the application changes. */
export function useDifference(app: Application, row: ResourceRow) {
  const { group, kind, namespace, name } = row;
  const path = applicationPath(idOf(app), '/managed-resources', { group, kind, namespace, name });
  return useQuery({
    queryKey: ['difference', path, app.metadata.resourceVersion],
    queryFn: async ({ signal }) => {
      const { items } = await api<ManagedResourceList>('GET', path, { signal });
      // An empty filter means "any" to the server: core objects are told apart here.
      return items.find((item) => item.group === group && item.namespace === namespace) ?? null;
    },
    placeholderData: (previous) => previous,
  });
}

/** The object as it is in the cluster; the server masks secrets. */
export function useManifest(app: Application, row: ResourceRow) {
  const { group, version, kind, namespace, name } = row;
  const query = { group, version, kind, namespace, resourceName: name };
  const path = applicationPath(idOf(app), '/resource', query);
  return useQuery({
    queryKey: ['manifest', path, app.metadata.resourceVersion],
    queryFn: async ({ signal }): Promise<unknown> =>
      JSON.parse((await api<ResourceResponse>('GET', path, { signal })).manifest),
    placeholderData: (previous) => previous,
  });
}

/** Whether the person may do this to the application; false until that is known. */
export function useMay(app: Application, action: 'sync' | 'update'): boolean {
  const { namespace, name } = idOf(app);
  const object = [app.spec.project, namespace, name].map(encodeURIComponent).join('/');
  const path = `/api/v1/account/can-i/applications/${action}/${object}`;
  const { data } = useQuery({
    queryKey: ['may', path],
    staleTime: 60_000,
    queryFn: ({ signal }) => api<CanIResponse>('GET', path, { signal }),
  });
  return data?.value === 'yes';
}

/** Whether nobody checks who answers at the repository; undefined where the person may not know, or nothing is set. */
export function useRepository(app: Application, repoURL: string) {
  const path = `/api/v1/repositories?${new URLSearchParams({ repo: repoURL, appProject: app.spec.project })}`;
  return useQuery({
    queryKey: ['repository', path],
    enabled: repoURL !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async ({ signal }) => (await api<RepositoryList>('GET', path, { signal })).items[0] ?? null,
  }).data;
}

/** The cluster it goes to, where the person may see it. */
export function useCluster({ spec: { destination } }: Application) {
  const { server = '', name = '' } = destination;
  const path = `/api/v1/clusters?${new URLSearchParams(server === '' ? { name } : { server })}`;
  return useQuery({
    queryKey: ['cluster', path],
    enabled: server !== '' || name !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async ({ signal }) => (await api<ClusterList>('GET', path, { signal })).items[0] ?? null,
  }).data;
}

/** What this server offers. */
export function useSettings() {
  return useQuery({
    queryKey: ['settings'],
    staleTime: 60_000,
    queryFn: ({ signal }) => api<Settings>('GET', '/api/v1/settings', { signal }),
  });
}

/** What the cluster reported about one object, newest first. */
export function useEvents(app: Application, row: ResourceRow) {
  const { namespace, name, uid = '' } = row;
  const query = { resourceName: name, resourceNamespace: namespace, resourceUID: uid };
  const path = applicationPath(idOf(app), '/events', query);
  return useQuery({
    queryKey: ['events', path],
    queryFn: async ({ signal }) => (await api<EventList>('GET', path, { signal })).items.toReversed(),
    refetchInterval: TREE_POLL_MS.still,
  });
}

/** Look again, sync, stop a sync, end a hold, approve deletions: done when the server has taken it up (a refresh: when it has looked). */
export function useApplicationAction(app: Application) {
  const id = idOf(app);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (action: ApplicationAction): Promise<void> => {
      if (action === 'refresh') await api('GET', applicationPath(id, '', { refresh: 'normal' }));
      else if (action === 'stop') await api('DELETE', applicationPath(id, '/operation'));
      else if (action === 'release') await api('DELETE', applicationPath(id, '/hold'));
      else if (action === 'approve') await api('POST', applicationPath(id, '/confirm-deletion'));
      else
        await api('POST', applicationPath(id, '/sync'), { body: syncBody(id, action === 'sync-and-delete') });
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['application', id] }),
  });
}

function syncBody({ namespace, name }: ApplicationId, prune: boolean): SyncRequest {
  return { name, appNamespace: namespace, prune };
}
