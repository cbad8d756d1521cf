// An OCI registry on the loopback that follows the distribution specification as far as pulling goes: tags in pages,
// manifests and blobs by digest, basic and token authentication. Writes down what it is shown; faults can be set.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/lib/index.ts';
import { tarEntry } from './tar.ts';

export const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
export const FILE_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface MemoryRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly requests: Seen[];
  fault: ((...args: Parameters<RequestListener>) => boolean) | undefined;
  /** Blobs by `sha256:…`; tests may exchange one. */
  readonly blobs: Map<string, Buffer>;
  /** `NAME:TAG` or `NAME@DIGEST` → manifest. */
  readonly manifests: Map<string, Buffer>;
  /** @returns the digest of the manifest */
  push(
    name: string,
    tag: string,
    layers: readonly { readonly mediaType: string; readonly bytes: Buffer }[],
    annotations?: Readonly<Record<string, string>>,
  ): string;
  /** Plain files as one layer. */
  pushFiles(name: string, tag: string, files: Readonly<Record<string, string>>): string;
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export interface RegistryOptions {
  readonly user?: string;
  readonly password?: string;
  /** `basic` (default) asks for the password itself; an address is that of the token server. */
  readonly realm?: 'basic' | 'own' | (() => string);
  /** Tags in one answer. */
  readonly pageSize?: number;
}

export function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(([name, content]) => tarEntry(name, content));
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

export async function startRegistry(options: RegistryOptions = {}): Promise<MemoryRegistry> {
  const registry = new Registry(options);
  await registry.up();
  return registry;
}

class Registry implements MemoryRegistry {
  readonly requests: Seen[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Buffer>();
  fault: MemoryRegistry['fault'];
  readonly #options: RegistryOptions;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #port = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  push(
    name: string,
    tag: string,
    layers: readonly { readonly mediaType: string; readonly bytes: Buffer }[],
    annotations: Readonly<Record<string, string>> = {},
  ): string {
    const described = layers.map(({ mediaType, bytes }) => {
      const digest = `sha256:${sha256(bytes)}`;
      this.blobs.set(digest, bytes);
      return { mediaType, digest, size: bytes.byteLength };
    });
    const config = Buffer.from('{}');
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: {
          mediaType: 'application/vnd.oci.empty.v1+json',
          digest: `sha256:${sha256(config)}`,
          size: config.byteLength,
        },
        layers: described,
        annotations,
      }),
    );
    const digest = `sha256:${sha256(manifest)}`;
    this.manifests.set(`${name}:${tag}`, manifest);
    this.manifests.set(`${name}@${digest}`, manifest);
    return digest;
  }

  pushFiles(name: string, tag: string, files: Readonly<Record<string, string>>): string {
    return this.push(name, tag, [{ mediaType: FILE_LAYER, bytes: tarOf(files) }]);
  }

  down(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  up(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, authorization: headers.authorization });
    if (this.fault?.(request, response) === true) return;
    const at = new URL(url, `http://${this.host}`);
    if (at.pathname === '/token') this.#token(at, headers.authorization, response);
    else if (this.#isAllowed(headers.authorization, response)) this.#serve(method, at, response);
  }

  #serve(method: string, at: URL, response: ServerResponse): void {
    if (at.pathname === '/v2/') {
      response.writeHead(200).end('{}');
      return;
    }
    const [, name = '', kind = '', rest = ''] =
      /^\/v2\/(.+)\/(tags|manifests|blobs)\/([^/]+)$/.exec(at.pathname) ?? [];
    if (kind === 'tags') {
      this.#tags(name, at, response);
      return;
    }
    const content =
      kind === 'blobs'
        ? this.blobs.get(rest)
        : this.manifests.get(rest.startsWith('sha256:') ? `${name}@${rest}` : `${name}:${rest}`);
    if (content === undefined) {
      response.writeHead(404).end('{"errors":[{"code":"UNKNOWN","message":"canary-answer-body"}]}');
      return;
    }
    response.writeHead(200, {
      'content-length': content.byteLength,
      ...(kind === 'manifests'
        ? {
            'content-type': 'application/vnd.oci.image.manifest.v1+json',
            'docker-content-digest': `sha256:${sha256(content)}`,
          }
        : {}),
    });
    response.end(method === 'HEAD' ? undefined : content);
  }

  get #basic(): string {
    return `Basic ${Buffer.from(`${this.#options.user}:${this.#options.password}`).toString('base64')}`;
  }

  #isAllowed(authorization: string | undefined, response: ServerResponse): boolean {
    const { user, realm = 'basic' } = this.#options;
    if (user === undefined) return true;
    if (authorization === (realm === 'basic' ? this.#basic : 'Bearer a-token')) return true;
    const address = typeof realm === 'function' ? realm() : `http://${this.host}/token`;
    const challenge =
      realm === 'basic'
        ? 'Basic realm="registry"'
        : `Bearer realm="${address}",service="the registry",scope="repository:anything:push,pull"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end('canary-answer-body');
    return false;
  }

  #token(at: URL, authorization: string | undefined, response: ServerResponse): void {
    const isRight =
      authorization === this.#basic && /^(?:repository:.+:pull)?$/.test(at.searchParams.get('scope') ?? '');
    if (isRight) response.writeHead(200).end(JSON.stringify({ token: 'a-token', expires_in: 300 }));
    else response.writeHead(401).end('canary-answer-body');
  }

  #tags(name: string, at: URL, response: ServerResponse): void {
    const prefix = `${name}:`;
    const tags = [...this.manifests.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .sort();
    if (tags.length === 0) {
      response.writeHead(404).end('{}');
      return;
    }
    const last = at.searchParams.get('last');
    const from = last === null ? 0 : tags.indexOf(last) + 1;
    const page = tags.slice(from, from + (this.#options.pageSize ?? 100));
    const isMore = from + page.length < tags.length;
    const next = `</v2/${name}/tags/list?n=${page.length}&last=${page.at(-1)}>; rel="next"`;
    response.writeHead(200, isMore ? { link: next } : {}).end(JSON.stringify({ name, tags: page }));
  }
}
