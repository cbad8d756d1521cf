// The lines of the log and of snapshots: a CRC-32 of the text, a space, JSON, a line feed. Pure.
import { crc32 } from 'node:zlib';
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Change } from './stored-object.ts';
import { nameOf, namespaceOf } from './stored-object.ts';

export type LogRecord =
  /** An object as it is from now on; its revision is its resourceVersion. */
  | { readonly op: 'put'; readonly type: string; readonly object: KubeObject }
  | {
      readonly op: 'delete';
      readonly type: string;
      readonly namespace: string;
      readonly name: string;
      readonly revision: number;
    }
  /** Ends a snapshot: how many objects it has, and the newest revision. */
  | { readonly op: 'end'; readonly count: number; readonly revision: number };

/** The line of a change; `type` is the store's name of the resource type. */
export function changeLine(type: string, { type: change, current, revision }: Change): string {
  if (change !== 'DELETED') return putLine(type, current.text);
  const { object } = current;
  return line(JSON.stringify(['D', type, namespaceOf(object), nameOf(object), revision]));
}

/** @param objectText the object as JSON */
export function putLine(type: string, objectText: string): string {
  return line(`["P",${JSON.stringify(type)},${objectText}]`);
}

export function endLine(count: number, revision: number): string {
  return line(JSON.stringify(['E', count, revision]));
}

function line(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** @returns undefined for a line that is damaged or cut off (without its line feed) */
export function readLine(bytes: Buffer): LogRecord | undefined {
  if (bytes.length < 12 || bytes[8] !== SPACE) return undefined;
  const json = bytes.subarray(9);
  if (crc32(json) !== Number.parseInt(bytes.toString('latin1', 0, 8), 16)) return undefined;
  const [op, ...rest] = JSON.parse(json.toString('utf8')) as unknown[];
  switch (op) {
    case 'P': {
      const [type, object] = rest;
      return isRecord(object) ? { op: 'put', type: String(type), object: object as KubeObject } : undefined;
    }
    case 'D': {
      const [type, namespace, name, revision] = rest;
      return {
        op: 'delete',
        type: String(type),
        namespace: String(namespace),
        name: String(name),
        revision: Number(revision),
      };
    }
    case 'E':
      return { op: 'end', count: Number(rest[0]), revision: Number(rest[1]) };
    default:
      return undefined;
  }
}

const SPACE = 32;
