// The resource types served now, found by path, by kind and by name. Discovery and OpenAPI are made from it.
import { apiVersionOf } from '../k8s/index.ts';
import { sha256 } from '../lib/index.ts';
import { qualifiedResource, type ResourceType } from './resource-type.ts';

export class Registry {
  readonly #byName = new Map<string, ResourceType>();
  readonly #byPath = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  /** Changes per group. */
  readonly #epochs = new Map<string, number>();
  #generation = 0;

  /** Grows with each change: key for whatever is computed from the registry. */
  get generation(): number {
    return this.#generation;
  }

  /** All types, built-in ones first, in the order they were added. */
  all(): ResourceType[] {
    return [...this.#byName.values()];
  }

  /** Adds a type or replaces the one of the same group and resource. */
  add(type: ResourceType): void {
    this.remove(type.group, type.resource);
    this.#byName.set(qualifiedResource(type), type);
    for (const { version } of type.versions) {
      const groupVersion = apiVersionOf({ group: type.group, version });
      this.#byPath.set(`${groupVersion}/${type.resource}`, type);
      this.#byKind.set(`${groupVersion}/${type.kind}`, type);
    }
    this.#changed(type.group);
  }

  remove(group: string, resource: string): void {
    const type = this.#byName.get(qualifiedResource({ group, resource }));
    if (type === undefined) return;
    this.#byName.delete(qualifiedResource(type));
    for (const { version } of type.versions) {
      const groupVersion = apiVersionOf({ group, version });
      this.#byPath.delete(`${groupVersion}/${resource}`);
      this.#byKind.delete(`${groupVersion}/${type.kind}`);
    }
    this.#changed(group);
  }

  /** Identifies the present state of a group version: changes when a type of it does. */
  hashOf(group: string, version: string): string {
    const epoch = this.#epochs.get(group) ?? 0;
    return sha256(`${group}/${version}/${epoch}`).slice(0, 32).toUpperCase();
  }

  byName(group: string, resource: string): ResourceType | undefined {
    return this.#byName.get(qualifiedResource({ group, resource }));
  }

  /** @param groupVersion as in apiVersion: `v1`, `apps/v1`. */
  byPath(groupVersion: string, resource: string): ResourceType | undefined {
    return this.#byPath.get(`${groupVersion}/${resource}`);
  }

  byKind(groupVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${groupVersion}/${kind}`);
  }

  #changed(group: string): void {
    this.#generation += 1;
    this.#epochs.set(group, (this.#epochs.get(group) ?? 0) + 1);
  }
}
