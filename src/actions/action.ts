// What an action is: something a person can do to one object, beyond what Git says. Types only.
import type { KubeObject } from '../k8s/index.ts';

/** A value the caller may give; names as in Argo CD's API. */
export interface ActionParameter {
  readonly name: string;
  readonly type?: string;
  readonly default?: string;
}

/** How an action shows itself. */
export interface ActionInfo {
  readonly name: string;
  readonly displayName?: string;
  /** Font Awesome classes, as Argo CD's page has them. */
  readonly iconClass?: string;
  readonly disabled: boolean;
  readonly params?: readonly ActionParameter[];
}

/** What running an action wants written. `patch`: the object as it should be; only the difference is sent. */
export interface ImpactedResource {
  readonly operation: 'create' | 'patch';
  readonly resource: KubeObject;
}

export interface ActionRun {
  readonly object: KubeObject;
  readonly params: Readonly<Record<string, string>>;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** An action written in TypeScript. Throws ActionError. */
export interface NativeAction {
  readonly name: string;
  readonly displayName?: string;
  readonly iconClass?: string;
  readonly disabled?: boolean;
  readonly params?: readonly ActionParameter[];
  /** The object as it should be, or the objects to write. */
  run(call: ActionRun): KubeObject | readonly ImpactedResource[];
}

/** The actions of one kind for an object as it is. */
export type ActionFamily = (object: KubeObject) => readonly NativeAction[];
