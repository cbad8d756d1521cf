// Files that came with a request as a gzipped tar, as an artifact: kept in memory, laid out on disk only when a tool
// needs files, and gone with the request. Regular files only: nothing in an upload can point anywhere.
import { CodedError, sha256 } from '../lib/index.ts';
import type { Artifact } from '../model/index.ts';
import { filesOfArchive } from './archive.ts';
import { type FileTreeDeps, type FileTreeProblem, fileTree, layOutFiles } from './file-tree.ts';

export type UploadErrorCode = 'UPLOAD_INVALID' | 'UPLOAD_TOO_LARGE' | 'UPLOAD_PATH_NOT_FOUND';

/** What was sent is no archive of files that could be rendered; sending the same again does not help. */
export class UploadError extends CodedError<UploadErrorCode> {
  constructor(code: UploadErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
  }
}

/** Rejects with UploadError. */
export async function uploadedArtifact(deps: FileTreeDeps, archive: Uint8Array): Promise<Artifact> {
  const files = await filesOfArchive(archive, { fail, what: 'The files', links: 'refuse' });
  const digest = sha256(archive);
  return {
    repository: `upload:${digest}`,
    revision: digest,
    digest,
    tree: fileTree(files, fail),
    materialise: () => layOutFiles(deps, files),
  };
}

const CODES = {
  invalid: 'UPLOAD_INVALID',
  'too-large': 'UPLOAD_TOO_LARGE',
  'not-found': 'UPLOAD_PATH_NOT_FOUND',
} as const satisfies Record<FileTreeProblem, UploadErrorCode>;

function fail(problem: FileTreeProblem, message: string, cause?: unknown): UploadError {
  const text = problem === 'not-found' ? `In the files that were sent ${message}` : message;
  return new UploadError(CODES[problem], text, cause === undefined ? {} : { cause });
}
