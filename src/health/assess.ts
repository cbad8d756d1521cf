// Finds the judgement for an object: pending deletion first, then the kind's own check, then its conditions.
import type { KubeObject } from '../k8s/index.ts';
import { finalizers, type Health } from '../model/index.ts';
import { healthByConditions } from './by-conditions.ts';
import { at, clip, listAt, MESSAGE_LENGTH, progressing } from './read.ts';
import { checkFor } from './registry.ts';

/** A check that comes before the built-in one of its kind; undefined passes on to it. */
export type CustomHealth = (object: KubeObject) => { readonly health: Health | undefined } | undefined;

/** Undefined: there is no opinion about this kind; it counts as success where health is awaited. Never throws. */
export function assessHealth(object: KubeObject, custom?: CustomHealth): Health | undefined {
  const deletion = pendingDeletion(object);
  if (deletion !== undefined) return bounded(deletion);
  const own = custom?.(object);
  if (own !== undefined) return bounded(own.health);
  const check = checkFor(object);
  return bounded(check === undefined ? healthByConditions(object) : check(object));
}

/** A hook under deletion is judged like any other: its result is still wanted. */
function pendingDeletion(object: KubeObject): Health | undefined {
  const since = at(object, 'metadata', 'deletionTimestamp');
  if (since === undefined || since === null) return undefined;
  const held = listAt(object, 'metadata', 'finalizers').filter((name) => typeof name === 'string');
  if (held.includes(finalizers.hook)) return undefined;
  return progressing(held.length === 0 ? 'Pending deletion' : `Pending deletion, held by ${held.join(', ')}`);
}

function bounded(health: Health | undefined): Health | undefined {
  const message = health?.message;
  return health === undefined || message === undefined || message.length <= MESSAGE_LENGTH
    ? health
    : { ...health, message: clip(message) };
}
