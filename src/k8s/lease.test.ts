// The lease as a model: replicas that pause, requests that are slow, fail, or succeed without an answer, and a clock
// that moves while they are under way. The cluster suite runs the same lock against API servers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { seededRandom, silentLogger } from '../lib/index.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { LeaseLock } from './lease.ts';
import type { KubeObject } from './object.ts';

const DURATION_MS = 15_000;

/** One stored object with resource versions. Each request passes `gate` on its way there and on its way back. */
class OneObjectServer {
  stored: KubeObject | undefined;
  #version = 0;
  gate: () => Promise<void> = async () => {};

  client(): KubeClient {
    const write = async (object: KubeObject, mustExist: boolean): Promise<KubeObject> => {
      await this.gate();
      if (mustExist !== (this.stored !== undefined)) throw new KubeError('CONFLICT', 'it is (not) there');
      if (mustExist && object.metadata.resourceVersion !== this.stored?.metadata.resourceVersion) {
        throw new KubeError('CONFLICT', 'it changed');
      }
      this.#version += 1;
      const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
      this.stored = { ...structuredClone(object), metadata };
      const answer = structuredClone(this.stored);
      await this.gate();
      return answer;
    };
    return {
      find: async () => {
        await this.gate();
        const answer = structuredClone(this.stored);
        await this.gate();
        return answer;
      },
      create: (_type: unknown, object: KubeObject) => write(object, false),
      update: (_type: unknown, object: KubeObject) => write(object, true),
    } as unknown as KubeClient;
  }
}

function lockOf(server: OneObjectServer, clock: VirtualClock, identity: string): LeaseLock {
  const deps = { client: server.client(), clock, random: seededRandom(1), log: silentLogger };
  return new LeaseLock(deps, { namespace: 'n', name: 'l', identity, durationMs: DURATION_MS });
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i += 1) await Promise.resolve();
}

async function model(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random.next() * n);
  const clock = new VirtualClock();
  const server = new OneObjectServer();
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  server.gate = () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  const locks = ['a', 'b', 'c'].map((identity) => ({
    identity,
    lock: lockOf(server, clock, identity),
    busy: false,
  }));
  let lastEffect = { identity: '', epoch: 0 };

  for (let i = 0; i < 600; i += 1) {
    const replica = locks[below(3)] ?? assert.fail();
    const choice = below(10);
    if (choice < 4 && !replica.busy) {
      replica.busy = true;
      void replica.lock.step().finally(() => {
        replica.busy = false;
      });
    } else if (choice < 8) {
      const [request] = waiting.splice(below(waiting.length), 1);
      if (below(8) === 0) request?.reject(new KubeError('TIMEOUT', 'no answer'));
      else request?.resolve();
    } else clock.advance(below(choice === 9 && below(10) === 0 ? 60_000 : 3_000));
    await settle();
    const holders = locks.filter(({ lock }) => lock.heldEpoch !== undefined);
    assert.ok(
      holders.length <= 1,
      `seed ${seed}, event ${i}: held by ${holders.map(({ identity }) => identity)}`,
    );
    for (const { identity, lock } of holders) {
      const epoch = lock.assertHeld();
      const fenced = identity === lastEffect.identity ? epoch >= lastEffect.epoch : epoch > lastEffect.epoch;
      assert.ok(
        fenced,
        `seed ${seed}, event ${i}: ${identity} acts with ${epoch} after ${JSON.stringify(lastEffect)}`,
      );
      lastEffect = { identity, epoch };
    }
  }

  // Everything works again: within one duration and a few steps somebody holds it.
  server.gate = async () => {};
  for (const request of waiting.splice(0)) request.resolve();
  for (let i = 0; i < 8; i += 1) {
    await settle();
    for (const { lock } of locks) await lock.step();
    clock.advance(3_000);
  }
  for (const { lock } of locks) await lock.step();
  assert.equal(locks.filter(({ lock }) => lock.heldEpoch !== undefined).length, 1, `seed ${seed}`);
}

test('a lease never has two holders, and epochs only grow, whatever fails or is late', async () => {
  for (let seed = 1; seed <= 60; seed += 1) await model(seed);
});

test('a holder that was stopped for a minute may not act, and comes back with a new epoch', async () => {
  const clock = new VirtualClock();
  const server = new OneObjectServer();
  const a = lockOf(server, clock, 'a');
  await a.step();
  assert.equal(a.assertHeld(), 1);
  clock.advance(60_000);
  assert.throws(() => a.assertHeld(), { code: 'LEASE_LOST', retry: 'backoff' });
  assert.deepEqual(await a.step(), { kind: 'held', epoch: 2 });
});

test('a clock of another machine that is wrong does not end a lease early', async () => {
  const clock = new VirtualClock();
  const fast = new VirtualClock(clock.now() + 3_600_000);
  const server = new OneObjectServer();
  const a = lockOf(server, clock, 'a');
  const b = lockOf(server, fast, 'b');
  await a.step();
  assert.equal((await b.step()).kind, 'other');
  for (let i = 0; i < 20; i += 1) {
    clock.advance(3_000);
    fast.advance(3_000);
    await a.step();
    assert.equal((await b.step()).kind, 'other');
  }
});

test('run() renews until its signal aborts and then gives the lease back', async () => {
  const clock = new VirtualClock();
  const server = new OneObjectServer();
  const a = lockOf(server, clock, 'a');
  const seen: string[] = [];
  a.onChange(({ kind }) => seen.push(kind));
  const stop = new AbortController();
  const run = a.run(stop.signal);
  for (let i = 0; i < 30; i += 1) {
    await settle();
    assert.equal(a.heldEpoch, 1);
    clock.advance(2_000);
  }
  stop.abort();
  await run;
  assert.deepEqual(seen, ['held', 'free']);
  const { holderIdentity } = (server.stored?.spec ?? {}) as { holderIdentity?: string };
  assert.equal(holderIdentity, '');
});
