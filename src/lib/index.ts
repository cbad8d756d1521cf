// Door of lib: helpers without domain knowledge.
export {
  AddressError,
  type AddressErrorCode,
  type AddressGuard,
  type AddressGuardOptions,
  addressGuard,
  defaultAddressGuard,
  isRefusedAddress,
  type ResolveName,
} from './addresses.ts';
export { type Backoff, backoffMs, jitteredBackoffMs } from './backoff.ts';
export { type Clock, rfc3339, systemClock, type Timer } from './clock.ts';
export { type Answer, type Complete, complete, type Incomplete, incomplete } from './complete.ts';
export { mapLimited, Semaphore, SingleFlight } from './concurrency.ts';
export { parseDurationMs } from './duration.ts';
export { assertThat, BugError, CodedError, isAbort, messageOf, type Retry, retryOf } from './errors.ts';
export {
  type Exec,
  ExecError,
  type ExecErrorCode,
  type ExecRequest,
  type ExecResult,
  type OpenProcess,
  runOnTerminal,
  systemExec,
} from './exec.ts';
export { type HelperExec, helperExec } from './exec-helper.ts';
export {
  createHttpClient,
  type HttpAnswer,
  type HttpCall,
  type HttpClient,
  HttpError,
  type HttpErrorCode,
  type HttpServerOptions,
} from './http-fetch.ts';
export { canonicalJson, digestOf, isRecord, type Json, jsonEqual, sha256 } from './json.ts';
export { applyJsonPatch, applyMergePatch, JsonPatchError, type JsonPatchErrorCode } from './json-patch.ts';
export { limits } from './limits.ts';
export { type Lock, lockFolder } from './lock-folder.ts';
export { jsonLogger, type LogFields, type Logger, type LogLevel, silentLogger } from './log.ts';
export { Lru } from './lru.ts';
export { mergePatchBetween } from './merge-patch.ts';
export { type Random, randomName, seededRandom, systemRandom } from './random.ts';
export { joinInside, parentPath } from './relative-path.ts';
export {
  compareVersions,
  greatest,
  parseConstraint,
  parseVersion,
  satisfies,
  type Version,
} from './semver.ts';
export { visible, visibleLine } from './visible.ts';
export { isWebAddress } from './web-address.ts';
export {
  closeCodes,
  WebSocketConnection,
  type WebSocketHandlers,
  webSocketAccept,
  webSocketKey,
  webSocketOffer,
  writeWebSocketAnswer,
} from './web-socket.ts';
export {
  parseYaml,
  parseYamlDocuments,
  type YamlDocument,
  YamlError,
  type YamlErrorCode,
  type YamlOptions,
  type YamlValue,
} from './yaml.ts';
