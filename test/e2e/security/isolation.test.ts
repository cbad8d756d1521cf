// Sections 1.8 and 1.10 of the security requirements: what listens and who is answered, and what a program that renders
// gets, leaves behind and can reach. The programs here stand in for a helm and a kustomize that somebody took over.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionOf, isKubeError } from '../../../src/k8s/index.ts';
import { freePortRange, startFairlead } from '../../support/fairlead-process.ts';
import { gitPath } from '../../support/git-deps.ts';
import { configMap, names, type RenderFixture, renderFixture, requestOf } from '../../support/render.ts';

const WAIT_MS = 60_000;
const CANARY = 'canary-of-the-process';
const CHART = {
  'app/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'app/templates/a.yaml': configMap('a'),
};
const KUSTOMIZED = { 'app/kustomization.yaml': 'resources: [a.yaml]\n', 'app/a.yaml': configMap('a') };
const NEEDS_PROC = existsSync('/proc/self/fd') ? false : 'needs /proc';

let folder: string;
let fixture: RenderFixture;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-isolation-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'seen'));
  // What the process itself was started with is nothing for what it starts.
  process.env['AWS_SECRET_ACCESS_KEY'] = CANARY;
  process.env['GIT_SSH_COMMAND'] = `/bin/echo ${CANARY}`;
  process.env['NODE_OPTIONS'] = '--no-warnings';
  fixture = await renderFixture({ path: `${join(folder, 'bin')}:${gitPath}` });
});
after(async () => {
  await fixture?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a program on the PATH that tells its version, does `work` when it is to render, and prints one ConfigMap. */
function standIn(name: 'helm' | 'kustomize', work: string): void {
  const path = join(folder, 'bin', name);
  writeFileSync(
    path,
    `#!/bin/sh
PATH=/usr/bin:/bin
case "$1" in version) echo v5.7.1; exit 0;; esac
SEEN='${join(folder, 'seen')}'
${work}
cat <<'END'
${configMap('rendered')}END
`,
  );
  chmodSync(path, 0o755);
}

const seen = (name: string): string => readFileSync(join(folder, 'seen', name), 'utf8');

/** What a shell sets for itself, however it was started. */
const OF_THE_SHELL = new Set(['PWD', 'OLDPWD', 'SHLVL', '_', 'PATH']);
const GIVEN: Readonly<Record<'helm' | 'kustomize', readonly string[]>> = {
  helm: ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME', 'HELM_PLUGINS'],
  kustomize: [],
};
const GIVEN_TO_ALL = [
  'GOGC',
  'GOMAXPROCS',
  'GOMEMLIMIT',
  'HOME',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'LANG',
  'LC_MESSAGES',
  'TMPDIR',
];

for (const tool of ['helm', 'kustomize'] as const) {
  test(`S-H6, S-J4: ${tool} gets no credential and no variable but its own, whatever the application says`, async () => {
    standIn(tool, 'env > "$SEEN/env"; printf "%s\\n" "$@" > "$SEEN/args";');
    const source =
      tool === 'helm'
        ? {
            helm: {
              parameters: [
                { name: 'LD_PRELOAD', value: '/x.so' },
                { name: 'env.PATH', value: '/x' },
              ],
              values: 'NODE_OPTIONS: --x\n',
            },
          }
        : { kustomize: { commonAnnotations: { GIT_SSH_COMMAND: 'x', LD_PRELOAD: '/x.so' } } };
    const set = await fixture.render(tool === 'helm' ? CHART : KUSTOMIZED, source);
    assert.deepEqual(names(set), ['ConfigMap/rendered']);
    const got = seen('env')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/=.*/s, ''));
    const wanted = [...GIVEN_TO_ALL, ...GIVEN[tool]].sort();
    assert.deepEqual(got.filter((name) => !OF_THE_SHELL.has(name)).sort(), wanted);
    for (const file of ['env', 'args']) assert.ok(!seen(file).includes(CANARY), file);
    const home = /^HOME=(.*)$/m.exec(seen('env'))?.[1] ?? '';
    assert.ok(home.startsWith(join(fixture.git.dataDir, 'scratch')), home);
  });

  test(`S-J3: what ${tool} leaves running ends with it, and its folder is gone`, {
    skip: NEEDS_PROC,
  }, async () => {
    standIn(
      tool,
      `(while :; do sleep 1; done) & echo $! > "$SEEN/pid"
(while :; do sleep 1; done) > /dev/null 2>&1 < /dev/null & echo $! > "$SEEN/quiet"
pwd > "$SEEN/folder"; stat -c %a . > "$SEEN/mode"; ls .. > "$SEEN/others"
head -c 20000000 /dev/zero > big; mkdir -p deep/er; ln -s /etc/passwd link; chmod 500 deep`,
    );
    const files = tool === 'helm' ? CHART : KUSTOMIZED;
    const own = tool === 'helm' ? 'app/templates/a.yaml' : 'app/a.yaml';
    const set = await fixture.render({ ...files, [own]: configMap('left') });
    assert.deepEqual(names(set), ['ConfigMap/rendered']);
    for (const file of ['pid', 'quiet']) await untilEnded(Number(seen(file)));
    assert.equal(seen('mode').trim(), '700');
    assert.equal(existsSync(seen('folder').trim()), false);
    assert.equal(seen('others').trim().split('\n').length, 1, 'the folder of another render was there');
    assert.deepEqual(readdirSync(join(fixture.git.dataDir, 'scratch')), []);
    assert.ok(existsSync('/etc/passwd'));
  });

  test(`S-J3: ${tool} that prints without end is ended`, async () => {
    standIn(tool, 'echo $$ > "$SEEN/pid"; exec cat /dev/zero');
    const files = tool === 'helm' ? CHART : KUSTOMIZED;
    const own = tool === 'helm' ? 'app/templates/a.yaml' : 'app/a.yaml';
    await assert.rejects(fixture.render({ ...files, [own]: configMap('flood') }), /more|larger|limit/i);
    await untilEnded(Number(seen('pid')));
    assert.deepEqual(readdirSync(join(fixture.git.dataDir, 'scratch')), []);
  });
}

