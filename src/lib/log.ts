// Structured logging. The message is static, data goes into the fields; the level says who must act:
// error = our bug, warn = an operator should look, info = facts and users' own mistakes, debug = detail.

import { visible } from './visible.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogOptions {
  level: LogLevel;
  write(line: string): void;
  now(): number;
}

/** One JSON object per line: `time`, `level`, `message`, then the fields. Control characters stay escaped. */
export function jsonLogger(options: LogOptions, bound: LogFields = {}): Logger {
  const emit = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (ORDER[level] < ORDER[options.level]) return;
    const record = { time: new Date(options.now()).toISOString(), level, message, ...bound, ...fields };
    options.write(`${visible(JSON.stringify(record, errorsAsText))}\n`);
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    with: (fields) => jsonLogger(options, { ...bound, ...fields }),
  };
}

/** Writes nothing: for tests and embedded use. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};

function errorsAsText(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return value;
}
