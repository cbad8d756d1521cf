// Reads and parses request bodies within the size limit of the Kubernetes API.
import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { isRecord, messageOf } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import { badRequest } from '../failures.ts';
import { decodeProtobuf, PROTOBUF } from './protobuf.ts';

/** kube-apiserver's limit on a request body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The body as JSON or YAML text; a protobuf one is decoded. @throws ApiError 413 past the limit, 400 for damage. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const bytes = await readBytes(request);
  if (bytes.length > 0 && mediaType(request.headers['content-type']) === PROTOBUF) {
    return JSON.stringify(decodeProtobuf(bytes));
  }
  return bytes.toString('utf8');
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        reject(
          new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`),
        );
        request.resume();
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    request.on('error', reject);
  });
}

/** Media type of a header without its parameters, lower case. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

const BODY_TYPES: ReadonlySet<string> = new Set(['', 'application/json', 'application/yaml', PROTOBUF]);

/**
 * @param kind what the body should be, for messages
 * @throws ApiError 415 for encodings the server does not speak, 400 for text that is not JSON or YAML.
 */
export function parseObjectBody(
  text: string,
  contentType: string | undefined,
  kind = '',
): Record<string, unknown> {
  const type = mediaType(contentType);
  if (!BODY_TYPES.has(type)) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  }
  const value = type === 'application/yaml' ? parseValue(text, true) : parseJsonBody(text, kind);
  if (value === null) return {};
  if (isRecord(value)) return value;
  const seen = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw unrecognized(
    kind,
    text,
    `json: cannot unmarshal ${seen} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  );
}

function parseJsonBody(text: string, kind: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unrecognized(kind, text, goJsonError(messageOf(error), text));
  }
}

function unrecognized(kind: string, text: string, problem: string): Error {
  const known = `couldn't get version/kind; json parse error: ${problem}`;
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${known} (${summary(text)})`,
  );
}

const SUMMARY_LENGTH = 30;

/** The start of a body as messages show it: text when it looks like JSON, hex otherwise. */
function summary(text: string): string {
  if (text === '') return '<empty>';
  const shown = text.startsWith('{') ? text : Buffer.from(text, 'utf8').toString('hex');
  return shown.length > SUMMARY_LENGTH ? `${shown.slice(0, SUMMARY_LENGTH)} ...` : shown;
}

/** A JSON syntax error as Go words it. */
function goJsonError(message: string, text: string): string {
  const after = /after JSON at position (\d+)/.exec(message);
  if (after !== null) return `invalid character '${text[Number(after[1])] ?? '?'}' after top-level value`;
  if (/end of JSON input|Unterminated|^Expected/.test(message)) return 'unexpected end of JSON input';
  const unexpected = /^Unexpected (?:non-whitespace character|token) ?'?(.)?/.exec(message);
  return `invalid character '${unexpected?.[1] ?? '?'}' looking for beginning of value`;
}

/** Parses JSON, or YAML when `yaml` is set (JSON text in it is read as JSON, much faster). */
export function parseValue(text: string, yaml: boolean): unknown {
  const first = text.trimStart()[0];
  try {
    if (!yaml || first === '{' || first === '[') return JSON.parse(text);
  } catch (error) {
    if (!yaml) throw badRequest(`error decoding patch: ${goJsonError(messageOf(error), text)}`);
  }
  try {
    // Go's YAML reads bodies by the 1.1 rules (yes is true) and takes the last of two equal keys.
    return parseYaml(text, { maxAliasCount: 100, version: '1.1', uniqueKeys: false });
  } catch (error) {
    const line = /at line (\d+)/.exec(messageOf(error))?.[1] ?? '1';
    throw badRequest(
      `error decoding YAML: error converting YAML to JSON: yaml: line ${line}: did not find expected node content`,
    );
  }
}
