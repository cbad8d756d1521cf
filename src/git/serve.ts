// A Git server over smart HTTP for repositories in one directory, around `git http-backend`. Pushes are told to a
// callback by comparing refs before and after; there are no hook scripts. Keeps no users: `authorize` decides.
import { readdir } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { type Exec, type Logger, limits, Semaphore } from '../lib/index.ts';
import { gitError } from './errors.ts';

export interface RefChange {
  readonly ref: string;
  /** Undefined: the ref is new. */
  readonly before?: string;
  /** Undefined: the ref is gone. */
  readonly after?: string;
}

export interface GitServerOptions {
  readonly exec: Exec;
  readonly log: Logger;
  /** PATH on which git is found. */
  readonly path: string;
  /** Directory of bare repositories; `team/app.git` below it is served as `/team/app.git`. */
  readonly root: string;
  /** True lets the request through. Without it everybody may read and push. */
  readonly authorize?: (user: { username: string; password: string } | undefined, push: boolean) => boolean;
  /** Called after each push that changed something; a failure is logged and does not concern the pusher. */
  readonly onPush?: (repository: string, changes: readonly RefChange[]) => void | Promise<void>;
}

export interface GitServer {
  /** e.g. `http://127.0.0.1:4711` */
  readonly url: string;
  close(): Promise<void>;
}

/** One push at most: the pack it brings. */
const MAX_PUSH_BYTES = 512 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 300_000;
const SERVICE = /^\/(.+\.git)\/(info\/refs|git-upload-pack|git-receive-pack|HEAD)$/;

/** Serves on `listen` (`127.0.0.1:0` for any free port). */
export async function serveRepositories(options: GitServerOptions, listen: string): Promise<GitServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, gitRequestListener(options));
  const colon = listen.lastIndexOf(':');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon), () => resolve());
  });
  return { url: urlOf(server), close: () => closeServer(server) };
}

/** The same as a request listener, to be put behind another server. */
export function gitRequestListener(options: GitServerOptions): RequestListener {
  const pushes = new Map<string, Semaphore>();
  return (request, response) => {
    handle(options, pushes, request, response).catch((error: unknown) => {
      options.log.warn('git request failed', { url: request.url, error });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}

/** Makes an empty bare repository `name` (`.git` is added) with its first branch; does nothing when it is there. */
export async function initRepository(
  options: Pick<GitServerOptions, 'exec' | 'path' | 'root'>,
  name: string,
  branch = 'main',
): Promise<string> {
  const directory = join(options.root, name.endsWith('.git') ? name : `${name}.git`);
  const known: string[] = await readdir(directory).catch(() => []);
  if (known.includes('HEAD')) return directory;
  const result = await options.exec.run({
    command: 'git',
    args: ['init', '--quiet', '--bare', `--initial-branch=${branch}`, directory],
    env: backendEnvironment(options),
    timeoutMs: limits.gitLocalTimeoutMs,
  });
  if (result.exitCode !== 0) throw gitError(`make repository ${name}`, result);
  return directory;
}

async function handle(
  options: GitServerOptions,
  pushes: Map<string, Semaphore>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const match = SERVICE.exec(url.pathname);
  const repository = match?.[1] ?? '';
  if (match === null || !/^[A-Za-z0-9._/-]+$/.test(repository) || /(?:^|\/)\.+(?:\/|$)/.test(repository)) {
    response.writeHead(404).end('no such repository\n');
    return;
  }
  const push = match[2] === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  if (options.authorize?.(userOf(request), push) === false) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const serve = () => runBackend(options, url, request, response);
  if (match[2] !== 'git-receive-pack') return await serve();
  const turn = pushes.get(repository) ?? new Semaphore(1);
  pushes.set(repository, turn);
  await turn.run(async () => {
    const directory = join(options.root, repository);
    const before = await refsOf(options, directory);
    await serve();
    const changes = compareRefs(before, await refsOf(options, directory));
    if (changes.length === 0) return;
    await Promise.resolve(options.onPush?.(repository, changes)).catch((error: unknown) =>
      options.log.warn('cannot tell about a push', { repository, error }),
    );
  });
}

async function runBackend(
  options: GitServerOptions,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  const backend = options.exec.open({
    command: 'git',
    args: ['http-backend'],
    env: { ...backendEnvironment(options), ...cgiEnvironment(options, url, request) },
    signal: abort.signal,
  });
  response.once('close', () => {
    if (!response.writableFinished) abort.abort();
  });
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > MAX_PUSH_BYTES) abort.abort();
  });
  request.pipe(backend.stdin);
  backend.stderr.resume();
  const head = new CgiHead(response);
  backend.stdout.on('data', (chunk: Buffer) => {
    if (!head.push(chunk)) backend.stdout.pause();
  });
  response.on('drain', () => backend.stdout.resume());
  await backend.ended;
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

/** Turns the CGI answer's head into the response's; the rest is passed on. */
class CgiHead {
  readonly #response: ServerResponse;
  #head = Buffer.alloc(0);

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** False: the client is slower than git; wait for `drain`. */
  push(chunk: Buffer): boolean {
    if (this.#response.headersSent) return this.#response.write(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return true;
    let status = 200;
    const headers: Record<string, string> = {};
    for (const line of this.#head.toString('latin1', 0, end).split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim();
      const value = line.slice(colon + 1).trim();
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else headers[name] = value;
    }
    this.#response.writeHead(status, headers);
    return this.#response.write(this.#head.subarray(end + 4));
  }
}

function backendEnvironment(options: Pick<GitServerOptions, 'path' | 'root'>): Record<string, string> {
  return {
    PATH: options.path,
    HOME: options.root,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '5',
    GIT_CONFIG_KEY_0: 'http.receivepack',
    GIT_CONFIG_VALUE_0: 'true',
    GIT_CONFIG_KEY_1: 'core.hooksPath',
    GIT_CONFIG_VALUE_1: '/dev/null',
    GIT_CONFIG_KEY_2: 'safe.directory',
    GIT_CONFIG_VALUE_2: '*',
    GIT_CONFIG_KEY_3: 'uploadpack.allowAnySHA1InWant',
    GIT_CONFIG_VALUE_3: 'true',
    GIT_CONFIG_KEY_4: 'receive.autogc',
    GIT_CONFIG_VALUE_4: 'false',
  };
}

function cgiEnvironment(
  options: GitServerOptions,
  url: URL,
  request: IncomingMessage,
): Record<string, string> {
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: header('git-protocol'),
    REMOTE_USER: userOf(request)?.username ?? 'anonymous',
    REMOTE_ADDR: '127.0.0.1',
    ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: header('content-length') }),
  };
}

async function refsOf(options: GitServerOptions, directory: string): Promise<Map<string, string>> {
  const result = await options.exec.run({
    command: 'git',
    args: [`--git-dir=${directory}`, 'for-each-ref', '--format=%(refname) %(objectname)'],
    env: backendEnvironment(options),
    timeoutMs: limits.gitLocalTimeoutMs,
  });
  if (result.exitCode !== 0) throw gitError('list the refs of a served repository', result);
  const lines = result.stdout.toString('utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

function compareRefs(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): RefChange[] {
  const changes: RefChange[] = [];
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(ref);
    const now = after.get(ref);
    if (old === now) continue;
    changes.push({
      ref,
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
    });
  }
  return changes;
}

function userOf(request: IncomingMessage): { username: string; password: string } | undefined {
  const match = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '');
  if (match === null) return undefined;
  const text = Buffer.from(match[1] as string, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return { username: text.slice(0, Math.max(colon, 0)), password: text.slice(colon + 1) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
