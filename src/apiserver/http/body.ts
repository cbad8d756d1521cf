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

/** @throws ApiError 415 for encodings the server does not speak, 400 for text that is not JSON or YAML. */
export function parseObjectBody(text: string, contentType: string | undefined): Record<string, unknown> {
  const type = mediaType(contentType);
  if (!BODY_TYPES.has(type)) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
    );
  }
  const value = parseValue(text, type === 'application/yaml');
  if (!isRecord(value))
    throw badRequest("couldn't get version/kind; json parse error: the body is not an object");
  return value;
}

/** Parses JSON, or YAML when `yaml` is set (JSON text in it is read as JSON, much faster). */
export function parseValue(text: string, yaml: boolean): unknown {
  const first = text.trimStart()[0];
  try {
    if (!yaml || first === '{' || first === '[') return JSON.parse(text);
  } catch (error) {
    if (!yaml) throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
  try {
    return parseYaml(text, { maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`error decoding YAML: ${messageOf(error)}`);
  }
}
