// The types an API server has, and what is not known about them. Pure; discovery.ts asks the server.
import { type GroupKind, type GroupVersionKind, groupKindText } from './object.ts';
import type { ResourceType } from './resource-type.ts';

/** One type in one version, as discovery describes it. */
export interface ApiResource extends ResourceType {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** `status`, `scale`, … */
  readonly subresources: readonly string[];
}

/** One version of one group; versions of a group come in the server's order of preference. */
export interface ApiGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ApiResource[];
  /** Why `resources` may be old or short; undefined when they are what the server has. */
  readonly failure?: string | undefined;
}

/**
 * The answer to "which type is this?". `unknown` is not `absent`: the group could not be read, so neither the
 * existence nor the scope of the type is known, and nothing may be deleted because of it.
 */
export type TypeAnswer =
  | { readonly kind: 'found'; readonly type: ApiResource; readonly failure?: string | undefined }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: string };

export class ApiCatalog {
  readonly groupVersions: readonly ApiGroupVersion[];
  /** Wall clock of the discovery, milliseconds since the epoch. */
  readonly asOf: number;
  /** Why even the list of groups is old or missing; undefined when it is what the server has. */
  readonly failure: string | undefined;
  readonly #byKind = new Map<string, ApiResource[]>();
  readonly #byResource = new Map<string, ApiResource[]>();
  readonly #failures = new Map<string, string>();

  constructor(groupVersions: readonly ApiGroupVersion[], asOf: number, failure?: string) {
    this.groupVersions = groupVersions;
    this.asOf = asOf;
    this.failure = failure;
    for (const { group, version, resources, failure: reason } of groupVersions) {
      if (reason !== undefined) this.#failures.set(`${group}/${version}`, reason);
      for (const type of resources) {
        push(this.#byKind, `${group}/${type.kind}`, type);
        push(this.#byResource, `${group}/${type.resource}`, type);
      }
    }
  }

  /** True when every group version was read. */
  get complete(): boolean {
    return this.failure === undefined && this.#failures.size === 0;
  }

  /** Group versions that could not be read (`group/version`), with the reason. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** The type of exactly this version. */
  byGvk(gvk: GroupVersionKind): TypeAnswer {
    const type = this.#byKind.get(`${gvk.group}/${gvk.kind}`)?.find(({ version }) => version === gvk.version);
    return this.#answer(type, gvk.group, gvk.version);
  }

  /** The type in the server's preferred version. */
  byGroupKind(gk: GroupKind): TypeAnswer {
    return this.#answer(this.#byKind.get(`${gk.group}/${gk.kind}`)?.[0], gk.group);
  }

  /** The type by plural name, in the preferred version when none is given. */
  byResource(group: string, resource: string, version?: string): TypeAnswer {
    const types = this.#byResource.get(`${group}/${resource}`) ?? [];
    const type = version === undefined ? types[0] : types.find((item) => item.version === version);
    return this.#answer(type, group, version);
  }

  /** One entry per group and kind, in the preferred version, that can do all of `verbs`. */
  preferred(...verbs: readonly string[]): ApiResource[] {
    const result: ApiResource[] = [];
    for (const types of this.#byKind.values()) {
      const type = types.find((item) => verbs.every((verb) => item.verbs.includes(verb)));
      if (type !== undefined) result.push(type);
    }
    return result;
  }

  /** Why what is known of a group (of one version, when given) cannot be trusted to be whole. */
  failureOf(group: string, version?: string): string | undefined {
    for (const { group: name, version: known, failure } of this.groupVersions) {
      if (name === group && failure !== undefined && (version === undefined || known === version))
        return failure;
    }
    return this.failure;
  }

  /** `GROUP/VERSION` and `GROUP/VERSION/KIND` of everything served: Helm's Capabilities. */
  apiVersions(): string[] {
    const names: string[] = [];
    for (const { group, version, resources } of this.groupVersions) {
      const gv = group === '' ? version : `${group}/${version}`;
      names.push(gv, ...resources.map(({ kind }) => `${gv}/${kind}`));
    }
    return names;
  }

  #answer(type: ApiResource | undefined, group: string, version?: string): TypeAnswer {
    const failure = this.failureOf(group, version);
    if (type !== undefined) return { kind: 'found', type, failure };
    return failure === undefined ? { kind: 'absent' } : { kind: 'unknown', reason: failure };
  }
}

/**
 * What to believe after a discovery: versions that failed keep what was known of them before.
 * @param next the group versions the server named now
 */
export function mergeCatalog(
  previous: ApiCatalog | undefined,
  next: readonly ApiGroupVersion[],
  asOf: number,
): ApiCatalog {
  const merged = next.map((gv) => {
    if (gv.failure === undefined) return gv;
    const known = previous?.groupVersions.find((old) => old.group === gv.group && old.version === gv.version);
    return known === undefined || gv.resources.length > 0 ? gv : { ...gv, resources: known.resources };
  });
  return new ApiCatalog(merged, asOf);
}

/** True when both serve the same types and fail in the same places. */
export function sameCatalog(a: ApiCatalog, b: ApiCatalog): boolean {
  return a.failure === b.failure && JSON.stringify(a.groupVersions) === JSON.stringify(b.groupVersions);
}

/** For messages: why a type cannot be used. */
export function describeTypeAnswer(gk: GroupKind, answer: TypeAnswer): string {
  switch (answer.kind) {
    case 'found':
      return `${groupKindText(gk)} is served`;
    case 'absent':
      return `the cluster has no ${groupKindText(gk)}`;
    case 'unknown':
      return `whether the cluster has ${groupKindText(gk)} is not known: ${answer.reason}`;
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
