// Actions on the objects of an application: finds the object, works out what an action would write, holds that against
// the project's rules, and writes it. Who may ask for it, and the record of it, are the server's business.
import {
  ActionError,
  type ActionInfo,
  type ActionWrite,
  performWrites,
  writesOf,
} from '../../actions/index.ts';
import { maskSecrets } from '../../diff/index.ts';
import {
  describeKey,
  gvkOf,
  isKubeError,
  type KubeClient,
  type KubeObject,
  keyOf,
  type ResourceKey,
} from '../../k8s/index.ts';
import {
  type Application,
  instanceName,
  isDestinationPermitted,
  isKindPermitted,
  type ProjectRules,
} from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { asAccount } from './identity.ts';

/** Somebody else may write between the look at the object and the patch: it is looked at again. */
const TRIES = 5;
const FIELD_MANAGER = 'fairlead-server';

/** `version` as the caller knows the kind; any served one when absent. */
export type ActionSubject = ResourceKey & { readonly version?: string };

export interface ActionRequest {
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
}

/** An action that was worked out; nothing is written before `perform`. */
export interface PreparedAction {
  readonly object: ResourceKey & { readonly cluster: string };
  /** What will be written, for the record: `patch apps/Deployment web/front: spec`. */
  readonly writes: readonly string[];
  perform(): Promise<void>;
}

interface Found {
  readonly cluster: LiveCluster;
  readonly object: KubeObject;
}

/** Undefined: the application has no such object. Rejects with ActionError, EvaluateError or KubeError. */
export async function listActions(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  signal: AbortSignal,
): Promise<readonly ActionInfo[] | undefined> {
  const found = await findObject(deps, app, subject, signal);
  return found === undefined ? undefined : await deps.actions.list(found.object);
}

/** Undefined: the application has no such object. Rejects with ActionError, EvaluateError or KubeError. */
export async function prepareAction(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  request: ActionRequest,
  signal: AbortSignal,
): Promise<PreparedAction | undefined> {
  const workOut = async (): Promise<(Found & { writes: ActionWrite[] }) | undefined> => {
    const found = await findObject(deps, app, subject, signal);
    if (found === undefined) return undefined;
    const wanted = await deps.actions.run(found.object, request.action, request.params);
    const writes = writesOf(found.object, wanted);
    for (const { object } of writes) checkPermission(deps, app, found.cluster, object);
    return { ...found, writes };
  };
  const first = await workOut();
  if (first === undefined) return undefined;
  return {
    object: { ...keyOf(first.object), cluster: first.cluster.server },
    writes: first.writes.map(describeWrite),
    async perform() {
      let next: typeof first | undefined = first;
      for (let tries = 1; next !== undefined; tries++) {
        try {
          const { cluster, writes } = next;
          return await asAccount(deps, app, cluster, (client) => write(cluster, client, writes, signal));
        } catch (error) {
          const isFresh = next.writes[0]?.kind === 'patch' && tries < TRIES;
          if (!isKubeError(error, 'CONFLICT') || !isFresh) throw error;
        }
        next = await workOut();
      }
      throw new ActionError('UNKNOWN_ACTION', `${describeKey(keyOf(first.object))} does not exist any more`);
    },
  };
}

/** The object for a script: it sees that a Secret has a key, not what is in it; what it leaves alone is not written. */
async function findObject(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const found = await liveObjectOf(deps, app, subject, signal);
  if (found === undefined) return undefined;
  const { managedFields: _, ...metadata } = found.object.metadata;
  const [masked] = maskSecrets([{ ...found.object, metadata }]);
  return { cluster: found.cluster, object: masked as KubeObject };
}

/** The object as the server has it now, when the application tracks it or an owner above it. Nothing in it is masked. */
export async function liveObjectOf(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const cluster = await deps.clusters.resolve(app.spec.destination);
  const live = cluster?.live(subject);
  if (cluster === undefined || live === undefined) return undefined;
  if (cluster.instanceAbove(live) !== instanceName(app, deps.controlNamespace)) return undefined;
  const { version } = subject;
  const apiVersion =
    version === undefined || version === ''
      ? live.object.apiVersion
      : subject.group === ''
        ? version
        : `${subject.group}/${version}`;
  const object = await cluster.read({ ...live.object, apiVersion }, signal);
  if (object === undefined || object.metadata.uid !== live.uid) return undefined;
  return { cluster, object };
}

/** Rejects with `NOT_PERMITTED` when the project does not let its applications have such an object there. */
export function checkPermission(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  object: KubeObject,
  what = 'The action would write',
): void {
  const rules: ProjectRules | undefined = deps.project(app.spec.project)?.spec;
  const gvk = gvkOf(object);
  const scope = cluster.scopeOf(gvk);
  const { name, namespace = '' } = object.metadata;
  const refuse = (why: string): ActionError =>
    new ActionError('NOT_PERMITTED', `${what} ${describeKey(keyOf(object))}, ${why}`);
  if (scope === 'unknown') throw refuse(`a kind the cluster ${cluster.name} does not serve`);
  if (rules === undefined || !isKindPermitted(rules, gvk, scope === 'Namespaced', name)) {
    throw refuse(`a kind that project ${app.spec.project} does not permit`);
  }
  const destination = { server: cluster.server, name: cluster.name, namespace };
  if (scope === 'Namespaced' && !isDestinationPermitted(rules, destination)) {
    throw refuse(`and project ${app.spec.project} does not permit the namespace ${namespace}`);
  }
}

async function write(
  cluster: LiveCluster,
  client: KubeClient,
  writes: readonly ActionWrite[],
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager: FIELD_MANAGER, signal };
  const target = {
    create: async (object: KubeObject) =>
      await client.create(await cluster.typeOf(gvkOf(object)), object, options),
    patch: async (object: KubeObject, body: object, subresource?: 'status') => {
      const { name = '', namespace } = object.metadata;
      const type = await cluster.typeOf(gvkOf(object));
      return await client.patch(
        type,
        { name, namespace },
        { type: 'merge', body },
        { ...options, subresource },
      );
    },
  };
  // The live state shows it before the watch brings it.
  for (const answer of await performWrites(target, writes)) cluster.observe(answer);
}

function describeWrite(write: ActionWrite): string {
  const subject = describeKey(keyOf(write.object));
  if (write.kind === 'create') return `create ${subject}`;
  const members = Object.keys({ ...write.main, ...write.status });
  return `patch ${subject}: ${members.join(', ')}`;
}
