// What every part of the server works with, built once in start.ts.
import type { Clock, Logger, Random } from '../lib/index.ts';
import type { Registry } from './registry.ts';
import type { ResourceType, ServedVersion } from './resource-type.ts';
import type { Store } from './storage/store.ts';

/** Judges what a user may do, for the rules that keep people from granting more than they have. */
export interface Rights {
  /** @returns the rights in `rules` (as roles hold them) that the user lacks in the namespace, as text */
  missing(user: User, namespace: string, rules: unknown): string[];
  allows(
    user: User,
    request: {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    },
  ): boolean;
}

export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: Store;
  readonly registry: Registry;
  readonly rights: Rights;
}

/** A resource type at the version a request names. */
export interface Target {
  readonly type: ResourceType;
  readonly version: string;
}

export function servedVersion({ type, version }: Target): ServedVersion | undefined {
  return type.versions.find((served) => served.version === version);
}

/** Who asks. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
