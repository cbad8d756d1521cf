// Door of app: the long-running commands, and the environment they and the command line read.

export { runApiServer } from './api-server.ts';
export {
  type ControlPlane,
  type ControlPlaneDeps,
  type ControlPlaneOptions,
  startControlPlane,
} from './compose.ts';
export { type Environment, readEnvironment } from './config.ts';
export { AppError, type AppErrorCode } from './errors.ts';
export type { ApiServerOptions, ProcessContext, ServeOptions, UpOptions } from './options.ts';
export { runServe } from './serve.ts';
export { type ReadyFile, runUp, startAll } from './up.ts';
export { VERSION } from './version.ts';
