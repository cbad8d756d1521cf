// Section 1.8 of the security requirements for what is shown of objects: values of Secrets and of annotations that an
// administrator calls sensitive, in each state of an object and in each answer, and whose objects are shown at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeObject, wellKnown } from '../../../src/k8s/index.ts';
import { startHost } from '../../scenarios/host.ts';
import { untilOutOfSync, untilSynced } from '../../scenarios/world.ts';
import { canary, leaksIn } from '../../support/leaks.ts';

const SENSITIVE = 'example.com/credential';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('S-H2, S-H3: no state of an object shows a secret value or a sensitive annotation, and nobody is shown what is not theirs', {
  timeout: 300_000,
}, async () => {
  const canaries = {
    data: canary('data'),
    stringData: canary('string-data'),
    changed: canary('changed'),
    applied: canary('applied'),
    annotation: canary('annotation'),
    changedAnnotation: canary('changed-annotation'),
    appliedAnnotation: canary('applied-annotation'),
    foreign: canary('foreign'),
    foreignSecret: canary('foreign-secret'),
  };
  const host = await startHost('embedded');
  try {
    await host.run(
      {
        name: 'masking',
        async run(world) {
          const settings = { 'resource.sensitive.mask.annotations': SENSITIVE };
          await world.create(
            'v1',
            'configmaps',
            { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' }, data: settings },
            'argocd',
          );
          const marked = (kind: string): string =>
            `  annotations: {${SENSITIVE}: '${canaries.annotation}'}\n${kind}`;
          await world.commit({
            'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata:\n  name: creds\n${marked('')}data: {one: ${base64(canaries.data)}, same: ${base64(canaries.data)}}\nstringData: {two: '${canaries.stringData}'}\n`,
            'map.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n${marked('')}data: {a: b}\n`,
          });
          await world.apply({ syncPolicy: { automated: {} } });
          await untilSynced(world);
          await world.apply({ syncPolicy: {} });
          const applied = (kind: string): string =>
            JSON.stringify({
              apiVersion: 'v1',
              kind,
              metadata: { name: 'x', annotations: { [SENSITIVE]: canaries.appliedAnnotation } },
              ...(kind === 'Secret'
                ? { data: { one: base64(canaries.applied) }, stringData: { two: canaries.applied } }
                : {}),
            });
          const metadata = (kind: string) => ({
            annotations: { [SENSITIVE]: canaries.changedAnnotation, [LAST_APPLIED]: applied(kind) },
          });
          const change = { data: { one: base64(canaries.changed) }, metadata: metadata('Secret') };
          await world.patch('v1', 'secrets', 'creds', change);
          await world.patch('v1', 'configmaps', 'settings', {
            data: { a: 'c' },
            metadata: metadata('ConfigMap'),
          });
          await untilOutOfSync(world);
          // What is not of this application, in a namespace and of kinds that its project allows.
          const other: KubeObject[] = [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'foreign' },
              data: { v: canaries.foreign },
            },
            {
              apiVersion: 'v1',
              kind: 'Secret',
              metadata: { name: 'foreign' },
              data: { v: base64(canaries.foreignSecret) },
            },
          ];
          await world.create('v1', 'configmaps', other[0] as KubeObject);
          await world.create('v1', 'secrets', other[1] as KubeObject);

          const elsewhere = async (method: string, path: string, body?: unknown) => {
            const response = await fetch(`${host.plane().url}${path}`, {
              method,
              headers: { 'content-type': 'application/json' },
              ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            return { status: response.status, body: (await response.json()) as Record<string, unknown> };
          };
          const places: Record<string, string> = {};
          const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
            const answer = path.startsWith('/api/')
              ? await elsewhere(method, path, body)
              : await world.call(method, path, body);
            const text = JSON.stringify(answer.body ?? '');
            places[`${method} ${path.slice(0, 120)}`] = text;
            assert.equal(answer.status, 200, `${path}: ${text.slice(0, 500)}`);
            // An event is no object of the application.
            if (!path.endsWith('/events'))
              assert.ok(!text.includes('managedFields'), `managed fields in ${path}`);
            return answer.body;
          };
          const one = (kind: string, name: string): string =>
            `${world.name}/resource?name=${name}&kind=${kind}&version=v1&group=&resourceName=${name}&namespace=${world.namespace}`;
          const managed = (await ask('GET', `${world.name}/managed-resources`)) as {
            items: { kind: string; targetState: string; liveState: string; predictedLiveState: string }[];
          };
          for (const path of ['', '/manifests', '/resource-tree', '/events', '/server-side-diff'])
            await ask('GET', `${world.name}${path}`);
          await ask('GET', one('Secret', 'creds'));
          await ask('GET', one('ConfigMap', 'settings'));
          await ask('GET', `/api/v1/fairlead/applications/${world.name}/explain`);
          await ask('GET', '/api/v1/fairlead/audit?limit=1000');
          const asked = other.map((object) => ({ ...object, data: { v: base64('x') } }));
          const query = asked
            .map((item) => `targetManifests=${encodeURIComponent(JSON.stringify(item))}`)
            .join('&');
          const diff = (await ask('GET', `${world.name}/server-side-diff?${query}`)) as {
            items: { liveState: string }[];
          };
          assert.deepEqual(
            diff.items.map(({ liveState }) => liveState),
            ['null', 'null'],
          );
          await ask('POST', `/api/v1/fairlead/applications/${world.name}/compare`, {
            manifests: asked.map((item) => JSON.stringify(item)),
          });
          const stolen = { ...asked[0], metadata: { name: 'argocd-cm', namespace: 'argocd' } };
          await ask('POST', `/api/v1/fairlead/applications/${world.name}/compare`, {
            manifests: [JSON.stringify(stolen)],
          });

          const secret = managed.items.find(({ kind }) => kind === 'Secret');
          const states = [secret?.targetState, secret?.liveState, secret?.predictedLiveState].map(
            (text) => JSON.parse(text ?? '{}') as { data: Record<string, string> },
          );
          const [target, live, next] = states.map(({ data }) => data);
          assert.notEqual(target?.['one'], live?.['one'], 'a change is visible');
          assert.equal(target?.['one'], next?.['one'], 'an equal value has an equal mask in one diff');
          assert.equal(target?.['two'], live?.['two']);
          assert.match(`${target?.['one']}${target?.['same']}${live?.['one']}`, /^\++$/);

          const events = await world.list('v1', 'events', world.namespace);
          const own = await host.plane().home.listAll(wellKnown.events, { namespace: 'argocd' });
          const app = await world.application();
          places['the events'] = JSON.stringify([events, own.kind === 'complete' ? own.items : '']);
          places['the application'] = JSON.stringify(app);
          assert.deepEqual(leaksIn(places, canaries), []);
        },
      },
      1,
    );
  } finally {
    await host.close();
  }
});
