// How every git process is started: nothing inherited, no prompts, no hooks, no user configuration, credentials in
// the environment only (never in arguments), and no transport that was not asked for.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressGuard, Exec, ExecResult, Random } from '../lib/index.ts';
import { ExecError, isAbort, limits } from '../lib/index.ts';
import type { Repository } from '../model/index.ts';
import { authorizationOf } from './authorization.ts';
import { GitError } from './errors.ts';
import { pinOf } from './pin.ts';

export interface GitDeps {
  readonly exec: Exec;
  readonly random: Random;
  /** PATH on which git (and ssh) are found. */
  readonly path: string;
  /** Fairlead's data directory; git keeps to `git/`, `checkouts/` below it. */
  readonly dataDir: string;
}

export interface GitCommand {
  /** What is being done, for messages: "fetch https://host/r". */
  readonly action: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Defaults every command runs under, as git configuration. */
const CONFIG: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'false',
  'safe.bareRepository': 'explicit',
  'safe.directory': '*',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'advice.detachedHead': 'false',
  'protocol.version': '2',
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  'protocol.ssh.allow': 'always',
  'transfer.fsckObjects': 'true',
  'fetch.fsck.zeroPaddedFilemode': 'ignore',
  'fetch.fsck.badTimezone': 'ignore',
  'fetch.fsck.missingSpaceBeforeDate': 'ignore',
  'fetch.fsck.missingSpaceBeforeEmail': 'ignore',
  'fetch.recurseSubmodules': 'false',
  // Whoever follows one checks first where it leads: redirect.ts.
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '100',
  'http.lowSpeedTime': '60',
  'credential.helper': '',
};

/** Runs git to its end. A non-zero exit is returned; not starting, running too long or saying too much throws. */
export async function runGit(deps: GitDeps, command: GitCommand): Promise<ExecResult> {
  try {
    return await deps.exec.run({
      command: 'git',
      args: command.args,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: { ...gitEnvironment(deps), ...command.env },
      timeoutMs: command.timeoutMs ?? limits.gitLocalTimeoutMs,
      ...(command.maxOutputBytes === undefined ? {} : { maxOutputBytes: command.maxOutputBytes }),
      ...(command.input === undefined ? {} : { input: command.input }),
      ...(command.signal === undefined ? {} : { signal: command.signal }),
    });
  } catch (error) {
    throw asGitError(command.action, error);
  }
}

/** The environment of a git process that talks to nobody. */
export function gitEnvironment(
  deps: GitDeps,
  extra: Readonly<Record<string, string>> = {},
  lists: readonly (readonly [string, string])[] = [],
): Record<string, string> {
  return {
    PATH: deps.path,
    HOME: join(deps.dataDir, 'git'),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ALLOW_PROTOCOL: 'https:http:ssh',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    ...configEnvironment([...Object.entries({ ...CONFIG, ...extra }), ...lists]),
  };
}

export interface NetworkAccess {
  readonly env: Readonly<Record<string, string>>;
  /** Removes what was written for this access (keys, certificates). */
  dispose(): Promise<void>;
}

export interface NetworkOptions {
  readonly allowFile: boolean;
  /** Lines of a known_hosts file; without it SSH host keys are checked against nothing and every host is refused. */
  readonly knownHosts: string;
  /** Says where git may connect. */
  readonly guard: AddressGuard;
  /** Rejects when this git cannot be held to an address. */
  readonly pinning: () => Promise<void>;
}

/** Environment and private files with which git may reach one repository. */
export async function networkAccess(
  deps: GitDeps,
  repository: Repository,
  options: NetworkOptions,
): Promise<NetworkAccess> {
  const pin = await pinOf(options.guard, repository);
  if (pin.resolve.length > 0) await options.pinning();
  const files = new PrivateFiles(deps);
  const config: Record<string, string> = {};
  const env: Record<string, string> = {};
  if (options.allowFile) {
    config['protocol.file.allow'] = 'always';
    env['GIT_ALLOW_PROTOCOL'] = 'https:http:ssh:file';
  }
  addCredential(config, repository);
  await addTls(config, repository, files);
  if (repository.proxy !== undefined) config['http.proxy'] = repository.proxy;
  if (repository.noProxy !== undefined) env['no_proxy'] = repository.noProxy;
  if (!/^(?:https?|file):/i.test(repository.url)) {
    env['GIT_SSH_COMMAND'] = await sshCommand(repository, options, files, pin.ssh);
    env['GIT_SSH_VARIANT'] = 'ssh';
  }
  const resolve = pin.resolve.map((entry) => ['http.curloptResolve', entry] as const);
  return { env: { ...gitEnvironment(deps, config, resolve), ...env }, dispose: () => files.remove() };
}

