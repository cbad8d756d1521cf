// Manifests of files that come with the request: lines of JSON, the first says which application, the others carry a
// gzipped tar in base64. Rendered with the tools and settings of the server; nothing is kept.
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type ManifestResponse, UploadLines } from '../../contract/index.ts';
import { limits } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import { applicationObject, resolveApplication } from '../resolve-application.ts';
import { type Call, type Route, route } from '../route.ts';

type UploadCall = Call<undefined, z.output<typeof UploadLines>> & {
  readonly caller: NonNullable<Call<undefined, undefined>['caller']>;
};

export const uploadRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/applications/manifestsWithFiles',
    access: { resource: 'applications', action: 'get', scope: 'list' },
    accepts: 'json-lines',
    body: UploadLines,
    async handle(call): Promise<ManifestResponse> {
      const { deps, body, caller, signal } = call;
      const [first, ...rest] = body;
      const query = first?.query ?? undefined;
      if (query === undefined || rest.some((line) => !line.chunk))
        throw new ApiError('InvalidArgument', 'The first line must be a query, every other one a chunk');
      const app = resolveApplication(
        deps,
        caller,
        { resource: 'applications', action: 'get' },
        {
          name: query.name,
          namespace: query.appNamespace || deps.options.controlNamespace,
          project: query.project ?? '',
        },
      );
      // What is rendered did not come from where the project allows sources to come from.
      if (!call.may({ resource: 'applications', action: 'override' }, applicationObject(app)))
        throw new ApiError('PermissionDenied', 'permission denied: local files need the right to override');
      const archive = archiveOf(call, query.checksum ?? '');
      const { manifests, ...facts } = await deps.views.manifestsOf(app, archive, signal);
      return {
        ...facts,
        manifests: manifests.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))),
      };
    },
  }),
];

function archiveOf({ body }: UploadCall, checksum: string): Buffer {
  const archive = Buffer.concat(body.slice(1).map((line) => Buffer.from(line.chunk?.chunk ?? '', 'base64')));
  if (archive.byteLength === 0) throw new ApiError('InvalidArgument', 'No files were sent');
  if (archive.byteLength > limits.uploadBytes)
    throw new ApiError('InvalidArgument', `The files are more than ${limits.uploadBytes} bytes`, {
      httpStatus: 413,
    });
  const digest = createHash('sha256').update(archive).digest('hex');
  if (checksum === '' || checksum.toLowerCase() === digest) return archive;
  throw new ApiError(
    'InvalidArgument',
    'The files are not those of the checksum; they were changed on the way',
  );
}
