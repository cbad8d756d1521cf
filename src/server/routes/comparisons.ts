// What manifests would change, by dry run on the destination cluster, and what a chart says of itself.
import {
  type ChartDetails,
  ChartQuery,
  type ServerSideDiff,
  ServerSideDiffQuery,
} from '../../contract/index.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const ONE = '/api/v1/applications/:name';
const get = { resource: 'applications', action: 'get', scope: 'application' } as const;
/** Each is a dry run; an application with more is compared by its own controller. */
const MAX_MANIFESTS = 1_000;

export const comparisonRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: `${ONE}/server-side-diff`,
    access: get,
    query: ServerSideDiffQuery,
    async handle({ deps, app, query, signal }): Promise<ServerSideDiff> {
      const { targetManifests } = query;
      if (targetManifests.length > MAX_MANIFESTS) {
        throw new ApiError(
          'InvalidArgument',
          `targetManifests: ${targetManifests.length} are more than ${MAX_MANIFESTS}`,
        );
      }
      const diff = await deps.views.serverSideDiff(app, targetManifests, signal);
      if (diff !== undefined) return diff;
      throw new ApiError(
        'FailedPrecondition',
        `${app.metadata.namespace}/${app.metadata.name} was not compared so far; refresh it first`,
      );
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/revisions/:revision/chartdetails`,
    access: get,
    query: ChartQuery,
    async handle({ deps, app, params, query, signal }): Promise<ChartDetails> {
      const { revision = '' } = params;
      const details = await deps.views.chart(app, revision, query.sourceIndex ?? 0, signal);
      if (details !== undefined) return details;
      throw new ApiError(
        'InvalidArgument',
        `Source ${query.sourceIndex ?? 0} of ${app.metadata.name} is no Helm chart: it has no Chart.yaml`,
      );
    },
  }),
];
