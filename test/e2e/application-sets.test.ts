// ApplicationSets as people use them: over REST and the command line, against a control plane on the embedded API that
// generates, creates and deletes their applications.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import type {
  Application,
  ApplicationList,
  ApplicationSet,
  ApplicationSetList,
  ApplicationSetTree,
  ApplicationSetWatchEvent,
  EventList,
} from '../../src/contract/index.ts';
import { connectionOfKubeconfig, wellKnown } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { runFairlead } from '../support/fairlead-process.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';

const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
const UNTIL_MS = 60_000;
const LIST = '/api/v1/applicationsets';

let folder: string;
let api: RunningApiServer;
let plane: ControlPlane;
let git: TestGitServer;
let repoUrl: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sets-'));
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  plane = await startControlPlane(DEPS, {
    connection: await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock }),
    namespace: 'argocd',
    host: '127.0.0.1',
    port: 0,
    auth: 'off',
    dataDir: join(folder, 'data'),
    installCrds: true,
    uiDirectory: join(folder, 'no-page'),
  });
  git = await startGitServer();
  const repository = await git.repository('shop');
  repoUrl = repository.url;
  repository.push({ 'map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n' });
});

after(async () => {
  await plane?.close();
  git?.close();
  await api?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function call<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${plane.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

async function cli(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return await runFairlead([...args, '--server', plane.url, '--plaintext'], { cwd: folder });
}

/** What the command prints; it must end well. */
async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args);
  assert.equal(code, 0, `fairlead ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + UNTIL_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadline, `waited until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function setOf(name: string, ...elements: readonly string[]): ApplicationSet {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name },
    spec: {
      generators: [{ list: { elements: elements.map((colour) => ({ colour })) } }],
      template: {
        metadata: { name: `${name}-{{colour}}` },
        spec: {
          project: 'default',
          source: { repoURL: repoUrl, path: '.', helm: { parameters: [{ name: 'size', value: '2' }] } },
          destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        },
      },
    },
  };
}

async function fileOf(...sets: readonly ApplicationSet[]): Promise<string> {
  const file = join(folder, `${sets[0]?.metadata.name}.yaml`);
  await writeFile(file, sets.map((set) => stringify(set)).join('---\n'));
  return file;
}

async function applicationsOf(name: string): Promise<string[]> {
  const { body } = await call<ApplicationList>('GET', '/api/v1/applications');
  return body.items
    .map(({ metadata }) => metadata.name ?? '')
    .filter((each) => each.startsWith(`${name}-`))
    .sort();
}

test('the command line previews, creates, changes, shows and deletes a set and its applications', async () => {
  const file = await fileOf(setOf('web', 'red', 'blue'));
  assert.equal(
    await ok('appset', 'create', file, '--dry-run'),
    "ApplicationSet 'web' created (dry-run)\n  argocd/web-red\n  argocd/web-blue\n",
  );
  assert.match(await ok('appset', 'generate', file), /argocd\/web-red\s+https:\S+\s+default\s+default/);
  assert.deepEqual(await applicationsOf('web'), []);
  assert.equal(await ok('appset', 'create', file, '--wait'), "ApplicationSet 'web' created\n");
  assert.deepEqual(await applicationsOf('web'), ['web-blue', 'web-red']);
  assert.equal(await ok('appset', 'create', file), "ApplicationSet 'web' unchanged\n");

  await fileOf(setOf('web', 'red', 'blue', 'green'));
  const refused = await cli('appset', 'create', file);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /existing ApplicationSet spec is different; use upsert/);
  assert.equal(await ok('appset', 'create', file, '--upsert', '--wait'), "ApplicationSet 'web' updated\n");
  assert.deepEqual(await applicationsOf('web'), ['web-blue', 'web-green', 'web-red']);

  assert.match(
    await ok('appset', 'list'),
    /^NAME\s+PROJECT\s+SYNCPOLICY\s+CONDITIONS\s+REPO\s+PATH\s+TARGET\nargocd\/web\s+default\s+<none>\s+ParametersGenerated,ResourcesUpToDate/,
  );
  assert.equal(await ok('appset', 'list', '-p', 'default', '-o', 'name'), 'argocd/web\n');
  assert.equal(await ok('appset', 'list', '-p', 'none', '-o', 'name'), '');
  assert.equal(await ok('names', 'applicationsets'), 'web\n');
  const shown = await ok('appset', 'get', 'argocd/web', '--show-params');
  assert.match(shown, /Name:\s+argocd\/web\nProject:\s+default\nServer:\s+https:/);
  assert.match(shown, /Applications:\s+3\n/);
  assert.match(shown, /ResourcesUpToDate\s+True/);
  assert.match(shown, /NAME\s+VALUE\nsize\s+2/);
  const known = JSON.parse(await ok('appset', 'get', 'web', '-o', 'json')) as ApplicationSet;
  assert.equal(known.spec.template.metadata.name, 'web-{{colour}}');

  const unasked = await cli('appset', 'delete', 'web');
  assert.match(unasked.stderr, /needs a confirmation; without a terminal say --yes/);
  assert.equal(await ok('appset', 'delete', 'web', '--yes', '--wait'), "applicationset 'web' deleted\n");
  await until('the applications are gone', async () => (await applicationsOf('web')).length === 0);
  const gone = await cli('appset', 'get', 'web');
  assert.notEqual(gone.code, 0);
});

