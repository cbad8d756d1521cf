// Hooks: which manifests are some, when they run, what they are called and when they go away. Pure.
import type { KubeObject } from '../k8s/index.ts';
import { parseDurationMs } from '../lib/index.ts';
import { annotations, finalizers } from '../model/index.ts';
import type { HookDeletePolicy, SyncPhase, TaskPhase } from './task.ts';

export type HookType = TaskPhase;
/** The operation that created a hook; tells our own hook of this attempt from an older one of the same name. */
export const OPERATION_MARK = 'fairlead.dev/operation';

const ARGO_TYPES: ReadonlySet<string> = new Set<HookType>([
  'PreSync',
  'Sync',
  'PostSync',
  'SyncFail',
  'PreDelete',
  'PostDelete',
]);
const HELM_TYPES: Readonly<Record<string, HookType>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'pre-delete': 'PreDelete',
  'post-delete': 'PostDelete',
};
const POLICIES: Readonly<Record<string, HookDeletePolicy>> = {
  HookSucceeded: 'HookSucceeded',
  HookFailed: 'HookFailed',
  BeforeHookCreation: 'BeforeHookCreation',
  'hook-succeeded': 'HookSucceeded',
  'hook-failed': 'HookFailed',
  'before-hook-creation': 'BeforeHookCreation',
};

/** True when the object is not an ordinary part of the application: a hook, or one that is never created. */
export function isHook(object: KubeObject): boolean {
  const marks = object.metadata.annotations ?? {};
  if (marks[annotations.hook] !== undefined) return true;
  const helm = words(marks[annotations.helmHook]);
  return helm.length > 0 && !helm.includes('crd-install');
}

/** `Skip` stands alone: the object is in the render and deliberately not in the cluster. */
export function isSkipped(object: KubeObject): boolean {
  const types = words(object.metadata.annotations?.[annotations.hook]);
  return types.includes('Skip');
}

/** Types without repetition; empty when only invalid ones are given (then it never runs). A valid Argo type wins. */
export function hookTypes(object: KubeObject): readonly HookType[] {
  const marks = object.metadata.annotations ?? {};
  const own = words(marks[annotations.hook]).filter((word): word is HookType => ARGO_TYPES.has(word));
  if (own.length > 0) return [...new Set(own)];
  const helm = words(marks[annotations.helmHook]).map((word) => HELM_TYPES[word]);
  return [...new Set(helm.filter((type) => type !== undefined))];
}

export function hookDeletePolicies(object: KubeObject): readonly HookDeletePolicy[] {
  const marks = object.metadata.annotations ?? {};
  const given = [
    ...words(marks[annotations.hookDeletePolicy]),
    ...words(marks[annotations.helmHookDeletePolicy]),
  ];
  const policies = given.map((word) => POLICIES[word]).filter((policy) => policy !== undefined);
  return policies.length > 0 ? [...new Set(policies)] : ['BeforeHookCreation'];
}

/** How long the hook may take by its own annotation, milliseconds; undefined when it says nothing valid. */
export function hookDeadlineMs(object: KubeObject): number | undefined {
  return parseDurationMs(object.metadata.annotations?.[annotations.hookTimeout] ?? '');
}

/** Words of the hook annotations that mean nothing, each as a sentence. */
export function hookProblems(object: KubeObject): string[] {
  const marks = object.metadata.annotations ?? {};
  const types = words(marks[annotations.hook]).filter((word) => word !== 'Skip' && !ARGO_TYPES.has(word));
  const policies = words(marks[annotations.hookDeletePolicy]).filter((word) => POLICIES[word] === undefined);
  const timeout = marks[annotations.hookTimeout];
  return [
    ...types.map((word) => `${annotations.hook}: ${JSON.stringify(word)} is no hook type`),
    ...policies.map((word) => `${annotations.hookDeletePolicy}: ${JSON.stringify(word)} is no policy`),
    ...(timeout === undefined || hookDeadlineMs(object) !== undefined
      ? []
      : [`${annotations.hookTimeout}: ${JSON.stringify(timeout)} is no duration; write for example 30m`]),
  ];
}

export interface SplitTargets {
  /** Ordinary objects: compared, applied, pruned. */
  readonly resources: readonly KubeObject[];
  /** Run by a sync, in the phases of their types. */
  readonly hooks: readonly KubeObject[];
  /** PreDelete and PostDelete: run when the application is deleted. An object may be in both lists. */
  readonly deleteHooks: readonly KubeObject[];
}

/** Sets hooks apart from what is compared. Skipped objects and hooks without a valid type are in no list. */
export function splitHooks(targets: readonly KubeObject[]): SplitTargets {
  const resources: KubeObject[] = [];
  const hooks: KubeObject[] = [];
  const deleteHooks: KubeObject[] = [];
  for (const object of targets) {
    if (!isHook(object)) resources.push(object);
    else if (!isSkipped(object)) {
      const types = hookTypes(object);
      if (types.some(isSyncPhase)) hooks.push(object);
      if (types.some((type) => !isSyncPhase(type))) deleteHooks.push(object);
    }
  }
  return { resources, hooks, deleteHooks };
}

export function isSyncPhase(type: HookType): type is SyncPhase {
  return type !== 'PreDelete' && type !== 'PostDelete';
}

export interface HookNaming {
  /** The revision of the sync; its first seven characters go into generated names. */
  readonly revision: string;
  readonly startedAt: number;
  readonly retryCount: number;
  /** See `SyncPlan.id`. */
  readonly operation: string;
}

/**
 * The object to create for one phase: a set name is kept, a generated one is the same for the whole attempt, so
 * that a restart finds the hook instead of creating a second one. The finalizer keeps it readable until it is judged.
 */
export function hookObject(hook: KubeObject, type: HookType, naming: HookNaming): KubeObject {
  const { name, ...metadata } = hook.metadata;
  return {
    ...hook,
    metadata: {
      ...metadata,
      name: name === undefined || name === '' ? generatedName(hook, type, naming) : name,
      annotations: { ...metadata.annotations, [OPERATION_MARK]: naming.operation },
      finalizers: [...new Set([...(metadata.finalizers ?? []), finalizers.hook])],
    },
  };
}

/** `<generateName><revision>-<phase>-<start>`, with the retry behind it. */
export function generatedName(object: KubeObject, type: HookType, naming: HookNaming): string {
  const { revision, startedAt, retryCount } = naming;
  const retry = retryCount > 0 ? `-${retryCount}` : '';
  const start = Math.floor(startedAt / 1000);
  return `${object.metadata.generateName ?? ''}${revision.slice(0, 7)}-${type.toLowerCase()}-${start}${retry}`;
}

function words(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
