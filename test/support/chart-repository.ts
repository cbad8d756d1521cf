// A Helm repository on the loopback: charts packaged and indexed by the official helm, a server that writes down what
// it is asked and shown, and switches for the ways a server can fail.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sha256, systemExec, systemRandom } from '../../src/lib/index.ts';
import { createTools } from '../../src/render/tools.ts';

const run = promisify(execFile);
const TOOLS = join(tmpdir(), 'fairlead-test-tools');
let helmPath: Promise<string> | undefined;

/** The official helm, looked for once. */
export function officialHelm(): Promise<string> {
  helmPath ??= createTools({ exec: systemExec, random: systemRandom, path: '', dataDir: TOOLS })
    .helm()
    .then(({ path }) => path);
  return helmPath;
}

export interface SeenRequest {
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface ChartServer {
  readonly url: string;
  /** Every request since the start. */
  readonly requests: SeenRequest[];
  /** Answers instead of the repository while set; return false to let one through. */
  fault: ((...args: Parameters<RequestListener>) => boolean) | undefined;
  /** Files by name, as they are served. */
  readonly files: Map<string, Buffer>;
  /** Served in place of files of these names, whatever is published. */
  readonly instead: Map<string, Buffer>;
  /** Packages a chart and writes the index anew. @returns the archive's SHA-256 */
  publish(name: string, version: string, files?: Readonly<Record<string, string>>): Promise<string>;
  /** Takes no connection any more, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export interface ChartServerOptions {
  readonly user?: string;
  readonly password?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A chart of one ConfigMap, `NAME-config`, that shows its version and the value `colour`. */
export function configChart(name: string, version: string): Record<string, string> {
  return {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A chart of ${name}\nhome: https://example.com/${name}\nmaintainers: [{name: Ann, email: ann@example.com}]\n`,
    'values.yaml': 'colour: red\n',
    'templates/config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}-config}\ndata: {version: "{{ .Chart.Version }}", colour: "{{ .Values.colour }}"}\n`,
  };
}

/** The archive that the official helm makes of these files. */
export async function packagedChart(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const helm = await officialHelm();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, 'chart', path)), { recursive: true });
      await writeFile(join(folder, 'chart', path), content);
    }
    await run(helm, ['package', 'chart', '--destination', 'out'], {
      cwd: folder,
      env: { HOME: folder },
    });
    const [archive = ''] = await readdir(join(folder, 'out'));
    return await readFile(join(folder, 'out', archive));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

export async function startChartServer(options: ChartServerOptions = {}): Promise<ChartServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-charts-'));
  const helm = await officialHelm();
  const files = new Map<string, Buffer>();
  const instead = new Map<string, Buffer>();
  const requests: SeenRequest[] = [];
  const wanted =
    options.user === undefined
      ? undefined
      : `Basic ${Buffer.from(`${options.user}:${options.password ?? ''}`).toString('base64')}`;
  let fault: ChartServer['fault'];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (fault?.(request, response) === true) return;
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="charts"' }).end('canary-answer-body');
      return;
    }
    const content = instead.get(path.slice(1)) ?? files.get(path.slice(1));
    if (content === undefined) {
      response.writeHead(404).end('canary-answer-body');
      return;
    }
    const etag = `"${sha256(content).slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag, 'content-length': content.byteLength }).end(content);
  };
  const listen = (port: number) => {
    const server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
    return new Promise<typeof server>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  };
  const publish = async (
    name: string,
    version: string,
    chart: Readonly<Record<string, string>>,
  ): Promise<string> => {
    const archive = await packagedChart(chart);
    await writeFile(join(folder, `${name}-${version}.tgz`), archive);
    await run(helm, ['repo', 'index', '.'], { cwd: folder, env: { HOME: folder } });
    for (const file of await readdir(folder)) files.set(file, await readFile(join(folder, file)));
    return sha256(archive);
  };
  let last: Promise<string> = Promise.resolve('');
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    files,
    instead,
    get fault() {
      return fault;
    },
    set fault(value) {
      fault = value;
    },
    publish(name, version, chart = configChart(name, version)) {
      // One after the other: the index is made of whatever lies in the folder.
      const published = last.then(() => publish(name, version, chart));
      last = published.catch(() => '');
      return published;
    },
    down: end,
    async up() {
      server = await listen(port);
    },
    async close() {
      if (server.listening) await end();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
