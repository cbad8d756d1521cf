// Every family in its states: tables of objects as their controllers write them, in test/health/*.yaml. A line is
// [health, when it is so, a part of the message, the object]; a heading is `group/version Kind [Kind…]`.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { KubeObject } from '../k8s/index.ts';
import { assessHealth } from './index.ts';
import { checkFor, FAMILIES } from './registry.ts';

type Line = [health: string, when: string, message: string, object: object];
interface Table {
  family: string;
  /** States no controller of the family ever reports. */
  without?: string[];
  cases: Record<string, Line[]>;
}

const FOLDER = new URL('../../test/health/', import.meta.url);
const TABLES: Table[] = readdirSync(FOLDER).flatMap((file) =>
  (parse(readFileSync(new URL(file, FOLDER), 'utf8'), { maxAliasCount: 1000 }) as Table[]).map(
    (table) => table,
  ),
);

function objectsOf(heading: string, object: object): KubeObject[] {
  const [apiVersion = '', ...kinds] = heading.split(' ');
  return kinds.map((kind) => ({ metadata: { name: 'it' }, ...object, apiVersion, kind }) as KubeObject);
}

for (const { family, cases } of TABLES) {
  for (const [heading, lines] of Object.entries(cases)) {
    for (const [status, when, message, object] of lines) {
      test(`${family}: ${heading} is ${status} ${when}`, () => {
        for (const one of objectsOf(heading, object)) {
          const health = assessHealth(one);
          assert.equal(health?.status ?? 'none', status, `${one.kind}: ${health?.message}`);
          assert.ok((health?.message ?? '').includes(message), `${one.kind}: ${health?.message}`);
          if (status !== 'Healthy' && status !== 'none') assert.ok((health?.message ?? '').length > 5);
        }
      });
    }
  }
}

for (const { name, checks } of FAMILIES) {
  test(`${name} has a table with all of its kinds and states`, () => {
    const tables = TABLES.filter(({ family }) => family === name);
    assert.equal(tables.length, 1);
    const [table] = tables;
    const shown = new Set<unknown>();
    const states = new Set<string>();
    for (const [heading, lines] of Object.entries(table?.cases ?? {})) {
      for (const { apiVersion, kind } of objectsOf(heading, {})) {
        const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
        shown.add(`${group} ${kind}`).add(checkFor({ apiVersion, kind }));
      }
      for (const [status] of lines) states.add(status);
    }
    for (const { group, kinds, check } of checks) {
      for (const kind of kinds) {
        const isShown = kind === '*' ? shown.has(check) : shown.has(`${group} ${kind}`);
        assert.ok(isShown, `${group} ${kind} is in no case`);
      }
    }
    const wanted = ['Healthy', 'Progressing', 'Degraded', 'Suspended'];
    for (const state of wanted.filter((state) => table?.without?.includes(state) !== true))
      assert.ok(states.has(state), `no case is ${state}`);
  });
}

const EXPECTED =
  'Kubernetes, cert-manager, External Secrets, Flux, Argo, Kargo, Crossplane and Upbound, ACK, Config Connector, ' +
  'Cluster API, Gateway API, KEDA, Knative, KServe, KubeVirt, Strimzi, Confluent, RabbitMQ, CloudNativePG, MariaDB, ' +
  'Percona, Elastic, Karpenter, Istio, Contour, Gloo, Grafana, Keptn, Numaflow, Rook, OpenShift, OCM, Velero, MongoDB, ' +
  'Redis, Sealed Secrets, tofu-controller';

test('the families people run are all there', () => {
  const names = new Set(FAMILIES.map(({ name }) => name));
  assert.deepEqual(
    EXPECTED.split(', ').filter((name) => !names.has(name)),
    [],
  );
});

test('at least 150 kinds have a check of their own', () => {
  const all = FAMILIES.flatMap(({ checks }) =>
    checks.flatMap(({ group, kinds }) => kinds.map((kind) => `${group}/${kind}`)),
  );
  assert.equal(new Set(all).size, all.length, 'a kind is listed twice');
  assert.ok(all.filter((text) => !text.endsWith('*')).length >= 150, `${all.length}`);
});
