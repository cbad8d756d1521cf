// What manifests would change, by dry run on the destination cluster, and what a chart says of itself.
import {
  ApplicationScope,
  type ChartDetails,
  ChartQuery,
  CompareRequest,
  type OciMetadata,
  type ServerSideDiff,
  ServerSideDiffQuery,
} from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { ApiError } from '../errors.ts';
import type { ManifestRequest } from '../ports.ts';
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
      return known(app, await deps.views.serverSideDiff(app, targetManifests, signal));
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/applications/:name/compare',
    access: get,
    query: ApplicationScope,
    body: CompareRequest,
    async handle({ deps, app, body, signal }): Promise<ServerSideDiff> {
      const { manifests, ...at } = body;
      const isBoth = manifests !== undefined && Object.values(at).some((value) => value !== undefined);
      if (isBoth) throw new ApiError('InvalidArgument', 'Give either manifests or a revision, not both');
      if ((at.revisions?.length ?? 0) !== (at.sourcePositions?.length ?? 0))
        throw new ApiError('InvalidArgument', 'revisions and sourcePositions must be equally many');
      const wanted = manifests === undefined ? defined(at) : { manifests };
      return known(app, await deps.views.compare(app, wanted, signal));
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
  route({
    method: 'GET',
    path: `${ONE}/revisions/:revision/ocimetadata`,
    access: get,
    query: ChartQuery,
    async handle({ deps, app, params, query, signal }): Promise<OciMetadata> {
      const { revision = '' } = params;
      const metadata = await deps.views.ociMetadata(app, revision, query.sourceIndex ?? 0, signal);
      if (metadata !== undefined) return metadata;
      throw new ApiError(
        'InvalidArgument',
        `Source ${query.sourceIndex ?? 0} of ${app.metadata.name} is no artifact of an OCI registry`,
      );
    },
  }),
];

function known(app: Application, diff: ServerSideDiff | undefined): ServerSideDiff {
  if (diff !== undefined) return diff;
  throw new ApiError(
    'FailedPrecondition',
    `${app.metadata.namespace}/${app.metadata.name} was not compared so far; refresh it first`,
  );
}

/** Without the members that are undefined. */
function defined(
  request: { [K in keyof ManifestRequest]?: ManifestRequest[K] | undefined },
): ManifestRequest {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
