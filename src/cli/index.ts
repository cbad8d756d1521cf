// Door of cli: one call of the command line, for the entry point and for tests.
export type { CliEnvironment, Processes, Prompt } from './environment.ts';
export { ExitCode } from './exit-codes.ts';
export type { Terminal } from './output.ts';
export { runCli } from './run.ts';
