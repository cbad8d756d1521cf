// Door of the embedded Kubernetes API server.
export type { Certificate } from './certificate.ts';
export type { StatusCause, StatusDetails, StatusReason } from './errors.ts';
export type { InternalApi, ResourceName, WatchEvent } from './internal-api.ts';
export { type ApiServerOptions, type RunningApiServer, startApiServer } from './start.ts';
export type { WorkloadLatencies } from './workloads/index.ts';
