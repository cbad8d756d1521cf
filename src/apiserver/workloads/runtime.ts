// Runs the controllers: keeps the index current, wakes keys, carries out plans. One queue, each key in it once; work
// happens in short slices so that requests are answered in between. Nothing runs while nothing changes.

import type { KubeObject } from '../../k8s/index.ts';
import {
  type Backoff,
  backoffMs,
  type Clock,
  CodedError,
  jsonEqual,
  type Logger,
  messageOf,
  type Random,
  type Timer,
} from '../../lib/index.ts';
import type { InternalApi, ResourceName, WatchEvent } from '../internal-api.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerOf, nameOf, namespaceOf, uidOf } from './kinds.ts';
import type { WorkloadLatencies } from './latencies.ts';
import { ObjectStore } from './object-store.ts';
import type { Change, Controller, ObjectKey, Plan, World, Write } from './plan.ts';

/** Keys handled before the event loop gets its turn. */
const sliceKeys = 200;
const sliceMs = 8;
/** Timers look again at least this often; longer waits are split, they write nothing. */
const longestWaitMs = 3_600_000;
const retry: Backoff = { initialMs: 50, factor: 2, maxMs: 60_000 };

export interface RuntimeDeps {
  readonly api: InternalApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly latencies: WorkloadLatencies;
  readonly events: EventRecorder;
}

interface Entry {
  readonly id: string;
  readonly controller: Controller;
  readonly key: ObjectKey;
}

export class Runtime {
  readonly store: ObjectStore;
  private readonly deps: RuntimeDeps;
  private readonly controllers: readonly Controller[];
  private readonly queue = new Map<string, Entry>();
  private readonly timers = new Map<string, { readonly atMs: number; readonly timer: Timer }>();
  private readonly attempts = new Map<string, number>();
  private readonly unsubscribes: (() => void)[] = [];
  private slice: Timer | undefined;
  private closed = false;

  constructor(deps: RuntimeDeps, controllers: readonly Controller[]) {
    this.deps = deps;
    this.controllers = controllers;
    this.store = new ObjectStore((type, namespace, name) => deps.api.get(type, namespace, name));
  }

  /** Reads what exists, subscribes, and looks at every primary once: a restarted server continues from here. */
  start(): void {
    for (const { type, indexed } of this.watchedTypes()) {
      this.unsubscribes.push(this.deps.api.subscribe(type, (event) => this.observe(type, indexed, event)));
      if (!indexed) continue;
      for (const object of this.deps.api.list(type)) this.store.put(type, object);
    }
    for (const controller of this.controllers) {
      for (const object of this.store.list(controller.type)) this.enqueue(controller, keyOf(object));
    }
  }

  close(): void {
    this.closed = true;
    this.slice?.cancel();
    for (const { timer } of this.timers.values()) timer.cancel();
    for (const unsubscribe of this.unsubscribes) unsubscribe();
    this.timers.clear();
    this.queue.clear();
  }

  private watchedTypes(): { readonly type: ResourceName; readonly indexed: boolean }[] {
    const all = this.controllers.flatMap(({ type, triggers }) => [
      { type, indexed: true },
      ...triggers.map((on) => ({ type: on.type, indexed: on.unindexed !== true })),
    ]);
    return [
      ...new Map(all.map((watched) => [`${watched.type.group}/${watched.type.resource}`, watched])).values(),
    ];
  }

  private observe(type: ResourceName, indexed: boolean, { type: change, object }: WatchEvent): void {
    if (this.closed) return;
    const deleted = change === 'DELETED';
    const before = indexed ? this.store.get(type, namespaceOf(object), nameOf(object)) : undefined;
    if (deleted) this.store.remove(type, object);
    else if (indexed) this.store.put(type, object);
    const moved = before !== undefined && before !== object && belongsElsewhere(before, object);
    for (const controller of this.controllers) {
      if (sameType(controller.type, type)) {
        if (deleted) this.forget(controller, object);
        else this.enqueue(controller, keyOf(object));
      }
      for (const trigger of controller.triggers) {
        if (!sameType(trigger.type, type)) continue;
        for (const key of trigger.keysFor(object, this.store, deleted)) this.enqueue(controller, key);
        if (!moved) continue;
        for (const key of trigger.keysFor(before, this.store, true)) this.enqueue(controller, key);
      }
    }
  }

  private forget(controller: Controller, object: KubeObject): void {
    const id = idOf(controller, keyOf(object));
    this.timers.get(id)?.timer.cancel();
    this.timers.delete(id);
    this.attempts.delete(id);
    controller.forget?.(object);
    // An object of the same name may exist again already.
    if (this.store.get(controller.type, namespaceOf(object), nameOf(object)) !== undefined) {
      this.enqueue(controller, keyOf(object));
    }
  }

  private enqueue(controller: Controller, key: ObjectKey): void {
    if (this.closed) return;
    const id = idOf(controller, key);
    if (!this.queue.has(id)) this.queue.set(id, { id, controller, key });
    this.slice ??= this.deps.clock.after(0, () => this.runSlice());
  }

