// Real repositories behind a real Git server on the loopback, with switches for the ways a server can fail.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gitRequestListener, initRepository, type RefChange } from '../../src/git/index.ts';
import { silentLogger, systemExec } from '../../src/lib/index.ts';

export interface TestGitServer {
  readonly url: string;
  readonly root: string;
  /** Requests so far, as `METHOD path?query`. */
  readonly requests: string[];
  readonly pushes: { repository: string; changes: readonly RefChange[] }[];
  /** Answers instead of git while set; return false to let one through. */
  fault: ((...args: Parameters<RequestListener>) => boolean) | undefined;
  /** Makes an empty repository; its URL, and a work tree with which to fill it. */
  repository(name: string): Promise<TestRepository>;
  close(): void;
}

/** Contents by path; `link:` makes a symbolic link, undefined removes. */
export type TestFiles = Readonly<Record<string, string | undefined>>;

export interface TestRepository {
  readonly url: string;
  readonly gitDir: string;
  readonly workTree: string;
  git(...args: string[]): string;
  write(files: TestFiles): void;
  /** Writes, commits and pushes to `main`; the commit. */
  push(files: TestFiles, message?: string): string;
}

const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export async function startGitServer(
  options: { user?: string; password?: string } = {},
): Promise<TestGitServer> {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-git-'));
  const requests: string[] = [];
  const pushes: TestGitServer['pushes'] = [];
  const listener = gitRequestListener({
    exec: systemExec,
    log: silentLogger,
    path: environment.PATH,
    root,
    onPush: (repository, changes) => void pushes.push({ repository, changes }),
    ...(options.user === undefined
      ? {}
      : { authorize: (user) => user?.username === options.user && user?.password === options.password }),
  });
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (test.fault?.(request, response) === true) return;
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const test: TestGitServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    root,
    requests,
    pushes,
    fault: undefined,
    async repository(name) {
      const gitDir = await initRepository({ exec: systemExec, path: environment.PATH, root }, name);
      return testRepository(gitDir, `${test.url}/${name}.git`);
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return test;
}

/** A work tree that pushes straight into `gitDir`, past any server. */
export function testRepository(gitDir: string, url: string): TestRepository {
  const workTree = `${gitDir}.work`;
  mkdirSync(workTree, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: workTree,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', gitDir);
  const write = (files: TestFiles): void => {
    for (const [path, content] of Object.entries(files)) {
      const target = join(workTree, path);
      rmSync(target, { recursive: true, force: true });
      if (content === undefined) continue;
      mkdirSync(dirname(target), { recursive: true });
      if (content.startsWith('link:')) symlinkSync(content.slice('link:'.length), target);
      else writeFileSync(target, content);
      if (content.startsWith('#!')) chmodSync(target, 0o755);
    }
  };
  return {
    url,
    gitDir,
    workTree,
    git,
    write,
    push(files, message = 'change') {
      write(files);
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', message);
      git('push', '-q', '--force', 'origin', 'HEAD:refs/heads/main');
      return git('rev-parse', 'HEAD');
    },
  };
}
