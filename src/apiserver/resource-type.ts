// What the server knows of a resource type, built in or from a CustomResourceDefinition.
import type { ResourceName } from './internal-api.ts';
import type { BuiltinKind, CustomKind, PrinterColumn, ScalePaths, Schema } from './schema/index.ts';

export interface ServedVersion {
  readonly version: string;
  /** Made on the first call. */
  schema(): Schema;
  /** The built-in kind behind it. */
  readonly builtin?: BuiltinKind;
  readonly printerColumns?: readonly PrinterColumn[];
  /** Dotted paths of extra field selectors. */
  readonly selectableFields?: readonly string[];
  readonly scale?: ScalePaths;
  /** False when this version of a custom resource has no status sub-resource. */
  readonly hasStatus?: boolean;
  /** Present for deprecated versions: the text of the Warning header. */
  readonly deprecationWarning?: string;
}

export interface Subresource {
  /** `status`, `scale`, `log`, … */
  readonly name: string;
  /** Kind of its body; group and version are given when they differ from the resource's own. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** One resource type in all its served versions. */
export interface ResourceType extends ResourceName {
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** In order of preference. */
  readonly versions: readonly ServedVersion[];
  readonly storageVersion: string;
  /** True for types defined by a CustomResourceDefinition. */
  readonly custom: boolean;
  /** What the CustomResourceDefinition says. */
  readonly definition?: CustomKind;
  /** As kube-apiserver publishes it in discovery. */
  readonly storageVersionHash?: string;
  /** Key in the store; two types share it when they are views of one collection (events). */
  readonly typeKey: string;
}

/** `deployments.apps`, `configmaps`: as messages, CRD names and the store write it. */
export function qualifiedResource(type: ResourceName): string {
  return type.group === '' ? type.resource : `${type.resource}.${type.group}`;
}

export function hasSubresource(type: ResourceType, name: string): boolean {
  return type.subresources.some((subresource) => subresource.name === name);
}
