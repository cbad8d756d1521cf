// What a scenario may do: commit, create an application, look at the cluster, wait until something holds. The same
// scenarios run on the embedded API and on a real control plane; nothing here knows which.
import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/k8s/index.ts';
import type { Application, ApplicationSpec } from '../../src/model/index.ts';
import type { CliResult } from '../support/cli.ts';
import type { Signer } from '../support/signing.ts';

/** Manifests or other files by path below the scenario's directory; null removes one. */
export type Files = Readonly<Record<string, string | null>>;

export interface World {
  /** Namespace of this scenario's objects; exists already unless the scenario says otherwise. */
  readonly namespace: string;
  /** Directory of this scenario in the shared repository. */
  readonly path: string;
  readonly repoUrl: string;
  /** Name of the application unless another one is given. */
  readonly name: string;
  /** Writes, commits, pushes and announces by webhook. Returns the commit. */
  commit(files: Files, message?: string): Promise<string>;
  /** The same with a commit that carries a signature made in this process. */
  commitSigned(files: Files, signer: Signer): Promise<string>;
  /** Replaces the last commit by another one and pushes with force, as people do who rewrite history. */
  rewrite(files: Files): Promise<string>;
  /** What the journal says about an action, newest first. */
  journal(action: string): Promise<readonly { readonly reason?: string }[]>;
  /** Runs the command line against the control plane. */
  cli(...argv: readonly string[]): Promise<CliResult>;
  /**
   * Creates (or replaces the spec of) the application, or another one of this scenario by `metadata.name`; fields of
   * `spec` win over the defaults.
   */
  apply(spec?: Partial<ApplicationSpec>, metadata?: Partial<KubeObject['metadata']>): Promise<void>;
  /** GET of Fairlead's own API; the parsed answer. */
  api(path: string): Promise<unknown>;
  application(name?: string): Promise<Application | undefined>;
  /** GET by `group/version`, plural and name in the scenario's namespace; undefined when absent. */
  get(
    apiVersion: string,
    plural: string,
    name: string,
    namespace?: string | null,
  ): Promise<KubeObject | undefined>;
  /** POST, PATCH (merge), DELETE as an administrator with the field manager `kubectl-edit`. */
  create(
    apiVersion: string,
    plural: string,
    object: KubeObject,
    namespace?: string | null,
  ): Promise<KubeObject>;
  patch(
    apiVersion: string,
    plural: string,
    name: string,
    patch: unknown,
    namespace?: string | null,
  ): Promise<KubeObject>;
  /** Merges into the status sub-resource, as the controller of the kind does. */
  patchStatus(apiVersion: string, plural: string, name: string, status: object): Promise<void>;
  delete(apiVersion: string, plural: string, name: string, namespace?: string | null): Promise<void>;
  list(apiVersion: string, plural: string, namespace?: string | null): Promise<readonly KubeObject[]>;
  patchApplication(patch: unknown, name?: string): Promise<void>;
  deleteApplication(name?: string): Promise<void>;
  /** A REST call below `/api/v1/applications/`. */
  call(
    method: string,
    rest: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** The same with a body that is sent as it is. */
  callText(method: string, rest: string, body?: string): ReturnType<World['call']>;
  /** Sets a member of `argocd-cm`; null removes it. It counts for all: only in scenarios that run alone. */
  configure(key: string, value: string | null): Promise<void>;
  /** Kills the control plane without a word and starts it again on the same state. */
  crash(): Promise<void>;
  /** Asks again until `check` gives something; fails with `what` and the last failure after the deadline. */
  until<T>(what: string, check: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
}

export interface Scenario {
  readonly name: string;
  /** False: the scenario creates the namespace itself. */
  readonly namespace?: false;
  /** True: it does something to the whole control plane, so nothing runs beside it. */
  readonly alone?: true;
  run(world: World): Promise<void>;
}

/** Waits until the application is Synced (at `revision` when given) and its last operation succeeded. */
export async function untilSynced(world: World, revision?: string): Promise<Application> {
  return await world.until(
    `${world.name} is Synced${revision === undefined ? '' : ` at ${revision.slice(0, 7)}`}`,
    async () => {
      const app = await world.application();
      const { sync, operationState } = app?.status ?? {};
      const isAt = revision === undefined || sync?.revision === revision;
      return sync?.status === 'Synced' && isAt && operationState?.phase === 'Succeeded' ? app : undefined;
    },
  );
}

export async function untilOutOfSync(world: World): Promise<Application> {
  return await world.until(`${world.name} is OutOfSync`, async () => {
    const app = await world.application();
    return app?.status?.sync?.status === 'OutOfSync' ? app : undefined;
  });
}

/** Waits for a condition of `type` whose message matches, and returns the message. */
export async function untilCondition(world: World, type: string, message: RegExp): Promise<string> {
  return await world.until(`${world.name} has ${type} ${message}`, async () => {
    const app = await world.application();
    return app?.status?.conditions?.find(
      (condition) => condition.type === type && message.test(condition.message),
    )?.message;
  });
}

/** Waits for a finished operation of `phase` and returns its message. */
export async function untilOperation(world: World, phase: string, message = /.*/s): Promise<Application> {
  return await world.until(`the operation of ${world.name} is ${phase} with ${message}`, async () => {
    const app = await world.application();
    const state = app?.status?.operationState;
    return state?.phase === phase && message.test(state.message ?? '') ? app : undefined;
  });
}

export function configMap(
  name: string,
  data: Record<string, string>,
  extra: Record<string, string> = {},
): string {
  const annotations = Object.entries(extra).map(([key, value]) => `\n    ${key}: ${JSON.stringify(value)}`);
  const values = Object.entries(data).map(([key, value]) => `\n  ${key}: ${JSON.stringify(value)}`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}${annotations.length > 0 ? `\n  annotations:${annotations.join('')}` : ''}\ndata:${values.join('')}\n`;
}

export async function dataOf(
  world: World,
  name: string,
  namespace?: string,
): Promise<Record<string, string> | undefined> {
  const object = await world.get('v1', 'configmaps', name, namespace);
  return object === undefined ? undefined : ((object['data'] ?? {}) as Record<string, string>);
}

/** Waits until the ConfigMap holds exactly `want` under `key`. */
export async function untilData(world: World, name: string, key: string, want: string): Promise<void> {
  await world.until(
    `ConfigMap ${name} has ${key}=${want}`,
    async () => (await dataOf(world, name))?.[key] === want,
  );
}

/** Sets members of argocd-cm; null removes one. */
export async function configure(world: World, data: Record<string, string | null>): Promise<void> {
  if ((await world.get('v1', 'configmaps', 'argocd-cm', 'argocd')) === undefined) {
    const metadata = { name: 'argocd-cm' };
    await world.create('v1', 'configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata }, 'argocd');
  }
  await world.patch('v1', 'configmaps', 'argocd-cm', { data }, 'argocd');
}

/** Other scenarios share the config map: what one sets it takes away again. */
export function configured(data: Record<string, string>, run: Scenario['run']): Scenario['run'] {
  return async (world) => {
    await configure(world, data);
    try {
      await run(world);
    } finally {
      await configure(world, Object.fromEntries(Object.keys(data).map((key) => [key, null])));
    }
  };
}

export const AUTOMATED = { automated: { prune: true, selfHeal: true } };

export { assert };
