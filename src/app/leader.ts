// Which of several control planes of one cluster acts: a Lease in the control namespace. A process that comes back with
// the same data folder takes over from its predecessor at once; any other waits until that one's time is over.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Leadership } from '../controllers/index.ts';
import { type KubeClient, LeaseLock, LeaseLostError, type LeaseState } from '../k8s/index.ts';
import { type Clock, type Logger, messageOf, type Random } from '../lib/index.ts';

const LEASE_NAME = 'fairlead-controller';
const ID_BYTES = 8;

export interface LeaderDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly home: KubeClient;
}

export interface LeaderOptions {
  readonly namespace: string;
  /** Locked by this process: whoever used it before is gone. */
  readonly dataDir: string;
  /** How long a silent leader keeps the lease, milliseconds. */
  readonly leaseMs: number;
  /** What has to happen after the predecessor ended and before this process acts. */
  prepare(): Promise<void>;
}

/** A process that never asks for the lease. */
export const neverLeader: Leadership = {
  isLeader: () => false,
  assertLeader() {
    throw new LeaseLostError('This process only serves the API; another one with the role "controller" acts');
  },
  onGained() {},
};

export interface RunningLeadership extends Leadership {
  /** Gives the lease back. */
  stop(): Promise<void>;
}

/** Resolves after the first attempt: leading when nobody else does. */
export async function startLeadership(deps: LeaderDeps, options: LeaderOptions): Promise<RunningLeadership> {
  const installation = await installationId(deps, options.dataDir);
  const identity = `${installation}_${hex(deps.random)}`;
  const lock = new LeaseLock(
    { ...deps, client: deps.home },
    { namespace: options.namespace, name: LEASE_NAME, identity, durationMs: options.leaseMs },
  );
  const handlers = new Set<() => void>();
  let prepared: number | undefined;
  const isLeader = (): boolean => prepared !== undefined && lock.heldEpoch === prepared;
  const lead = async (epoch: number): Promise<void> => {
    await options.prepare();
    prepared = epoch;
    deps.log.info('this process leads', { lease: LEASE_NAME, epoch });
    for (const handle of handlers) handle();
  };
  const first = await lock.step();
  const state =
    first.kind === 'other' && first.holder.startsWith(`${installation}_`) ? await lock.steal() : first;
  if (state.kind === 'held') await lead(state.epoch);
  else deps.log.info('another process leads', { lease: LEASE_NAME, ...describe(state) });
  const unsubscribe = lock.onChange((change) => {
    if (change.kind !== 'held')
      deps.log.warn('this process does not lead', { lease: LEASE_NAME, ...describe(change) });
    else if (change.epoch !== prepared) {
      lead(change.epoch).catch((error: unknown) => {
        deps.log.error('this process could not begin to lead', { reason: messageOf(error) });
      });
    }
  });
  const stopping = new AbortController();
  const running = lock.run(stopping.signal);
  return {
    isLeader,
    assertLeader() {
      lock.assertHeld();
      if (!isLeader()) throw new LeaseLostError(`Lease ${LEASE_NAME} was taken over and is being prepared`);
    },
    onGained: (handle) => void handlers.add(handle),
    async stop() {
      unsubscribe();
      stopping.abort();
      await running;
    },
  };
}

function describe(state: LeaseState): Record<string, unknown> {
  if (state.kind === 'other') return { holder: state.holder };
  return state.kind === 'unknown' ? { reason: state.reason } : { state: state.kind };
}

/** One per data folder, made when the folder is. */
async function installationId({ random }: LeaderDeps, dataDir: string): Promise<string> {
  const file = join(dataDir, 'installation');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{16}$/.test(known)) return known;
  const id = hex(random);
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, id, { mode: 0o600 });
  return id;
}

function hex(random: Random): string {
  return Buffer.from(random.bytes(ID_BYTES)).toString('hex');
}
