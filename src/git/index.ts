// Door of git: mirrors, revisions, objects and checkouts. Does not know what the files mean.
export { type Checkouts, closureOf, createCheckouts, pathNotFound } from './checkout.ts';
export { GitError, type GitErrorCode, gitError } from './errors.ts';
export { createMirrors, type Mirror, type MirrorDeps, type MirrorOptions, type Mirrors } from './mirror.ts';
export { DEFAULT_BLOB_BYTES, type FoundEntry, GitObjects } from './objects.ts';
export { type RefSnapshot, resolveRef } from './refs.ts';
export {
  type Constraint,
  compareVersions,
  greatest,
  parseConstraint,
  parseVersion,
  satisfies,
  type Version,
} from './semver.ts';
export {
  type GitServer,
  type GitServerOptions,
  gitRequestListener,
  initRepository,
  type RefChange,
  serveRepositories,
} from './serve.ts';
export { assertRepositoryUrl, normaliseUrl, redacted, sameRepository } from './url.ts';
