// The three definitions on a real API server: accepted, established, keeping every field, refusing wrong types.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/k8s/index.ts';
import { applicationCrds } from '../../src/model/index.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { type RawClient, rawClient } from '../support/raw-http.ts';

interface CrdCondition {
  type: string;
  status: string;
  message: string;
}

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BASE = '/apis/argoproj.io/v1alpha1/namespaces/default';
const PLURALS: Record<string, string> = {
  Application: 'applications',
  AppProject: 'appprojects',
  ApplicationSet: 'applicationsets',
};

suite('custom resource definitions on a real API server', () => {
  let server: ControlPlane;
  let client: RawClient;
  before(async () => {
    server = await startControlPlane();
    client = rawClient(server);
    for (const crd of applicationCrds()) await establish(client, crd);
  });
  after(async () => {
    client?.close();
    await server?.close();
  });

  for (const file of ['applications', 'projects', 'application-sets']) {
    for (const object of documents(file)) {
      test(`${object.kind} ${object.metadata.name} is kept whole, with strict validation`, async () => {
        const collection = `${BASE}/${PLURALS[object.kind]}`;
        const sent = { method: 'POST', path: `${collection}?fieldValidation=Strict`, body: object };
        const created = await client.send(sent);
        assert.equal(created.status, 201, JSON.stringify(created.body));
        let live = created.body as KubeObject;
        if (object.kind === 'ApplicationSet' && object['status'] !== undefined) {
          const path = `${collection}/${object.metadata.name}/status?fieldValidation=Strict`;
          assert.equal(live['status'], undefined);
          const updated = await client.send({
            method: 'PUT',
            path,
            body: { ...live, status: object['status'] },
          });
          assert.equal(updated.status, 200, JSON.stringify(updated.body));
          live = updated.body as KubeObject;
        }
        for (const member of ['spec', 'status', 'operation']) {
          assert.deepEqual(live[member], object[member], member);
        }
      });
    }
  }

  test('names, short names, columns and sub-resources are those clients of Argo CD know', async () => {
    const { body } = await client.send({ method: 'GET', path: '/apis/argoproj.io/v1alpha1' });
    const { resources } = body as { resources: { name: string; shortNames?: string[] }[] };
    assert.deepEqual(resources.map(({ name, shortNames }) => [name, shortNames]).toSorted(), [
      ['applications', ['app', 'apps']],
      ['applicationsets', ['appset', 'appsets']],
      ['applicationsets/status', undefined],
      ['appprojects', ['appproj', 'appprojs']],
    ]);
    const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
    const table = await client.send({ method: 'GET', path: `${BASE}/applications`, headers });
    assert.deepEqual(
      (table.body as { columnDefinitions: { name: string }[] }).columnDefinitions.map(({ name }) => name),
      ['Name', 'Sync Status', 'Health Status', 'Revision', 'Project'],
    );
  });

  test('a patch of status goes to the Application itself and counts as a new generation', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const path = `${BASE}/applications/in-operation`;
    const before = (await client.send({ method: 'GET', path })).body as KubeObject;
    const body = { operation: null, status: { sync: { status: 'Synced' } } };
    const patched = (await client.send({ method: 'PATCH', path, body, headers })).body as KubeObject;
    assert.equal(patched['operation'], undefined);
    assert.equal(patched.metadata.generation, (before.metadata.generation ?? 0) + 1);
  });

  const wrong: Record<
    string,
    { kind: string; change: (spec: Record<string, unknown>) => void; want: RegExp }
  > = {
    'an Application without project': {
      kind: 'Application',
      change: (spec) => delete spec['project'],
      want: /spec\.project: Required value/,
    },
    'a number as revision': {
      kind: 'Application',
      change: (spec) => Object.assign(spec, { source: { repoURL: 'u', targetRevision: 1.5 } }),
      want: /spec\.source\.targetRevision: Invalid value/,
    },
    'a text as switch': {
      kind: 'Application',
      change: (spec) => Object.assign(spec, { syncPolicy: { automated: { prune: 'yes' } } }),
      want: /spec\.syncPolicy\.automated\.prune: Invalid value/,
    },
    'a flag as count': {
      kind: 'Application',
      change: (spec) =>
        Object.assign(spec, {
          source: { repoURL: 'u', kustomize: { replicas: [{ name: 'a', count: true }] } },
        }),
      want: /spec\.source\.kustomize\.replicas\[0\]\.count: Invalid value/,
    },
    'an unknown field': {
      kind: 'Application',
      change: (spec) => Object.assign(spec, { syncpolicy: {} }),
      want: /unknown field \\?"spec\.syncpolicy\\?"/,
    },
    'a project with a text for its repositories': {
      kind: 'AppProject',
      change: (spec) => Object.assign(spec, { sourceRepos: '*' }),
      want: /spec\.sourceRepos: Invalid value/,
    },
    'a set with an unknown sync mode': {
      kind: 'ApplicationSet',
      change: (spec) => Object.assign(spec, { syncPolicy: { applicationsSync: 'never' } }),
      want: /spec\.syncPolicy\.applicationsSync: Unsupported value/,
    },
    'a set whose git generator has no repository': {
      kind: 'ApplicationSet',
      change: (spec) => Object.assign(spec, { generators: [{ git: { revision: 'HEAD' } }] }),
      want: /spec\.generators\[0\]\.git\.repoURL: Required value/,
    },
  };
  for (const [name, { kind, change, want }] of Object.entries(wrong)) {
    test(`${name} is refused`, async () => {
      const [first] = ['applications', 'projects', 'application-sets']
        .flatMap(documents)
        .filter((d) => d.kind === kind);
      const spec = structuredClone(first?.['spec']) as Record<string, unknown>;
      change(spec);
      const body = { apiVersion: 'argoproj.io/v1alpha1', kind, metadata: { name: 'wrong' }, spec };
      const path = `${BASE}/${PLURALS[kind]}?fieldValidation=Strict`;
      const answer = await client.send({ method: 'POST', path, body });
      assert.ok(answer.status === 422 || answer.status === 400, JSON.stringify(answer.body));
      assert.match((answer.body as { message: string }).message, want);
    });
  }
});

async function establish(client: RawClient, crd: KubeObject): Promise<void> {
  const created = await client.send({ method: 'POST', path: `${CRDS}?fieldValidation=Strict`, body: crd });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const path = `${CRDS}?watch=true&timeoutSeconds=20&fieldSelector=metadata.name%3D${crd.metadata.name}`;
  for await (const { object } of client.watch(path)) {
    // A new definition has `conditions: null`.
    const status = object['status'] as { conditions?: CrdCondition[] | null };
    const conditions = status.conditions ?? [];
    const is = (type: string, status: string) =>
      conditions.some((c) => c.type === type && c.status === status);
    const structural = conditions.find(({ type }) => type === 'NonStructuralSchema');
    assert.equal(structural?.message, undefined);
    if (is('NamesAccepted', 'True') && is('Established', 'True')) return;
  }
  assert.fail(`${crd.metadata.name} was not established`);
}

function documents(file: string): KubeObject[] {
  const text = readFileSync(new URL(`crds/${file}.yaml`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}
