// Stories of one application's life, each with a beginning that nothing disturbs, an act during which the control
// plane may die, and an end at which it has arrived.
import type { KubeObject } from '../../src/k8s/index.ts';
import type { Application } from '../../src/model/index.ts';
import { type CrashStory, type CrashWorld, types } from './crash-world.ts';

const map = (name: string, value: string, extra = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${extra === '' ? '' : `, annotations: {${extra}}`}}\ndata: {v: "${value}"}\n`;
const wave = (number: number): string => `argocd.argoproj.io/sync-wave: "${number}"`;
const hook = (name: string, type: string, policy: string): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: {argocd.argoproj.io/hook: ${type}, argocd.argoproj.io/hook-delete-policy: ${policy}}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: "shop/tool:1"}]}}
`;
const deployment = (image: string, extra = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web${extra === '' ? '' : `, annotations: {${extra}}`}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}"}]}
`;

const FIRST = { 'a.yaml': map('a', '1'), 'b.yaml': map('b', '1'), 'web.yaml': deployment('shop/web:1') };
const WAVES = {
  'before.yaml': hook('before', 'PreSync', 'BeforeHookCreation'),
  'a.yaml': map('a', '1'),
  'b.yaml': map('b', '1', wave(1)),
  'web.yaml': deployment('shop/web:1', wave(2)),
  'after.yaml': hook('after', 'PostSync', 'HookSucceeded'),
};

export const crashStories: readonly CrashStory[] = [
  {
    name: 'first start and installation',
    fromStart: true,
    async act(world) {
      world.push(FIRST);
      await world.startPlane();
      world.createApplication();
    },
    isOver: isSettled,
  },
  {
    name: 'update and prune',
    async prepare(world) {
      world.push(FIRST);
      world.createApplication();
      await world.until('installed', () => isSettled(world));
    },
    async act(world) {
      const files = {
        'a.yaml': map('a', '2'),
        'b.yaml': undefined,
        'c.yaml': map('c', '1'),
        'web.yaml': deployment('shop/web:2'),
      };
      world.push(files);
      await world.announce();
    },
    isOver: isSettled,
  },
  {
    name: 'waves with hooks',
    async act(world) {
      world.push(WAVES);
      world.createApplication();
    },
    isOver: isSettled,
  },
  {
    name: 'an update with hooks that ran before',
    async prepare(world) {
      world.push(WAVES);
      world.createApplication();
      await world.until('installed', () => isSettled(world));
    },
    async act(world) {
      world.push({ 'a.yaml': map('a', '2'), 'b.yaml': undefined, 'c.yaml': map('c', '1', wave(3)) });
      await world.announce();
    },
    isOver: isSettled,
  },
  {
    name: 'repair of drift',
    async prepare(world) {
      world.push(FIRST);
      world.createApplication();
      await world.until('installed', () => isSettled(world));
    },
    async act({ cluster, namespace }) {
      cluster.update(types.configMaps, namespace, 'a', (object) => {
        object['data'] = { v: 'drift' };
      });
      cluster.delete(types.configMaps, namespace, 'b');
    },
    isOver: (world) => isSettled(world) && value(world, 'a') === '1' && value(world, 'b') === '1',
  },
  {
    name: 'deletion with everything in it',
    async prepare(world) {
      world.push({ ...FIRST, 'b.yaml': map('b', '1', wave(1)) });
      world.createApplication({ finalizers: ['resources-finalizer.argocd.argoproj.io'] });
      await world.until('installed', () => isSettled(world));
    },
    async act({ cluster }) {
      cluster.delete(types.applications, 'argocd', 'app');
    },
    isOver: ({ cluster, namespace }) =>
      cluster.get(types.applications, 'argocd', 'app') === undefined &&
      cluster.list(types.pods, namespace).length === 0,
  },
  {
    name: 'deletion with hooks before and after',
    async prepare(world) {
      world.push({
        'before.yaml': hook('before', 'PreDelete', 'HookSucceeded'),
        'a.yaml': map('a', '1'),
        'after.yaml': hook('after', 'PostDelete', 'HookSucceeded'),
      });
      world.createApplication({ finalizers: ['resources-finalizer.argocd.argoproj.io'] });
      await world.until('installed', () => isSettled(world));
    },
    async act({ cluster }) {
      cluster.delete(types.applications, 'argocd', 'app');
    },
    isOver: ({ cluster, namespace }) =>
      cluster.get(types.applications, 'argocd', 'app') === undefined &&
      cluster.list(types.pods, namespace).length === 0,
  },
];

/** Synced and Healthy at the newest commit, the operation over, no pod on its way. */
function isSettled({ cluster, namespace, commit }: CrashWorld): boolean {
  const app = cluster.get(types.applications, 'argocd', 'app') as Application | undefined;
  const { sync, health, operationState } = app?.status ?? {};
  const pods = cluster.list(types.pods, namespace);
  return (
    sync?.status === 'Synced' &&
    sync.revision === commit() &&
    health?.status === 'Healthy' &&
    operationState?.phase === 'Succeeded' &&
    app?.operation === undefined &&
    pods.every(({ metadata }) => metadata.deletionTimestamp === undefined)
  );
}

function value({ cluster, namespace }: CrashWorld, name: string): string | undefined {
  const found = cluster.get(types.configMaps, namespace, name) as
    | (KubeObject & { data?: { v: string } })
    | undefined;
  return found?.data?.v;
}
