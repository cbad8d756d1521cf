// A real OpenSSH server on a free port of the loopback, as whoever runs the tests, with keys of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePortRange } from '../fairlead-process.ts';

const PROGRAM = '/usr/sbin/sshd';
const WAIT_MS = 60_000;
const TRIES = 5;

/** Why tests over SSH cannot run, or false when they can. With FAIRLEAD_REAL=1 nothing is skipped. */
export function missingSshd(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || existsSync(PROGRAM)) return false;
  return 'needs openssh-server (Debian package)';
}

export interface SshServer extends AsyncDisposable {
  readonly user: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` of the server, without a comment. */
  readonly hostKey: string;
  /** The private key that it lets in. */
  readonly key: string;
}

/** A fresh key: the private part, and the public one without a comment. */
export async function sshKey(folder: string, name: string): Promise<{ key: string; publicKey: string }> {
  const path = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path]);
  const publicKey = (await readFile(`${path}.pub`, 'utf8')).trim();
  return { key: await readFile(path, 'utf8'), publicKey };
}

export async function startSshd(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-sshd-'));
  const { username, uid } = userInfo();
  // Where root's server gives up its rights; the package's service would have made it.
  if (uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const host = await sshKey(folder, 'host');
  const person = await sshKey(folder, 'person');
  await writeFile(join(folder, 'authorized_keys'), `${person.publicKey}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'config'), configOf(folder, username), { mode: 0o600 });
  const { child, port } = await started(join(folder, 'config'));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    user: username,
    port,
    hostKey: host.publicKey,
    key: person.key,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.kill('SIGTERM')) await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

function configOf(folder: string, user: string): string {
  return `ListenAddress 127.0.0.1
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(folder, 'authorized_keys')}
AllowUsers ${user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
MaxStartups 100
`;
}

/** Somebody else may take a free port first; then it is another one. */
async function started(config: string): Promise<{ child: ChildProcess; port: number }> {
  let said = '';
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await freePortRange(1);
    const child = spawn(PROGRAM, ['-D', '-e', '-f', config, '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once('error', (error) => {
      said = String(error);
    });
    if (await isListening(child, port)) return { child, port };
    child.kill('SIGKILL');
  }
  throw new Error(`sshd does not listen: ${said}`);
}

async function isListening(child: ChildProcess, port: number): Promise<boolean> {
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
    if (child.exitCode !== null || child.pid === undefined) return false;
    if (await isOpen(port)) return child.exitCode === null;
  }
  return false;
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => resolve(true));
  }).then((open) => {
    socket.destroy();
    return open === true;
  });
}
