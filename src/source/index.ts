// Door of source: revisions of any kind of source as artifacts. One file or folder per kind.
export { gitArtifact } from './git.ts';
export { PackageError, type PackageErrorCode } from './packages/errors.ts';
export { createPackages, type Packages } from './packages/packages.ts';
export type { PackageFeed, PackagePlace, PackageSnapshot } from './packages/types.ts';
export { type Keyring, type VerifyDeps, verifyRevision } from './signature/verify.ts';
export { UploadError, type UploadErrorCode, uploadedArtifact } from './upload.ts';
