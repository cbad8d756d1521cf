// A real OCI registry (Debian's docker-registry) on a free port of the loopback: TLS with a certificate of its own, a
// password, files in a folder of its own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';

const PROGRAM = '/usr/bin/docker-registry';
const WAIT_MS = 60_000;

/** Why tests on a real registry cannot run, or false when they can. With FAIRLEAD_REAL=1 nothing is skipped. */
export function missingRegistry(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || existsSync(PROGRAM)) return false;
  return 'needs docker-registry (Debian package)';
}

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
  /** PEM of its certificate, and the file that has it. */
  readonly certificate: string;
  readonly certificateFile: string;
}

export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
  const at = (name: string): string => join(folder, name);
  const subject = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      at('key'),
      '-out',
      at('crt'),
    ],
    { stdio: 'ignore' },
  );
  const [user, password] = ['ann', 'canary-registry-password'];
  await writeFile(at('htpasswd'), `${user}:${await hash(password, 5)}\n`, { mode: 0o600 });
  const config = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: at('data') } },
    http: { addr: '127.0.0.1:0', tls: { certificate: at('crt'), key: at('key') } },
    auth: { htpasswd: { realm: 'registry', path: at('htpasswd') } },
  };
  await writeFile(at('config.yml'), JSON.stringify(config));
  const child = spawn(PROGRAM, ['serve', at('config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const host = await new Promise<string>((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => reject(new Error(`the registry ${why}: ${said.slice(-2_000)}`));
    const timer = setTimeout(() => fail('does not listen'), WAIT_MS);
    child.once('error', () => fail('cannot be started'));
    child.once('close', () => fail('ended'));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /listening on (127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  return {
    host,
    user,
    password,
    certificate: await readFile(at('crt'), 'utf8'),
    certificateFile: at('crt'),
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.kill('SIGTERM')) await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
