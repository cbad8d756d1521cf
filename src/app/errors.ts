// What can keep a long-running command from starting.
import { CodedError } from '../lib/index.ts';

export type AppErrorCode = 'ADDRESS_IN_USE' | 'BAD_OPTION' | 'NO_CLUSTER' | 'BAD_DATA_DIR';

export class AppError extends CodedError<AppErrorCode> {}

/** Says which flag helps when an address is taken; other failures stay what they are. */
export function addressError(error: unknown, what: string, address: string, remedy: string): unknown {
  const code = (error as { code?: unknown }).code;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const why = code === 'EADDRINUSE' ? 'another process listens there' : 'this user may not listen there';
  return new AppError(
    'ADDRESS_IN_USE',
    'on-change',
    `Cannot serve ${what} on ${address}: ${why}. ${remedy}`,
    { cause: error },
  );
}

/** `HOST:PORT`, `:PORT` or `PORT`. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[^\]]+\]|[^:]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new AppError(
      'BAD_OPTION',
      'on-change',
      `Cannot listen on ${JSON.stringify(text)}: give HOST:PORT, e.g. 127.0.0.1:8080`,
    );
  }
  const host = match[1] ?? '';
  return { host: host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port };
}
