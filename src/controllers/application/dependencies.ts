// Which application waits for which: the annotation `fairlead.dev/depends-on` of all of them as a graph, kept up to date
// by the controller. Says who is waited for and why, who has to be woken, and whether the graph has a circle.
import {
  type Application,
  type ApplicationSource,
  type DependsOn,
  dependsOn,
  instanceName,
  sourcesOf,
} from '../../model/index.ts';
import type { Memories } from './memory.ts';

export interface DependencyDeps {
  readonly controlNamespace: string;
  readonly memories: Memories;
  /** The application `namespace/name` as it is now. */
  application(key: string): Application | undefined;
}

export class Dependencies {
  readonly #deps: DependencyDeps;
  readonly #needs = new Map<string, DependsOn>();
  readonly #neededBy = new Map<string, Set<string>>();
  /** Why somebody is not ready, for those whom others wait for. */
  readonly #reasons = new Map<string, string | undefined>();

  constructor(deps: DependencyDeps) {
    this.#deps = deps;
  }

  /** Takes in an application as it is now. @returns the applications that have to be looked at for it */
  set(key: string, app: Application): readonly string[] {
    const now = dependsOn(app);
    const before = this.#needs.get(key);
    if (before === undefined ? isEmpty(now) : sameNeeds(before, now)) return [];
    const touched = new Set([...this.#around(key), ...this.#replace(key, now), ...this.#around(key)]);
    touched.delete(key);
    return [...touched];
  }

  /** Forgets one that is gone. @returns the applications that have to be looked at for it */
  delete(key: string): readonly string[] {
    const touched = this.#around(key);
    this.#replace(key, undefined);
    this.#reasons.delete(key);
    return touched;
  }

  /** Those that name this one. */
  dependentsOf(key: string): readonly string[] {
    return [...(this.#neededBy.get(key) ?? [])];
  }

  /** Looks at one again. @returns who waits for it, when what they wait for is another thing now */
  noteReadiness(key: string): readonly string[] {
    const dependents = this.dependentsOf(key);
    if (dependents.length === 0) {
      this.#reasons.delete(key);
      return [];
    }
    const reason = this.#whyNot(key);
    if (this.#reasons.has(key) && this.#reasons.get(key) === reason) return [];
    this.#reasons.set(key, reason);
    return dependents;
  }

  /** What is wrong with the annotation itself: its spelling, or a circle. */
  problem(key: string): string | undefined {
    const needs = this.#needs.get(key);
    if (needs?.kind === 'invalid') return needs.message;
    const circle = this.#circle(key);
    return circle === undefined
      ? undefined
      : `applications depend on each other in a circle: ${circle.join(' → ')}; remove one of these from fairlead.dev/depends-on`;
  }

  /** Why `app` has to wait, one sentence; undefined when everything it depends on is Synced and Healthy. */
  waitsFor(app: Application, key: string): string | undefined {
    const needs = this.#needs.get(key);
    if (needs?.kind !== 'valid') return undefined;
    const reasons = needs.keys.flatMap((other) => {
      const why = this.#whyNot(other) ?? this.#isBehind(app, other);
      return why === undefined ? [] : [`${other} (${why})`];
    });
    return reasons.length === 0
      ? undefined
      : `waiting for application ${reasons.join(', ')} to be Synced and Healthy`;
  }

  /** Those that depend on this one and still exist, circles left out: they are deleted first. */
  remainingDependents(key: string): readonly string[] {
    if (this.#circle(key) !== undefined) return [];
    return this.dependentsOf(key).filter((other) => this.#deps.application(other) !== undefined);
  }

  #whyNot(key: string): string | undefined {
    const app = this.#deps.application(key);
    if (app === undefined) return 'it does not exist';
    if (app.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
    const { sync, health, operationState } = app.status ?? {};
    const memory = this.#deps.memories.peek(instanceName(app, this.#deps.controlNamespace));
    // What its status says may still be about an older commit or spec.
    if (memory?.desired === undefined || memory.told !== memory.desired.set.digest)
      return 'it is being compared';
    if (sync?.status !== 'Synced') return `it is ${sync?.status ?? 'Unknown'}`;
    if (
      app.operation !== undefined ||
      operationState?.phase === 'Running' ||
      operationState?.phase === 'Terminating'
    )
      return 'a sync of it runs';
    if (health?.status !== 'Healthy') return `it is ${health?.status ?? 'Unknown'}`;
    return undefined;
  }

  /** Two that follow the same branch of a repository go from commit to commit together. */
  #isBehind(app: Application, other: string): string | undefined {
    const { controlNamespace, memories } = this.#deps;
    const theirs = this.#deps.application(other);
    if (theirs === undefined) return undefined;
    const mine = memories.peek(instanceName(app, controlNamespace))?.desired?.parts ?? [];
    const seen = memories.peek(instanceName(theirs, controlNamespace))?.desired?.parts ?? [];
    for (const { source, revision } of mine) {
      const isShared = (each: ApplicationSource): boolean => followed(each) === followed(source);
      if (!sourcesOf(theirs.spec).some(isShared)) continue;
      if (seen.find((part) => isShared(part.source))?.revision === revision) continue;
      return `it has not seen commit ${revision.slice(0, 7)} yet`;
    }
    return undefined;
  }

  /** Keys from `key` back to itself, or undefined. */
  #circle(key: string): string[] | undefined {
    const seen = new Set<string>();
    const search = (at: string, path: readonly string[]): string[] | undefined => {
      for (const next of this.#keysOf(at)) {
        if (next === key) return [...path, next];
        if (seen.has(next)) continue;
        seen.add(next);
        const found = search(next, [...path, next]);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return search(key, [key]);
  }

  #keysOf(key: string): readonly string[] {
    const needs = this.#needs.get(key);
    return needs?.kind === 'valid' ? needs.keys : [];
  }

  #around(key: string): string[] {
    const circle = this.#circle(key) ?? [];
    return [...new Set([...this.dependentsOf(key), ...this.#keysOf(key), ...circle])].filter(
      (other) => other !== key,
    );
  }

  #replace(key: string, now: DependsOn | undefined): readonly string[] {
    const before = this.#keysOf(key);
    for (const other of before) {
      const set = this.#neededBy.get(other);
      set?.delete(key);
      if (set?.size === 0) this.#neededBy.delete(other);
    }
    if (now === undefined || isEmpty(now)) this.#needs.delete(key);
    else this.#needs.set(key, now);
    for (const other of this.#keysOf(key)) {
      const set = this.#neededBy.get(other) ?? new Set<string>();
      set.add(key);
      this.#neededBy.set(other, set);
    }
    return [...before, ...this.#keysOf(key)];
  }
}

function isEmpty(needs: DependsOn): boolean {
  return needs.kind === 'valid' && needs.keys.length === 0;
}

function sameNeeds(a: DependsOn, b: DependsOn): boolean {
  if (a.kind === 'invalid' || b.kind === 'invalid')
    return a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b);
  return a.keys.join() === b.keys.join();
}

/** What moves it: repository and branch. */
function followed({ repoURL, targetRevision = '' }: ApplicationSource): string {
  return `${repoURL} ${targetRevision}`;
}