/** Asks for the version once: `http.curloptResolve` is of git 2.37, and an older git would pass over it in silence. */
export function pinningOf(deps: GitDeps): () => Promise<void> {
  let known: Promise<void> | undefined;
  return () => {
    known ??= assertPinning(deps).catch((error: unknown) => {
      known = undefined; // somebody may install another one meanwhile
      throw error;
    });
    return known;
  };
}

async function assertPinning(deps: GitDeps): Promise<void> {
  const { stdout } = await runGit(deps, { action: 'ask git for its version', args: ['version'] });
  const version = /(\d+)\.(\d+)[^\s]*/.exec(stdout.toString('utf8'));
  const [seen = 'unknown', major = '0', minor = '0'] = version ?? [];
  if (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 37)) return;
  throw new GitError(
    'GIT_FAILED',
    'on-change',
    `Cannot reach repositories by name: git is ${seen}, which cannot be held to a checked address; install git 2.37 or later`,
  );
}

function addCredential(config: Record<string, string>, repository: Repository): void {
  const value = /^https?:/i.test(repository.url) ? authorizationOf(repository) : undefined;
  if (value !== undefined) config['http.extraHeader'] = `Authorization: ${value}`;
}

async function addTls(
  config: Record<string, string>,
  repository: Repository,
  files: PrivateFiles,
): Promise<void> {
  if (repository.insecure === true) config['http.sslVerify'] = 'false';
  if (repository.tlsCertificates !== undefined) {
    config['http.sslCAInfo'] = await files.write('ca.pem', repository.tlsCertificates);
  }
  const client = repository.tlsClientCertificate;
  if (client !== undefined) {
    config['http.sslCert'] = await files.write('client.pem', client.certificate);
    config['http.sslKey'] = await files.write('client.key', client.key);
  }
}

async function sshCommand(
  repository: Repository,
  options: NetworkOptions,
  files: PrivateFiles,
  pin: readonly string[],
): Promise<string> {
  const args = ['ssh', '-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', ...pin];
  if (repository.credential.kind === 'ssh') {
    const key = await files.write('id', `${repository.credential.privateKey.trimEnd()}\n`);
    args.push('-i', key, '-o', 'IdentitiesOnly=yes');
  }
  if (repository.insecureIgnoreHostKey === true || repository.insecure === true) {
    args.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null');
  } else {
    const hosts = await files.write('known_hosts', options.knownHosts);
    args.push('-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${hosts}`);
  }
  // git hands this to a shell; every word is ours or a path of ours, and quoted all the same.
  return args.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** Files of mode 0600 in a directory of their own, made on first use. */
class PrivateFiles {
  readonly #deps: GitDeps;
  #directory: string | undefined;

  constructor(deps: GitDeps) {
    this.#deps = deps;
  }

  async write(name: string, content: string): Promise<string> {
    this.#directory ??= join(
      this.#deps.dataDir,
      'git',
      '.access',
      Buffer.from(this.#deps.random.bytes(12)).toString('hex'),
    );
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  async remove(): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }
}

function configEnvironment(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const env: Record<string, string> = {};
  env['GIT_CONFIG_COUNT'] = String(entries.length);
  for (const [index, [key, value]] of entries.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** ExecError → GitError; an abort stays what it is. */
export function asGitError(action: string, error: unknown): unknown {
  if (!(error instanceof ExecError) || isAbort(error)) return error;
  switch (error.code) {
    case 'EXEC_TIMEOUT':
      return new GitError(
        'GIT_TIMEOUT',
        'backoff',
        `Cannot ${action}: git did not end in time; the server is slow or the repository is very large`,
        { cause: error },
      );
    case 'EXEC_OUTPUT_LIMIT':
      return new GitError('GIT_LIMIT', 'on-change', `Cannot ${action}: git's answer is larger than allowed`, {
        cause: error,
      });
    case 'EXEC_NOT_FOUND':
      return new GitError(
        'GIT_FAILED',
        'on-change',
        `Cannot ${action}: git is not installed; install git 2.37 or later`,
        {
          cause: error,
        },
      );
    case 'EXEC_ABORTED':
      return error;
    case 'EXEC_START':
      return new GitError('GIT_FAILED', 'backoff', `Cannot ${action}: git could not be started`, {
        cause: error,
      });
  }
}