test('a file may hold several sets, and nothing else', async () => {
  const file = await fileOf(setOf('first', 'a'), setOf('second', 'b'));
  const several = JSON.parse(await ok('appset', 'generate', file, '-o', 'json')) as { kind: string }[];
  assert.deepEqual(
    several.map(({ kind }) => kind),
    ['Application', 'Application'],
  );
  await writeFile(file, 'kind: ConfigMap\nspec: {}\n');
  assert.match((await cli('appset', 'create', file)).stderr, /something that is no ApplicationSet/);
  assert.match((await cli('appset', 'create', 'https://x.test/set.yaml')).stderr, /Cannot read https/);
});

test('the stream tells of a set from its creation to its end, and goes on where a reader stopped', async () => {
  const leave = new AbortController();
  const open = async (query: string): Promise<AsyncIterator<string>> => {
    const { body } = await fetch(`${plane.url}/api/v1/stream/applicationsets${query}`, {
      signal: AbortSignal.any([leave.signal, AbortSignal.timeout(UNTIL_MS)]),
    });
    return linesOf(body as AsyncIterable<Uint8Array>);
  };
  /** The next event of the set that is of this type; a status may be written in between. */
  const next = async (lines: AsyncIterator<string>, type: string): Promise<ApplicationSet> => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(done !== true, `the stream ended before ${type}`);
      const { result } = JSON.parse(value) as { result: ApplicationSetWatchEvent };
      assert.equal(result.applicationSet.metadata.name, 'streamed');
      if (result.type === type) return result.applicationSet;
    }
  };
  try {
    const lines = await open('?name=streamed');
    assert.equal((await call('POST', LIST, setOf('streamed', 'one'))).status, 200);
    await next(lines, 'ADDED');
    await next(lines, 'MODIFIED');
    const { body: before } = await call<ApplicationSetList>('GET', LIST);
    assert.equal((await call('DELETE', `${LIST}/streamed`)).status, 200);
    await next(lines, 'DELETED');
    const later = await open(`?name=streamed&resourceVersion=${before.metadata.resourceVersion}`);
    await next(later, 'DELETED');
  } finally {
    leave.abort();
  }
});

test('tree and events of a set are those of its applications and of itself', async () => {
  const created = await call<ApplicationSet>('POST', LIST, setOf('tree', 'leaf'));
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const { uid = '' } = created.body.metadata;
  const nodes = await until('the application is there', async () => {
    const { body } = await call<ApplicationSetTree>('GET', `${LIST}/tree/resource-tree`);
    return body.nodes.length === 1 && body.nodes;
  });
  assert.deepEqual(
    nodes.map(({ kind, name, parentRefs }) => [kind, name, parentRefs?.[0]?.uid]),
    [['Application', 'tree-leaf', uid]],
  );
  assert.ok(nodes[0]?.uid !== undefined && nodes[0].createdAt !== undefined);
  await plane.home.create(wellKnown.events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'said', namespace: 'argocd' },
    involvedObject: { kind: 'ApplicationSet', name: 'tree', namespace: 'argocd', uid },
    reason: 'Said',
    message: 'something',
    type: 'Normal',
  });
  const { body } = await call<EventList>('GET', `${LIST}/tree/events`);
  assert.ok(body.items.some(({ reason }) => reason === 'Said'));
  assert.equal((await call('DELETE', `${LIST}/tree`)).status, 200);
  await until('the application is gone', async () => (await applicationsOf('tree')).length === 0);
});

test('what cannot be generated is refused with the reason, and nothing is written', async () => {
  const set = setOf('broken', 'x');
  const twice = { ...set, spec: { ...set.spec, generators: [{ list: { elements: [{}, {}] } }] } };
  for (const [path, body] of [
    [`${LIST}?dryRun=true`, twice],
    [`${LIST}/generate`, { applicationSet: twice }],
  ] as const) {
    const refused = await call<{ message: string }>('POST', path, body);
    assert.equal(refused.status, 400, JSON.stringify(refused.body));
    assert.match(refused.body.message, /broken-/);
  }
  const { body } = await call<ApplicationSetList>('GET', LIST);
  assert.deepEqual(
    body.items.filter(({ metadata }) => metadata.name === 'broken'),
    [],
  );
});

test('S-F11: a patch of the template moves no application into another project', async () => {
  const set = setOf('patched', 'x');
  const templatePatch = 'spec: {project: other, info: [{name: a, value: b}]}';
  const { status, body } = await call<{ applications: Application[] }>('POST', `${LIST}/generate`, {
    applicationSet: { ...set, spec: { ...set.spec, templatePatch } },
  });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(
    body.applications.map(({ spec: { project, info } }) => [project, info?.[0]?.value]),
    [['default', 'b']],
  );
});

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
  return undefined;
}