test('S-J3: two renders at once have a folder each', async () => {
  // Each waits until the other has begun, so both are there at the same moment.
  standIn(
    'kustomize',
    `pwd >> "$SEEN/folders"
i=0; while [ "$(wc -l < "$SEEN/folders")" -lt 2 ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`,
  );
  const artifacts = await Promise.all(
    ['one', 'two'].map((name) => fixture.artifact({ ...KUSTOMIZED, 'app/a.yaml': configMap(name) })),
  );
  await Promise.all(artifacts.map((artifact) => fixture.renderer.render(requestOf(artifact))));
  assert.equal(new Set(seen('folders').trim().split('\n')).size, 2);
});

/** Gone, or dead and not yet collected by whoever inherits it. */
async function untilEnded(pid: number): Promise<void> {
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
    try {
      const [, state] = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      if (state === 'Z' || state === 'X') return;
    } catch {
      return;
    }
  }
  assert.fail(`process ${pid} goes on`);
}

test('S-J5: a cluster Secret cannot name a program to run', () => {
  const execProviderConfig = {
    command: join(folder, 'bin', 'helm'),
    apiVersion: 'client.authentication.k8s.io/v1',
  };
  assert.throws(
    () => connectionOf({ server: 'https://cluster.example.test', execProviderConfig }),
    (error: unknown) => isKubeError(error, 'CONFIG'),
  );
});

interface Listener {
  readonly address: string;
  readonly port: number;
}

/** Sockets that a process and what it started listen on. */
function listenersOf(root: number): { tcp: Listener[]; unix: string[] } {
  const inodes = new Set<string>();
  for (const pid of family(root)) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    }
  }
  const tcp = ['tcp', 'tcp6'].flatMap((table) =>
    lines(`/proc/net/${table}`).flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      return state === '0A' && inodes.has(inode) ? [{ address, port: Number.parseInt(port, 16) }] : [];
    }),
  );
  const unix = lines('/proc/net/unix').flatMap((line) => {
    const [, , , flags, , , inode = '', path = 'without a name'] = line.trim().split(/\s+/);
    return flags === '00010000' && inodes.has(inode) ? [path] : [];
  });
  return { tcp, unix };
}

function family(root: number): number[] {
  const parents = list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(/\) \S (\d+)/.exec(text(`/proc/${name}/stat`))?.[1] ?? 0)] as const);
  const found = [root];
  for (const parent of found) for (const [pid, of] of parents) if (of === parent) found.push(pid);
  return found;
}

const text = (path: string): string => attempt(() => readFileSync(path, 'utf8'), '');
const lines = (path: string): string[] => text(path).split('\n').slice(1);
const list = (path: string): string[] => attempt(() => readdirSync(path), []);
const link = (path: string): string => attempt(() => readlinkSync(path), '');

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

test('S-J1: everything that `up` opens is on the loopback, and the APIs answer nobody they do not know', {
  skip: NEEDS_PROC,
}, async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'fairlead-listeners-'));
  const port = await freePortRange(3);
  const up = startFairlead(['up', '--port', String(port)], { cwd });
  try {
    await up.until(/kubeconfig {2}/, WAIT_MS);
    const { tcp, unix } = listenersOf(up.child.pid ?? -1);
    assert.deepEqual(tcp.map((listener) => listener.port).sort(), [port, port + 1, port + 2]);
    assert.deepEqual([...new Set(tcp.map(({ address }) => address))], ['0100007F']);
    assert.deepEqual(unix, []);
    const unknown = [{}, { authorization: 'Bearer x' }, { authorization: `Basic ${btoa('admin:x')}` }];
    for (const headers of unknown as Record<string, string>[]) {
      for (const path of [
        'applications',
        'clusters',
        'repositories',
        'projects',
        'fairlead/audit',
        'stream/applications',
      ]) {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, { headers });
        await answer.text();
        assert.equal(answer.status, 401, path);
      }
      for (const path of [
        '/api/v1/secrets',
        '/apis/argoproj.io/v1alpha1/applications',
        '/openapi/v3',
        '/apis',
      ])
        assert.ok([401, 403].includes(await kubeStatus(port + 2, path, headers)), path);
    }
    // The sample repository is there to be cloned and pushed to by whoever sits at this machine; nothing else is served.
    for (const path of [
      '/',
      '/../kubeconfig',
      '/sample.git/config',
      '/sample.git/../../kubeconfig',
      '/sample.git/objects/info/packs',
    ])
      assert.equal((await fetch(`http://127.0.0.1:${port + 1}${path}`)).status, 404, path);
    const data = join(cwd, '.fairlead');
    for (const name of ['.', 'git', 'renders', 'checkouts', 'scratch', 'tools'])
      assert.equal(statSync(join(data, name)).mode & 0o077, 0, name);
    assert.equal(statSync(join(data, 'kubeconfig')).mode & 0o077, 0);
  } finally {
    await up.end();
    rmSync(cwd, { recursive: true, force: true });
  }
});

function kubeStatus(port: number, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    httpsRequest({ host: '127.0.0.1', port, path, headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
