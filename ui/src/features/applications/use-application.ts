import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Application, CommitMetadata, ResourceTree } from '../../../../src/contract/index.ts';
import { api } from '../../lib/api.ts';
import { useStream } from '../../lib/use-stream.ts';
import { applicationPath } from './summaries.ts';
import type { ApplicationEvent } from './use-applications.ts';

/** One application, kept live by the stream. */
export function useApplication(namespace: string, name: string) {
  const queryClient = useQueryClient();
  const key = ['application', namespace, name];
  const result = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api<Application>('GET', applicationPath(namespace, name), undefined, signal),
  });
  const params = new URLSearchParams({ name, appNamespace: namespace });
  useStream<ApplicationEvent>(`/api/v1/stream/applications?${params}`, (event) => {
    if (event.result.type === 'DELETED') void queryClient.invalidateQueries({ queryKey: key });
    else queryClient.setQueryData(key, event.result.application);
  });
  return result;
}

/** Everything the application's objects own, re-read whenever the application changes. */
export function useResourceTree(app: Application) {
  const { name = '', namespace = '', resourceVersion } = app.metadata;
  return useQuery({
    queryKey: ['resource-tree', namespace, name, resourceVersion],
    queryFn: ({ signal }) =>
      api<ResourceTree>(
        'GET',
        `/api/v1/applications/${encodeURIComponent(name)}/resource-tree?appNamespace=${encodeURIComponent(namespace)}`,
        undefined,
        signal,
      ),
    placeholderData: (previous) => previous,
    refetchInterval: 5_000,
  });
}

/** Author, time and message of a commit; a commit never changes, so it is read once. */
export function useCommit(app: Application, revision: string | undefined) {
  const { name = '', namespace = '' } = app.metadata;
  return useQuery({
    queryKey: ['commit', namespace, name, revision],
    enabled: revision !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      api<CommitMetadata>(
        'GET',
        `/api/v1/applications/${encodeURIComponent(name)}/revisions/${encodeURIComponent(revision ?? '')}/metadata?appNamespace=${encodeURIComponent(namespace)}`,
        undefined,
        signal,
      ),
  });
}

export type ApplicationAction = 'refresh' | 'sync';

/** The two things a person does from the page: look again, and sync. */
export function useApplicationAction(app: Application) {
  const { name = '', namespace = '' } = app.metadata;
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: ApplicationAction) =>
      action === 'refresh'
        ? api<Application>('GET', `${applicationPath(namespace, name)}&refresh=normal`)
        : api<Application>('POST', `/api/v1/applications/${encodeURIComponent(name)}/sync`, {
            name,
            appNamespace: namespace,
            prune: false,
          }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['application', namespace, name] }),
  });
}
