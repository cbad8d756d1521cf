// Manifests and helpers that several topics share: jobs that a scenario drives to their end, applications, waits.
import type { KubeObject } from '../../src/k8s/index.ts';
import { assert, type World } from './world.ts';

type Marks = Readonly<Record<string, string>>;

export const HOOK = 'argocd.argoproj.io/hook';
export const POLICY = 'argocd.argoproj.io/hook-delete-policy';
export const WAVE = 'argocd.argoproj.io/sync-wave';
export const OPTIONS = 'argocd.argoproj.io/sync-options';
export const CASCADE = ['resources-finalizer.argocd.argoproj.io'];

function metadata(name: string, marks: Marks, generated = false): string {
  return JSON.stringify({
    [generated ? 'generateName' : 'name']: name,
    ...(Object.keys(marks).length === 0 ? {} : { annotations: marks }),
  });
}

/** A Job whose pod never runs by itself: `finishJob` ends it, on a cluster with or without nodes. */
export function job(
  name: string,
  marks: Marks = {},
  options: { generated?: boolean; spec?: object } = {},
): string {
  const container = { name: 'c', image: 'shop/tool:pending' };
  const spec = {
    backoffLimit: 0,
    template: { spec: { restartPolicy: 'Never', containers: [container] } },
    ...options.spec,
  };
  return `apiVersion: batch/v1\nkind: Job\nmetadata: ${metadata(name, marks, options.generated)}\nspec: ${JSON.stringify(spec)}\n`;
}

/**
 * An object whose health nobody but `open` decides, on any cluster: an Application where no control plane looks for
 * one. Progressing until then.
 */
export function gate(name: string, marks: Marks = {}): string {
  const spec = {
    project: 'default',
    destination: { namespace: 'x' },
    source: { repoURL: 'https://example.test/x' },
  };
  return `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: ${metadata(name, marks)}\nspec: ${JSON.stringify(spec)}\n`;
}

export async function open(
  world: World,
  name: string,
  status: 'Healthy' | 'Degraded' = 'Healthy',
): Promise<void> {
  await world.until(`gate ${name} exists`, () => world.get(...GATES, name));
  await world.patch(...GATES, name, { status: { health: { status } } });
}

export const GATES = ['argoproj.io/v1alpha1', 'applications'] as const;

export function claim(name: string, marks: Marks = {}): string {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'nobody',
    resources: { requests: { storage: '1Gi' } },
  };
  return `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: ${metadata(name, marks)}\nspec: ${JSON.stringify(spec)}\n`;
}

/** Ends a Job as a node would: by what becomes of its pod. */
export async function finishJob(world: World, name: string, phase: 'Succeeded' | 'Failed'): Promise<void> {
  const exitCode = phase === 'Succeeded' ? 0 : 1;
  const at = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const terminated = {
    exitCode,
    startedAt: at,
    finishedAt: at,
    reason: exitCode === 0 ? 'Completed' : 'Error',
  };
  const container = { name: 'c', image: 'shop/tool:pending', imageID: '', ready: false, restartCount: 0 };
  const status = { phase, containerStatuses: [{ ...container, state: { terminated } }] };
  let uid: string | undefined;
  await world.until(`job ${name} has ended`, async () => {
    const now = await jobOf(world, name);
    if (uid !== undefined && now?.metadata.uid !== uid) return true;
    if (now === undefined) return false;
    const { conditions = [] } = (now['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
    if (conditions.some(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True'))
      return true;
    const pods = await world.list('v1', 'pods');
    const pod = pods.find(({ metadata: { labels } }) => labels?.['job-name'] === name);
    if (pod === undefined) return false;
    uid = now.metadata.uid;
    await world.patchStatus('v1', 'pods', pod.metadata.name ?? '', status);
    return false;
  });
}

export function jobOf(world: World, name: string): Promise<KubeObject | undefined> {
  return world.get('batch/v1', 'jobs', name);
}

export async function untilJob(world: World, name: string): Promise<KubeObject> {
  return await world.until(`job ${name} exists`, () => jobOf(world, name));
}

export async function untilGone(
  world: World,
  apiVersion: string,
  plural: string,
  name: string,
): Promise<void> {
  await world.until(
    `${plural}/${name} is gone`,
    async () => (await world.get(apiVersion, plural, name)) === undefined,
  );
}

export async function untilApplicationGone(world: World, name?: string): Promise<void> {
  await world.until(
    `application ${name ?? world.name} is gone`,
    async () => (await world.application(name)) === undefined,
  );
}

/** Starts an operation by hand and does not wait for its end. */
export async function sync(world: World, operation: object = {}, name?: string): Promise<void> {
  await world.until('no operation runs', async () => {
    const app = await world.application(name);
    return app?.operation === undefined && app?.status?.operationState?.phase !== 'Running';
  });
  await world.patchApplication({ operation: { initiatedBy: { username: 'tester' }, ...operation } }, name);
}

/** Waits for the end of the operation that was started by hand, and returns its state. */
export async function ended(world: World, phase = 'Succeeded') {
  return await world.until(`the operation of ${world.name} is ${phase}`, async () => {
    const app = await world.application();
    const state = app?.status?.operationState;
    const isOver = app?.operation === undefined && state?.finishedAt !== undefined;
    return isOver && state?.phase === phase ? state : undefined;
  });
}

export async function untilMessage(world: World, message: RegExp): Promise<string> {
  return await world.until(`the operation of ${world.name} says ${message}`, async () => {
    const said = (await world.application())?.status?.operationState?.message ?? '';
    return message.test(said) ? said : undefined;
  });
}

/** As a person who saw what waits: not before the operation began. */
export async function approve(world: World): Promise<void> {
  const started = Date.parse((await world.application())?.status?.operationState?.startedAt ?? '');
  const now = new Date(Math.max(Date.now(), Number.isNaN(started) ? 0 : started)).toISOString();
  await world.patchApplication({
    metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': now } },
  });
}

/** Result of one object in the last operation. */
export async function resultOf(world: World, name: string) {
  const app = await world.application();
  const results = app?.status?.operationState?.syncResult?.resources ?? [];
  const found = results.find((result) => result.name === name);
  assert.ok(found, `no result of ${name} in ${JSON.stringify(results)}`);
  return found;
}

export async function exists(world: World, name: string): Promise<boolean> {
  return (await world.get('v1', 'configmaps', name)) !== undefined;
}

export async function annotate(
  world: World,
  marks: Readonly<Record<string, string | null>>,
  name?: string,
): Promise<void> {
  await world.patchApplication({ metadata: { annotations: marks } }, name);
}
