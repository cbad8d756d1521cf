// What a kind's own rules get to work with on the write path.
import type { KubeObject } from '../../k8s/index.ts';
import type { Core, User } from '../core.ts';
import type { ResourceType } from '../resource-type.ts';

export interface PrepareContext {
  readonly core: Core;
  readonly type: ResourceType;
  readonly user: User;
  readonly dryRun: boolean;
}

/** Edits a new or changed object before it is validated; `old` is undefined on creation. */
export type Prepare = (context: PrepareContext, object: KubeObject, old: KubeObject | undefined) => void;
