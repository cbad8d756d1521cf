// Door of app: the composition root. Kept light: the parts of a long-running command are loaded when it starts.
export { type Environment, readEnvironment } from './config.ts';
export type { ApiServerOptions, ProcessContext, ServeOptions, UpOptions } from './options.ts';
