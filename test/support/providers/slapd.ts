// A real OpenLDAP server (Debian slapd) on a free port, with people and groups of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePortRange } from '../fairlead-process.ts';

const PROGRAM = '/usr/sbin/slapd';
const MODULES = '/usr/lib/ldap';
const WAIT_MS = 60_000;
const BASE = 'dc=shop,dc=test';

/** Why tests of a directory cannot run, or false when they can. With FAIRLEAD_REAL=1 nothing is skipped. */
export function missingSlapd(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || existsSync(PROGRAM)) return false;
  return 'needs slapd and ldap-utils (Debian packages)';
}

export interface Directory extends AsyncDisposable {
  /** `HOST:PORT`, without TLS. */
  readonly host: string;
  readonly base: string;
  readonly bindDn: string;
  readonly bindPassword: string;
}

const ENTRIES = `dn: ${BASE}
objectClass: dcObject
objectClass: organization
dc: shop
o: Shop

dn: ou=people,${BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${BASE}
objectClass: organizationalUnit
ou: groups

dn: uid=dora,ou=people,${BASE}
objectClass: inetOrgPerson
uid: dora
cn: Dora Lee
sn: Lee
mail: dora@shop.test
userPassword: dora's password

dn: uid=evan,ou=people,${BASE}
objectClass: inetOrgPerson
uid: evan
cn: Evan (of * the stars)
sn: Stars
mail: evan@shop.test
userPassword: evan's password

dn: cn=shop-developers,ou=groups,${BASE}
objectClass: groupOfNames
cn: shop-developers
member: uid=dora,ou=people,${BASE}

dn: cn=office,ou=groups,${BASE}
objectClass: groupOfNames
cn: office
member: uid=dora,ou=people,${BASE}
member: uid=evan,ou=people,${BASE}
`;

export async function startSlapd(): Promise<Directory> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-slapd-'));
  const port = await freePortRange(1);
  const host = `127.0.0.1:${port}`;
  const [bindDn, bindPassword] = [`cn=admin,${BASE}`, 'the password of the service'];
  await mkdir(join(folder, 'data'));
  await writeFile(
    join(folder, 'slapd.conf'),
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath ${MODULES}
moduleload back_mdb
pidfile ${join(folder, 'pid')}
database mdb
maxsize 10485760
suffix "${BASE}"
rootdn "${bindDn}"
rootpw "${bindPassword}"
directory ${join(folder, 'data')}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${bindDn}" write by * none
`,
  );
  const args = ['-f', join(folder, 'slapd.conf'), '-h', `ldap://${host}`, '-d', '0'];
  const child = spawn(PROGRAM, args, { stdio: 'ignore' });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await untilListening(child, port);
  await writeFile(join(folder, 'people.ldif'), ENTRIES);
  await promisify(execFile)('ldapadd', [
    '-x',
    '-H',
    `ldap://${host}`,
    '-D',
    bindDn,
    '-w',
    bindPassword,
    '-f',
    join(folder, 'people.ldif'),
  ]);
  return {
    host,
    base: BASE,
    bindDn,
    bindPassword,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.kill('SIGTERM')) await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  let failure: unknown;
  child.once('error', (error) => {
    failure = error;
  });
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`slapd ended (${child.exitCode}) before it listened`);
    if (await isOpen(port)) return;
  }
  throw new Error('slapd does not listen');
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
