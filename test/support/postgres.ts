// A real Postgres on loopback for one test file: initdb and postgres of this machine, data in a temporary folder.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';

export interface Postgres {
  /** Creates an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Kills the server without a goodbye and starts it again on the same port and data. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** Why Postgres cannot run here, or undefined when it can. */
export function missingPostgres(): string | undefined {
  const missing = ['initdb', 'postgres'].filter((program) => find(program) === undefined);
  return missing.length === 0 ? undefined : `needs ${missing.join(' and ')} on the PATH`;
}

/** Starts the server; resolves when it answers (about two seconds). */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-pg-'));
  const user = ordinaryUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const data = join(folder, 'data');
  const options = { cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' }, ...user };
  execFileSync(
    find('initdb') ?? 'initdb',
    ['-D', data, '-U', 'test', '--auth=trust', '--no-sync', '-E', 'UTF8'],
    {
      ...options,
      stdio: 'pipe',
    },
  );
  const args = ['-D', data, '-h', '127.0.0.1', '-p', `${port}`, '-k', folder, '-c', 'max_connections=40'];
  const urlOf = (database: string) => `postgres://test@127.0.0.1:${port}/${database}`;
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(find('postgres') ?? 'postgres', args, { ...options, stdio: 'ignore' });
    server.unref();
    await untilReady(server, urlOf('postgres'));
    return server;
  };
  let server = await start();
  const onExit = () => server.kill('SIGQUIT');
  process.once('exit', onExit);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    server.ref();
    server.kill(signal);
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  };
  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      await runSql(urlOf('postgres'), [`create database d${databases}`]);
      return urlOf(`d${databases}`);
    },
    async crash() {
      // SIGQUIT ends every backend at once and leaves the recovery to the next start.
      await stop('SIGQUIT');
      server = await start();
    },
    async close() {
      process.off('exit', onExit);
      await stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements one by one on a connection of their own. */
export async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await runSql(url, ['select 1']);
      return;
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Postgres refuses to run as root; `nobody` exists everywhere. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
}

function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