  private enqueueAfter(entry: Entry, waitMs: number): void {
    if (this.closed) return;
    const boundedMs = Math.max(1, Math.min(waitMs, longestWaitMs));
    const atMs = this.deps.clock.monotonic() + boundedMs;
    const pending = this.timers.get(entry.id);
    if (pending !== undefined && pending.atMs <= atMs) return;
    pending?.timer.cancel();
    const timer = this.deps.clock.after(boundedMs, () => {
      this.timers.delete(entry.id);
      this.enqueue(entry.controller, entry.key);
    });
    this.timers.set(entry.id, { atMs, timer });
  }

  private runSlice(): void {
    this.slice = undefined;
    const untilMs = this.deps.clock.monotonic() + sliceMs;
    let left = sliceKeys;
    for (const [id, entry] of this.queue) {
      this.queue.delete(id);
      this.handle(entry);
      left -= 1;
      if (left === 0 || this.deps.clock.monotonic() >= untilMs) break;
    }
    if (this.queue.size > 0 && !this.closed) {
      this.slice ??= this.deps.clock.after(0, () => this.runSlice());
    }
  }

  private handle(entry: Entry): void {
    const { controller, key, id } = entry;
    const slash = key.indexOf('/');
    const object = this.store.get(controller.type, key.slice(0, slash), key.slice(slash + 1));
    if (object === undefined) return;
    const world = this.world();
    try {
      const plan = controller.plan(object, world);
      this.carryOut(plan);
      this.attempts.delete(id);
      if (plan.requeueMs !== undefined) this.enqueueAfter(entry, plan.requeueMs);
    } catch (error) {
      this.failed(entry, object, error);
    }
  }

  private failed(entry: Entry, object: KubeObject, error: unknown): void {
    const attempt = this.attempts.get(entry.id) ?? 0;
    this.attempts.set(entry.id, attempt + 1);
    this.enqueueAfter(entry, backoffMs(retry, attempt));
    const { name } = entry.controller;
    if (!(error instanceof CodedError)) {
      this.deps.log.error('simulated controller failed', { controller: name, key: entry.key, error });
      return;
    }
    this.deps.log.debug('write refused', { controller: name, key: entry.key, error: messageOf(error) });
    try {
      const plan = entry.controller.refused?.(object, error, this.world());
      if (plan !== undefined) this.carryOut(plan);
    } catch (second) {
      this.deps.log.debug('write refused', { controller: name, key: entry.key, error: messageOf(second) });
    }
  }

  private world(): World {
    const { clock, random, latencies } = this.deps;
    return { nowMs: clock.now(), view: this.store, random, latencies };
  }

  private carryOut(plan: Plan): void {
    for (const write of plan.writes) {
      const changed = this.write(write);
      if (changed && write.event !== undefined) this.deps.events.record(write.event);
    }
    for (const event of plan.events ?? []) this.deps.events.record(event);
  }

  /** @returns whether anything was written. */
  private write(write: Write): boolean {
    const { api } = this.deps;
    const { type, object } = write;
    const namespace = namespaceOf(object);
    const name = nameOf(object);
    switch (write.op) {
      case 'create':
        this.store.put(type, api.create(type, object));
        return true;
      case 'status':
        if (jsonEqual(object['status'] ?? {}, write.status)) return false;
        return this.update(write, 'status', (copy) => {
          if (jsonEqual(copy['status'] ?? {}, write.status)) return false;
          copy['status'] = structuredClone(write.status);
          return true;
        });
      case 'edit':
        return this.update(write, undefined, write.change);
      case 'delete': {
        api.delete(type, namespace, name, {
          uid: uidOf(object),
          propagationPolicy: write.propagationPolicy ?? 'Background',
          ...(write.graceSeconds === undefined ? {} : { gracePeriodSeconds: write.graceSeconds }),
        });
        const left = api.get(type, namespace, name);
        if (left === undefined) this.store.remove(type, object);
        else this.store.put(type, left);
        return true;
      }
    }
  }

  private update(write: Write, subresource: 'status' | undefined, change: Change): boolean {
    const { type, object } = write;
    const [namespace, name] = [namespaceOf(object), nameOf(object)];
    const guarded: Change = (copy) => (copy.metadata.uid === object.metadata.uid ? change(copy) : false);
    const options = subresource === undefined ? {} : { subresource };
    const stored = this.deps.api.update(type, namespace, name, guarded, options);
    if (stored === undefined) return false;
    // Not for an object that ended with this write (its last finalizer went): the feed has removed it already.
    if (this.store.get(type, namespace, name) !== undefined) this.store.put(type, stored);
    return true;
  }
}

function belongsElsewhere(before: KubeObject, after: KubeObject): boolean {
  if (before.metadata.uid !== after.metadata.uid) return true;
  if (controllerOf(before)?.uid !== controllerOf(after)?.uid) return true;
  return !jsonEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {});
}

function sameType(a: ResourceName, b: ResourceName): boolean {
  return a.resource === b.resource && a.group === b.group;
}

function keyOf(object: KubeObject): ObjectKey {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}

function idOf(controller: Controller, key: ObjectKey): string {
  return `${controller.name}|${key}`;
}
