// Manifests as people write them stay Synced on a real API server, whoever applies them and however often they are
// looked at; and what somebody really changed is found.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../../src/apiserver/certificate.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import { createKubeClient, type KubeClient, loadKubeconfig, type ResourceType } from '../../src/k8s/index.ts';
import { mapLimited, silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import type { Application } from '../../src/model/index.ts';
import { type ClientTools, clientTools } from '../support/client-tools.ts';
import { startControlPlane as startRealCluster } from '../support/control-plane.ts';
import { startGitServer, type TestGitServer, type TestRepository } from '../support/git-server.ts';

const DEPS = {
  clock: systemClock,
  random: systemRandom,
  exec: systemExec,
  log: silentLogger,
  path: process.env['PATH'] ?? '',
};
const APPLICATIONS: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const REFRESHES = 10;
const UNTIL_MS = 180_000;
const AT_ONCE = 16;

interface Case {
  readonly name: string;
  readonly yaml: string;
}

/** Who applies everything before Fairlead does, and again after it. */
const TOOLS = ['fairlead', 'kubectl', 'kubectl-server-side', 'helm'] as const;
type Tool = (typeof TOOLS)[number];

async function readCases(): Promise<Case[]> {
  const text = await readFile(new URL('../corpora/synced/manifests.yaml', import.meta.url), 'utf8');
  return text
    .split(/^# case: /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { name: part.slice(0, end), yaml: part.slice(end + 1) };
    });
}

