// What differs between the desired and the live state of one object.
import type { KubeObject, ResourceKey } from '../k8s/index.ts';

/** One field that differs. Values of Secrets are masked before they get here. */
export interface FieldChange {
  /** Human path: `.spec.template.spec.containers[name="web"].image`. */
  readonly path: string;
  /** Absent: the desired state does not have the field (it will be removed). */
  readonly desired?: unknown;
  /** Absent: the live object does not have the field (it will be added). */
  readonly live?: unknown;
  /** Field managers that own the live value, with the time of their last write (RFC 3339) when known. */
  readonly owners: readonly {
    readonly manager: string;
    readonly operation: string;
    readonly time?: string;
  }[];
}

/**
 * - `synced`: every field we own is as desired.
 * - `missing`: desired, not live.
 * - `extra`: live and tracked by the application, not desired.
 * - `modified`: both, and they differ in `fields`.
 */
export type ChangeKind = 'synced' | 'missing' | 'extra' | 'modified';

export interface Change {
  readonly key: ResourceKey;
  readonly kind: ChangeKind;
  readonly desired?: KubeObject;
  readonly live?: KubeObject;
  readonly fields: readonly FieldChange[];
}
