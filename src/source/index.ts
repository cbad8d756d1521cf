// Door of source: revisions of any kind of source as artifacts. One file per kind; Git so far.
export { gitArtifact } from './git.ts';
export { type Keyring, type VerifyDeps, verifyRevision } from './signature/verify.ts';
export { UploadError, type UploadErrorCode, uploadedArtifact } from './upload.ts';