suite('no difference is seen where there is none', async () => {
  const cases = await readCases();
  let folder: string;
  let cluster: Awaited<ReturnType<typeof startRealCluster>>;
  let plane: ControlPlane;
  let kube: KubeClient;
  let git: TestGitServer;
  let repository: TestRepository;
  let tools: ClientTools;
  let webhook: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-synced-'));
    cluster = await startRealCluster();
    const connection = await loadKubeconfig(cluster.kubeconfig, { clock: systemClock });
    kube = createKubeClient(connection, {}, DEPS);
    tools = await clientTools(await readFile(cluster.kubeconfig, 'utf8'));
    git = await startGitServer();
    repository = await git.repository('synced');
    repository.push(
      Object.fromEntries(
        TOOLS.flatMap((tool) =>
          cases.map(
            ({ yaml }, index) => [`${tool}/${index}/manifests.yaml`, inNamespace(yaml, tool)] as const,
          ),
        ),
      ),
    );
    webhook = await startWebhook();
    plane = await startControlPlane(DEPS, {
      connection,
      namespace: 'argocd',
      host: '127.0.0.1',
      port: 0,
      auth: 'off',
      dataDir: join(folder, 'data'),
      installCrds: true,
      uiDirectory: join(folder, 'no-page'),
      timing: { pollMs: 600_000, revisionPassMs: 200, waveDelayMs: 20 },
    });
    for (const tool of TOOLS) {
      await kubectl('create', 'namespace', namespaceOf(tool));
      await applyBy(tool);
    }
  });
  after(async () => {
    await plane.close();
    await kube.close();
    git.close();
    await tools.close();
    webhook.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const kubectl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tools.kubectl(args);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  /** A webhook as meshes and policy engines have it: adds members, and a container, to what asks for it. */
  async function startWebhook(): Promise<Server> {
    const { cert, key } = selfSigned({ hosts: ['127.0.0.1'], nowMs: Date.now(), random: systemRandom });
    const server = createServer({ cert, key }, (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => {
        const { request: review } = JSON.parse(text) as {
          request: {
            uid: string;
            object: { kind: string; spec?: { template: { spec: { containers: { name: string }[] } } } };
          };
        };
        const patch =
          review.object.kind === 'ConfigMap'
            ? [{ op: 'add', path: '/data/added', value: 'by the webhook' }]
            : review.object.spec?.template.spec.containers.some(({ name }) => name === 'mesh') === true
              ? []
              : [
                  {
                    op: 'add',
                    path: '/spec/template/spec/containers/-',
                    value: { name: 'mesh', image: 'mesh:1' },
                  },
                ];
        response.setHeader('content-type', 'application/json');
        const answer = {
          uid: review.uid,
          allowed: true,
          patchType: 'JSONPatch',
          patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
        };
        response.end(
          JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'mutate' },
      webhooks: [
        {
          name: 'mutate.example.com',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          reinvocationPolicy: 'Never',
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(cert).toString('base64') },
          objectSelector: { matchLabels: { mutate: 'yes' } },
          rules: [
            {
              apiGroups: ['', 'apps'],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['configmaps', 'deployments'],
            },
          ],
        },
      ],
    };
    await writeFile(join(folder, 'webhook.json'), JSON.stringify(configuration));
    await kubectl('apply', '-f', join(folder, 'webhook.json'));
    return server;
  }

  async function applyBy(tool: Tool): Promise<void> {
    if (tool === 'fairlead') return;
    const namespace = namespaceOf(tool);
    // A kind has to be served before its objects: the definitions go first, as people apply them.
    const parts = cases.flatMap(({ yaml }) => inNamespace(yaml, tool).split(/^---$/m));
    const definitions = parts.filter((part) => part.includes('kind: CustomResourceDefinition'));
    const others = parts.filter((part) => !part.includes('kind: CustomResourceDefinition'));
    const file = join(folder, `${tool}.yaml`);
    if (tool === 'helm') {
      const chart = join(folder, 'chart');
      await mkdir(join(chart, 'templates'), { recursive: true });
      await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: all\nversion: 1.0.0\n');
      await writeFile(join(chart, 'templates', 'all.yaml'), others.join('\n---\n'));
      await writeFile(file, definitions.join('\n---\n'));
      await kubectl('apply', '-f', file);
      await kubectl('wait', '--for=condition=Established', `crd/widgets.ns-${namespace}.example.com`);
      const { code, stderr } = await tools.helm([
        'upgrade',
        '--install',
        '--force-conflicts',
        'all',
        chart,
        '--namespace',
        namespace,
      ]);
      assert.equal(code, 0, stderr);
      return;
    }
    // Quantities that are not spelled as the server stores them conflict with any other manager of the same value.
    const flags = tool === 'kubectl' ? [] : ['--server-side', '--force-conflicts'];
    await writeFile(file, definitions.join('\n---\n'));
    await kubectl('apply', ...flags, '-f', file);
    await kubectl('wait', '--for=condition=Established', `crd/widgets.ns-${namespace}.example.com`);
    await writeFile(file, others.join('\n---\n'));
    await kubectl('apply', ...flags, '--namespace', namespace, '-f', file);
  }

  const nameOf = (tool: Tool, index: number): string => `${tool}-${index}`;
  const all = TOOLS.flatMap((tool) => cases.map((_, index) => nameOf(tool, index)));
  const read = (name: string, query = ''): Promise<Application> =>
    fetch(`${plane.url}/api/v1/applications/${name}${query}`).then(
      (answer) => answer.json() as Promise<Application>,
    );

  /** What is not Synced, with what differs. */
  async function wrong(apps: readonly Application[]): Promise<string[]> {
    const found: string[] = [];
    for (const app of apps) {
      const { name = '' } = app.metadata;
      const { sync, conditions = [], operationState, history = [] } = app.status ?? {};
      const isSyncedOnce = operationState?.phase === 'Succeeded' && history.length === 1;
      if (sync?.status === 'Synced' && isSyncedOnce && conditions.length === 0) continue;
      const explanation = await fetch(`${plane.url}/api/v1/fairlead/applications/${name}/explain`);
      const { causes = [] } = (await explanation.json()) as {
        causes?: { chain: { text: string }[]; title: string }[];
      };
      const index = Number(name.slice(name.lastIndexOf('-') + 1));
      const texts = causes.flatMap(({ title, chain }) => [title, ...chain.map(({ text }) => text)]);
      const state = `${sync?.status}, ${operationState?.phase} ${operationState?.message}, ${history.length} syncs`;
      found.push(`${name} (${cases[index]?.name}): ${state}: ${texts.join('; ')}`);
    }
    return found;
  }

  test(`${cases.length} shapes, applied by ${TOOLS.join(', ')}, become Synced`, async () => {
    assert.ok(cases.length >= 40);
    await mapLimited(all, AT_ONCE, async (name) => {
      const slash = name.lastIndexOf('-');
      const [tool, index] = [name.slice(0, slash), name.slice(slash + 1)];
      await kube.create(APPLICATIONS, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name, namespace: 'argocd' },
        spec: {
          project: 'default',
          source: { repoURL: repository.url, path: `${tool}/${index}`, targetRevision: 'main' },
          destination: { server: 'https://kubernetes.default.svc', namespace: namespaceOf(tool as Tool) },
          // Without self-heal a difference stays to be seen.
          syncPolicy: { automated: { prune: true } },
        },
      });
    });
    const deadline = performance.now() + UNTIL_MS;
    for (;;) {
      const apps = await mapLimited(all, AT_ONCE, (name) => read(name));
      const left = apps.filter(({ status }) => status?.operationState?.finishedAt === undefined);
      if (left.length === 0) break;
      assert.ok(performance.now() < deadline, `${left.length} were not synced in time`);
      await sleep(200);
    }
    assert.deepEqual(
      await wrong(await mapLimited(all, AT_ONCE, (name) => read(name, '?refresh=normal'))),
      [],
    );
  });

  test('the tools apply again, controllers write their part, and everything stays Synced', async () => {
    for (const tool of TOOLS) {
      await applyBy(tool);
      const namespace = namespaceOf(tool);
      await kubectl('scale', '--namespace', namespace, 'deployment/scaled', '--replicas=3');
      const bundle = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: await aCertificate() }];
      const patch = ['--type=json', '--patch', JSON.stringify(bundle), '--field-manager=cainjector'];
      await kubectl('patch', 'validatingwebhookconfiguration', `check-${namespace}`, ...patch);
    }
    assert.deepEqual(
      await wrong(await mapLimited(all, AT_ONCE, (name) => read(name, '?refresh=normal'))),
      [],
    );
  });

  test(`it stays so through ${REFRESHES} refreshes from scratch`, async () => {
    for (let round = 1; round <= REFRESHES; round++) {
      const apps = await mapLimited(all, AT_ONCE, (name) => read(name, '?refresh=hard'));
      assert.deepEqual(await wrong(apps), [], `refresh ${round}`);
    }
  });

  const changes: readonly [string, string, readonly string[], RegExp][] = [
    [
      'an image',
      'a Deployment with nothing',
      ['set', 'image', 'deployment/minimal', 'c=nginx:2'],
      /image is "nginx:2"/,
    ],
    [
      'a value of a ConfigMap',
      'a ConfigMap with empty values',
      ['patch', 'configmap', 'texts', '--type=merge', '--patch', '{"data":{"spaces":"x"}}'],
      /spaces.* is "x"/,
    ],
    [
      'a removed environment variable',
      'environment variables',
      ['set', 'env', 'deployment/environment', 'LAST-'],
      /env.*LAST/,
    ],
    [
      'a port of a Service',
      'a Service whose port',
      [
        'patch',
        'service',
        'plain-ports',
        '--type=json',
        '--patch',
        '[{"op":"replace","path":"/spec/ports/0/port","value":81}]',
      ],
      /port/,
    ],
    [
      'a quantity',
      'quantities spelled',
      ['set', 'resources', 'deployment/quantities', '--requests=cpu=200m'],
      /cpu is "200m"/,
    ],
    [
      'a rule of a role',
      'roles and bindings',
      [
        'patch',
        'role',
        'reader',
        '--type=json',
        '--patch',
        '[{"op":"add","path":"/rules/0/verbs/-","value":"delete"}]',
      ],
      /rules/,
    ],
    [
      'a replaced schedule',
      'a CronJob',
      ['patch', 'cronjob', 'nightly', '--type=merge', '--patch', '{"spec":{"schedule":"0 4 * * *"}}'],
      /schedule is "0 4/,
    ],
    ['a deleted object', 'a PodDisruptionBudget', ['delete', 'pdb', 'budget'], /not in the cluster/],
    [
      'a removed label',
      'labels and annotations that look',
      ['label', 'configmap', 'quoted', 'version-'],
      /version/,
    ],
    [
      'a password',
      'a Secret with stringData',
      ['patch', 'secret', 'string-data', '--type=merge', '--patch', '{"stringData":{"password":"c4n4ry"}}'],
      /password/,
    ],
  ];
  for (const tool of TOOLS) {
    test(`what somebody changes by hand is found where ${tool} applied it`, async () => {
      for (const [what, name, command, expected] of changes) {
        const index = cases.findIndex((item) => item.name.startsWith(name));
        await kubectl('--namespace', namespaceOf(tool), ...command);
        const deadline = performance.now() + UNTIL_MS;
        for (;;) {
          const app = await read(nameOf(tool, index), '?refresh=normal');
          const [told = ''] = await wrong([app]);
          if (app.status?.sync?.status === 'OutOfSync' && expected.test(told)) {
            assert.doesNotMatch(told, /hunter2|aHVudGVyMg|c4n4ry|YzRuNHJ5/);
            break;
          }
          assert.ok(
            performance.now() < deadline,
            `${what} was not found: ${told || app.status?.sync?.status}`,
          );
          await sleep(100);
        }
      }
    });
  }
});

function namespaceOf(tool: Tool): string {
  return `by-${tool}`;
}

function inNamespace(yaml: string, tool: Tool): string {
  return yaml.replaceAll(/\bNS\b/g, namespaceOf(tool));
}

async function aCertificate(): Promise<string> {
  const { cert } = selfSigned({ hosts: ['check'], nowMs: Date.now(), random: systemRandom });
  return Buffer.from(cert).toString('base64');
}
