// Door of cli: one call of the command line, for the entry point and for tests.
export type { CliEnvironment } from './environment.ts';
export { runCli } from './run.ts';
