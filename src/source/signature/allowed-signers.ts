// The file of allowed signers as ssh-keygen reads it: who may sign with which key, for what, and when. Pure.
import { globMatches } from '../../model/index.ts';
import { SignatureError } from './errors.ts';

export interface AllowedSigner {
  readonly principals: readonly string[];
  /** The public key in its binary form. */
  readonly key: Buffer;
  readonly namespaces?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly validAfter?: number;
  readonly validBefore?: number;
}

const LINE = /^(\S+)\s+(?:((?:[a-z-]+(?:="[^"]*")?,?)+)\s+)?([a-z0-9@.-]+)\s+([A-Za-z0-9+/=]+)(?:\s.*)?$/;
const OPTION = /([a-z-]+)(?:="([^"]*)")?/g;
const MAX_LINES = 10_000;

/** @throws SignatureError `BAD_POLICY` with the number of the line that cannot be read */
export function parseAllowedSigners(text: string): readonly AllowedSigner[] {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw wrong(MAX_LINES, 'there are too many lines');
  return lines.flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [parseLine(trimmed, index + 1)];
  });
}

/** Whether an entry counts for a signature over Git objects made at `at`. */
export function isInForce(signer: AllowedSigner, at: number): boolean {
  const {
    namespaces,
    validAfter = Number.NEGATIVE_INFINITY,
    validBefore = Number.POSITIVE_INFINITY,
  } = signer;
  const isForGit = namespaces === undefined || namespaces.some((pattern) => globMatches(pattern, 'git'));
  return isForGit && at >= validAfter && at < validBefore;
}

function parseLine(line: string, number: number): AllowedSigner {
  // A key type in second place means that there are no options.
  const plain = /^(\S+)\s+((?:sk-)?(?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/=]+)(?:\s.*)?$/.exec(line);
  const match = plain === null ? LINE.exec(line) : [line, plain[1], '', plain[2], plain[3]];
  if (match === null) throw wrong(number, 'write: PRINCIPALS [OPTIONS] KEYTYPE KEY');
  const [, principals = '', options = '', , base64 = ''] = match;
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of (options ?? '').matchAll(OPTION)) found[name] = value;
  if (found['cert-authority'] !== undefined) throw wrong(number, 'certificate authorities are not supported');
  const validAfter = found['valid-after'];
  const validBefore = found['valid-before'];
  return {
    principals: principals.replace(/^"|"$/g, '').split(','),
    key: Buffer.from(base64, 'base64'),
    ...(found['namespaces'] === undefined ? {} : { namespaces: found['namespaces'].split(',') }),
    ...(validAfter === undefined ? {} : { validAfter: timeOf(validAfter, number) }),
    ...(validBefore === undefined ? {} : { validBefore: timeOf(validBefore, number) }),
  };
}

/** `YYYYMMDD[HHMM[SS]][Z]`; without Z it is UTC, too: the zone of the machine is nobody's intent. */
function timeOf(text: string, line: number): number {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?$/.exec(text);
  if (match === null) throw wrong(line, `${JSON.stringify(text)} is no time; write YYYYMMDDHHMMSSZ`);
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

function wrong(line: number, why: string): SignatureError {
  return new SignatureError('BAD_POLICY', `line ${line} of the allowed signers cannot be used: ${why}`);
}
