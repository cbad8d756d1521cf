// The one gate in front of every delete: a pure decision over facts, and the only caller of the port's delete.
// In doubt the answer is Hold, with the reason.
import { describeKey, type KubeObject, type ResourceKey } from '../k8s/index.ts';
import { annotations, finalizers } from '../model/index.ts';
import { OPERATION_MARK } from './hooks.ts';
import { objectOptions, type Propagation } from './options.ts';
import { codeOf, type ObjectName, type TargetCluster } from './port.ts';

/**
 * - `prune`: it left the source. `cascade`: its application is deleted.
 * - `hook`: a hook of ours that ends or makes room. `replace`: it is created again at once.
 * - `request`: a person asks for this one object, which the application tracks or which something it tracks owns.
 */
export type DeletePurpose = 'prune' | 'cascade' | 'hook' | 'replace' | 'request';

/** What the caller knows; each member is one of the conditions a delete depends on. */
export interface DeleteFacts {
  /** (1) Every source rendered completely at its recorded revision, and the same again when asked twice. */
  readonly render: { readonly complete: boolean; readonly stable: boolean; readonly reason?: string };
  /** (2) The cluster said which kinds it serves, and this one's scope is known. */
  readonly discovery: { readonly complete: boolean; readonly scopeKnown: boolean };
  /** (3) The kind was listed completely, and how old that knowledge is. */
  readonly list: { readonly complete: boolean; readonly ageMs: number };
  /** (4) Who we are: the instance in tracking ids and, when set, the installation. */
  readonly instance: string;
  readonly installationId?: string;
  /** (5) Other applications that desire this object. */
  readonly desiredBy: readonly string[];
  /** (6) The kind or the object asks for a person; instances of a CRD, foreign objects in a Namespace. */
  readonly protection: {
    readonly needsApproval: boolean;
    readonly instances?: number;
    readonly foreignObjects?: number;
    /** The namespace Fairlead itself lives in. */
    readonly ownNamespace?: boolean;
  };
  /** (7) Deletions of this operation against their limit. */
  readonly mass: { readonly deletions: number; readonly total: number; readonly limit: number };
  /** A person approved these deletions of this operation. */
  readonly approved: boolean;
  /** (8) We still own the application, nobody else deletes it, and the window is open. */
  readonly ownership: {
    readonly epochCurrent: boolean;
    readonly deletingElsewhere: boolean;
    readonly windowOpen: boolean;
  };
  /** (9) The intent is written down. */
  readonly auditDurable: boolean;
  /** (11) Generators and agents gave everything they have. */
  readonly inputsComplete: boolean;
  /** Somebody switched deletions off for all or for this cluster. */
  readonly deletesDisabled: boolean;
}

/** The facts a sync adds itself: its own approval, its number of deletions and its journal. */
export type CallerDeleteFacts = Omit<DeleteFacts, 'approved' | 'mass' | 'auditDurable' | 'protection'> & {
  readonly protection: Omit<DeleteFacts['protection'], 'needsApproval'>;
};

export type HoldCode =
  | 'DELETES_DISABLED'
  | 'RENDER_INCOMPLETE'
  | 'RENDER_UNSTABLE'
  | 'DISCOVERY_INCOMPLETE'
  | 'LIST_INCOMPLETE'
  | 'LIST_STALE'
  | 'NOT_OURS'
  | 'OTHER_OBJECT'
  | 'DESIRED_ELSEWHERE'
  | 'PROTECTED'
  | 'HAS_INSTANCES'
  | 'FOREIGN_OBJECTS'
  | 'OWN_NAMESPACE'
  | 'MASS'
  | 'NOT_OWNER'
  | 'WINDOW_CLOSED'
  | 'NOT_AUDITED'
  | 'INPUTS_INCOMPLETE';

export interface DeleteSubject {
  readonly purpose: DeletePurpose;
  readonly key: ResourceKey;
  /** As a GET gave it just now. */
  readonly live: KubeObject;
  /** What was seen when the delete was planned. */
  readonly recordedUid: string | undefined;
}

export type DeleteDecision =
  | { readonly kind: 'allow'; readonly uid: string; readonly resourceVersion: string }
  | { readonly kind: 'hold'; readonly code: HoldCode; readonly message: string };

/** Knowledge older than this may miss an object's new owner. */
const MAX_LIST_AGE_MS = 60_000;

interface Condition {
  readonly code: HoldCode;
  readonly purposes: readonly DeletePurpose[];
  /** Why not, or undefined when the condition holds. */
  check(subject: DeleteSubject, facts: DeleteFacts): string | undefined;
}

/** What a person asks for may be a child, which carries no tracking id of its own. */
const TRACKED: readonly DeletePurpose[] = ['prune', 'cascade', 'hook', 'replace'];
const ALWAYS: readonly DeletePurpose[] = [...TRACKED, 'request'];
const LEAVING: readonly DeletePurpose[] = ['prune', 'cascade'];

