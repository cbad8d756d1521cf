// Resource actions: what a person can do to one object of an application.
import { z } from 'zod';
import { ApplicationScope } from './applications.ts';
import { text } from './query.ts';

/** Which object is meant; names as in Argo CD. */
export const ActionQuery = ApplicationScope.extend({
  namespace: text,
  resourceName: text,
  version: text,
  group: text,
  kind: text,
});

export interface ActionInfo {
  readonly name: string;
  readonly displayName?: string;
  readonly iconClass?: string;
  /** There is such an action, but not for the object as it is now. */
  readonly disabled: boolean;
  readonly params?: readonly { readonly name: string; readonly type?: string; readonly default?: string }[];
}

export interface ResourceActionList {
  readonly actions: readonly ActionInfo[];
}

export const ActionParameter = z.object({ name: z.string(), value: z.string() });

/** The body of the first version: the name of the action as a JSON text; the object stands in the query. */
export const ActionRunBody = z.string();

export const ActionRunRequest = z.object({
  name: z.string().optional(),
  appNamespace: z.string().optional(),
  project: z.string().optional(),
  namespace: z.string().nullish(),
  resourceName: z.string(),
  version: z.string().nullish(),
  group: z.string().nullish(),
  kind: z.string(),
  action: z.string(),
  resourceActionParameters: z.array(ActionParameter).max(100).nullish(),
});
export type ActionRunRequest = z.input<typeof ActionRunRequest>;
