// Who may do what. One function decides; every route names what it needs.
import type { RESOURCES } from '../../access/index.ts';
import type { Policies } from '../ports.ts';
import type { Caller } from './session-tokens.ts';

/** Resources and actions in the words of Argo CD's policies. */
export type Resource = (typeof RESOURCES)[number];
export type Action =
  | 'get'
  | 'create'
  | 'update'
  | 'delete'
  | 'sync'
  | 'override'
  | 'rollback'
  | 'invoke'
  /** A resource action: `action/<group>/<kind>/<name>`. */
  | `action/${string}`
  /** One object of an application: `update/<group>/<kind>/<namespace>/<name>`. */
  | `update/${string}`
  | `delete/${string}`;

export interface Permission {
  readonly resource: Resource;
  readonly action: Action;
}

/** True when the caller may do it to `object` (`project/namespace/name` for applications, a name elsewhere). */
export type Authorise = (caller: Caller, permission: Permission, object: string) => boolean;

/**
 * Policies name an application of the control namespace `project/name`; the server's own objects always have the
 * namespace, so the control namespace is left out here.
 */
export function authoriser(policies: Policies, controlNamespace: string): Authorise {
  const own = `/${controlNamespace}/`;
  return (caller, { resource, action }, object) => {
    if (caller.kind === 'anonymous') return true;
    const isNamespaced = NAMESPACED.has(resource);
    const name = isNamespaced ? object.replace(own, '/') : object;
    return policies.may(caller.identity, resource, action, name);
  };
}

const NAMESPACED: ReadonlySet<Resource> = new Set(['applications', 'applicationsets', 'logs', 'exec']);