const CONDITIONS: readonly Condition[] = [
  {
    code: 'DELETES_DISABLED',
    purposes: ALWAYS,
    check: (_, facts) => (facts.deletesDisabled ? 'deletions are switched off for this cluster' : undefined),
  },
  {
    code: 'RENDER_INCOMPLETE',
    purposes: ['prune'],
    check: (_, { render }) =>
      render.complete ? undefined : `not every source could be rendered${because(render.reason)}`,
  },
  {
    code: 'RENDER_UNSTABLE',
    purposes: ['prune'],
    check: (_, { render }) =>
      render.stable ? undefined : 'the same sources rendered twice gave different objects',
  },
  {
    code: 'DISCOVERY_INCOMPLETE',
    purposes: LEAVING,
    check: (_, { discovery }) =>
      discovery.complete && discovery.scopeKnown ? undefined : 'the cluster did not tell all kinds it serves',
  },
  {
    code: 'LIST_INCOMPLETE',
    purposes: LEAVING,
    check: ({ key }, { list }) =>
      list.complete ? undefined : `${key.kind} objects could not be listed completely`,
  },
  {
    code: 'LIST_STALE',
    purposes: LEAVING,
    check: ({ key }, { list }) =>
      list.ageMs <= MAX_LIST_AGE_MS
        ? undefined
        : `what is known of ${key.kind} objects is ${Math.round(list.ageMs / 1000)} s old`,
  },
  {
    code: 'OTHER_OBJECT',
    purposes: ALWAYS,
    check: ({ live, recordedUid }) =>
      live.metadata.uid !== undefined && (recordedUid === undefined || recordedUid === live.metadata.uid)
        ? undefined
        : 'another object has this name by now',
  },
  { code: 'NOT_OURS', purposes: TRACKED, check: notOurs },
  {
    code: 'DESIRED_ELSEWHERE',
    purposes: LEAVING,
    check: (_, { desiredBy }) =>
      desiredBy.length === 0 ? undefined : `application ${desiredBy.join(', ')} desires it`,
  },
  {
    code: 'OWN_NAMESPACE',
    purposes: ALWAYS,
    check: (_, { protection }) =>
      protection.ownNamespace === true ? 'Fairlead itself runs in it' : undefined,
  },
  {
    code: 'HAS_INSTANCES',
    purposes: ['prune', 'cascade', 'replace', 'request'],
    check: (_, { protection, approved }) =>
      (protection.instances ?? 0) === 0 || approved
        ? undefined
        : `${protection.instances} objects of the kind it defines would be deleted with it; ${APPROVE}`,
  },
  {
    code: 'FOREIGN_OBJECTS',
    purposes: ['prune', 'cascade', 'replace', 'request'],
    check: (_, { protection, approved }) =>
      (protection.foreignObjects ?? 0) === 0 || approved
        ? undefined
        : `it holds ${protection.foreignObjects} objects that are not of this application; ${APPROVE}`,
  },
  {
    code: 'PROTECTED',
    purposes: LEAVING,
    check: ({ key, live, purpose }, { protection, approved }) => {
      const keep = keptBy(live, purpose);
      if (keep !== undefined) return keep;
      return protection.needsApproval && !approved
        ? `deleting a ${key.kind} needs a person; ${APPROVE}`
        : undefined;
    },
  },
  {
    code: 'MASS',
    purposes: ['prune'],
    check: (_, { mass, approved }) =>
      mass.deletions <= mass.limit || approved
        ? undefined
        : `this sync would delete ${mass.deletions} of ${mass.total} objects and ${mass.limit} are allowed; ${APPROVE}`,
  },
  {
    code: 'NOT_OWNER',
    purposes: ALWAYS,
    check: (_, { ownership }) =>
      ownership.epochCurrent && !ownership.deletingElsewhere
        ? undefined
        : 'another replica works on this application',
  },
  {
    code: 'WINDOW_CLOSED',
    purposes: ['prune'],
    check: (_, { ownership }) => (ownership.windowOpen ? undefined : 'no sync window is open'),
  },
  {
    code: 'NOT_AUDITED',
    purposes: ALWAYS,
    check: (_, facts) => (facts.auditDurable ? undefined : 'the intent could not be written to the journal'),
  },
  {
    code: 'INPUTS_INCOMPLETE',
    purposes: LEAVING,
    check: (_, facts) =>
      facts.inputsComplete ? undefined : 'a generator or agent did not report everything',
  },
];

const APPROVE = `set ${annotations.deletionApproved} on the application to the current time to approve`;

/** Allow only when every condition of the purpose holds. Pure. */
export function decideDelete(subject: DeleteSubject, facts: DeleteFacts): DeleteDecision {
  for (const { code, purposes, check } of CONDITIONS) {
    if (!purposes.includes(subject.purpose)) continue;
    const reason = check(subject, facts);
    if (reason !== undefined)
      return { kind: 'hold', code, message: `kept ${describeKey(subject.key)}: ${reason}` };
  }
  const { uid = '', resourceVersion = '' } = subject.live.metadata;
  return { kind: 'allow', uid, resourceVersion };
}

