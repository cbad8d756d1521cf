// Door of git: mirrors, revisions, objects and checkouts. Does not know what the files mean.
export { type Checkouts, closureOf, createCheckouts, pathNotFound } from './checkout.ts';
export { GitError, type GitErrorCode } from './errors.ts';
export { GitHubTokens } from './github-app.ts';
export { createMirrors, type Mirror, type Mirrors } from './mirror.ts';
export { DEFAULT_BLOB_BYTES, type GitObjects } from './objects.ts';
export type { RefSnapshot } from './refs.ts';
export {
  type GitServer,
  gitRequestListener,
  initRepository,
  type RefChange,
  serveRepositories,
} from './serve.ts';
export { normaliseUrl, placeOf, redacted, sameRepository } from './url.ts';
