// The head kept outside the journal, in any form it was kept: `SEQ:HASH`, a hash, or a file with either, with the
// JSON of a verification, or with an export whose last record is it.
import { readFile } from 'node:fs/promises';
import { isRecord } from '../../lib/index.ts';
import { CliError } from '../errors.ts';

export interface KeptHead {
  readonly headSeq?: string;
  readonly headHash: string;
}

export async function readHead(text: string): Promise<KeptHead> {
  const direct = headOf(text);
  if (direct !== undefined) return direct;
  const content = await readFile(text, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      'USAGE',
      `--head: "${text}" is neither SEQ:HASH nor a hash nor a file (${error.message})`,
      1,
    );
  });
  const line = content.trim().split('\n').at(-1) ?? '';
  const found = headOf(line.trim()) ?? headOfJson(content) ?? headOfJson(line);
  if (found !== undefined) return found;
  throw new CliError('USAGE', `--head: ${text} holds neither a hash nor records with hashes`, 1);
}

function headOf(text: string): KeptHead | undefined {
  const match = /^(?:(\d+):)?([0-9a-f]{64})$/.exec(text);
  if (match?.[2] === undefined) return undefined;
  return { headHash: match[2], ...(match[1] === undefined ? {} : { headSeq: match[1] }) };
}

function headOfJson(text: string): KeptHead | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const head = isRecord(value) && isRecord(value['head']) ? value['head'] : value;
    if (!isRecord(head) || typeof head['seq'] !== 'number' || typeof head['hash'] !== 'string')
      return undefined;
    return headOf(`${head['seq']}:${head['hash']}`);
  } catch {
    return undefined;
  }
}