export interface DeleteRequest {
  readonly purpose: DeletePurpose;
  readonly key: ResourceKey;
  readonly name: ObjectName;
  readonly recordedUid: string | undefined;
  readonly propagation: Propagation;
  readonly dryRun: boolean;
  /** 0: at once. Default: as long as the object's kind gives it. */
  readonly gracePeriodSeconds?: number;
}

export type DeleteOutcome =
  | { readonly kind: 'gone' }
  /** Accepted; finalizers or children hold it. */
  | { readonly kind: 'deleting'; readonly live: KubeObject }
  | { readonly kind: 'held'; readonly code: HoldCode; readonly message: string };

export interface GuardDeps {
  readonly cluster: TargetCluster;
  /** Gathers the facts now; the guard judges them. */
  facts(request: DeleteRequest, live: KubeObject): Promise<DeleteFacts>;
}

/** Further tries when the object changed between the look and the delete; each looks and decides anew. */
const MAX_TRIES = 5;

/** Reads the object, decides, deletes with uid and resourceVersion as preconditions. Rejects with KubeError. */
export async function guardedDelete(deps: GuardDeps, request: DeleteRequest): Promise<DeleteOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const live = await deps.cluster.get(request.name);
    if (live === undefined) return { kind: 'gone' };
    const { purpose, key, recordedUid } = request;
    const decision = decideDelete({ purpose, key, live, recordedUid }, await deps.facts(request, live));
    if (decision.kind === 'hold') return { kind: 'held', code: decision.code, message: decision.message };
    if (live.metadata.deletionTimestamp !== undefined && !isHeldByUs(live)) return { kind: 'deleting', live };
    try {
      return await deleteNow(deps.cluster, request, live, decision.uid);
    } catch (error) {
      if (codeOf(error) !== 'CONFLICT' || attempt >= MAX_TRIES) throw error;
    }
  }
}

async function deleteNow(
  cluster: TargetCluster,
  request: DeleteRequest,
  live: KubeObject,
  uid: string,
): Promise<DeleteOutcome> {
  const { name, propagation, dryRun, gracePeriodSeconds } = request;
  // Our own finalizer goes first, or the object would wait for the very ones who delete it.
  const released = isHeldByUs(live) && !dryRun ? await releaseFinalizer(cluster, name, live) : live;
  const resourceVersion = released.metadata.resourceVersion ?? '';
  if (released.metadata.deletionTimestamp !== undefined) return { kind: 'deleting', live: released };
  const left = await cluster.delete(name, {
    uid,
    resourceVersion,
    propagation,
    dryRun,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  });
  return left === undefined ? { kind: 'gone' } : { kind: 'deleting', live: left };
}

/** Takes the hook finalizer off. The object as it is afterwards. */
export function releaseFinalizer(
  cluster: TargetCluster,
  name: ObjectName,
  live: KubeObject,
): Promise<KubeObject> {
  const rest = (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.hook);
  return cluster.patchFinalizers(name, rest, live.metadata.resourceVersion ?? '');
}

export function isHeldByUs(live: KubeObject): boolean {
  return live.metadata.finalizers?.includes(finalizers.hook) ?? false;
}

/** (4) The object itself says that it is of this application and this installation. */
function notOurs({ purpose, key, live }: DeleteSubject, facts: DeleteFacts): string | undefined {
  const marks = live.metadata.annotations ?? {};
  if (purpose === 'hook' && marks[OPERATION_MARK] !== undefined) return undefined;
  const tracking = marks[annotations.trackingId];
  // CRDs carry no tracking id; replacing one never deletes it, and pruning one is not possible.
  if (tracking === undefined) return 'it carries no tracking id';
  const named = `${facts.instance}:${key.group}/${key.kind}:`;
  const { name = '', namespace } = live.metadata;
  const own =
    tracking.startsWith(named) &&
    (namespace === undefined ? tracking.endsWith(`/${name}`) : tracking === `${named}${namespace}/${name}`);
  if (!own) return `its tracking id ${JSON.stringify(tracking)} names another object or application`;
  const installation = marks[annotations.installationId];
  return (facts.installationId ?? '') === (installation ?? '')
    ? undefined
    : `it belongs to installation ${JSON.stringify(installation ?? '')}`;
}

/** `Prune` speaks of what leaves the source, `Delete` of the end of the application. */
function keptBy(live: KubeObject, purpose: DeletePurpose): string | undefined {
  const marks = live.metadata.annotations ?? {};
  const options = objectOptions(live);
  if (options.get(purpose === 'prune' ? 'Prune' : 'Delete') === 'false') {
    return `its annotation ${annotations.syncOptions} says so`;
  }
  return marks[annotations.helmResourcePolicy] === 'keep'
    ? `its annotation ${annotations.helmResourcePolicy} says so`
    : undefined;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}
