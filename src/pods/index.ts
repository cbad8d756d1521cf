// Door of pods: what people do in the pods of an application: read their logs and open a shell.
export { PodsError, type PodsErrorCode } from './errors.ts';
export type { LogLine } from './log-lines.ts';
export { type LogReading, type LogRequest, PodLogReader, type PodSource } from './logs.ts';
export { findTerminalPlace, openTerminal } from './terminal.ts';
