// The annotation `fairlead.dev/depends-on`: which applications must be Synced and Healthy before this one starts.
// Reads the annotation, decides nothing.
import type { KubeObject } from '../../k8s/index.ts';
import { annotations } from '../annotations.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
/** More would be a mistake: an application of applications is the tool for it. */
const MAX_DEPENDENCIES = 50;

export type DependsOn =
  /** `namespace/name` of each, without repetition. */
  | { readonly kind: 'valid'; readonly keys: readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** `[namespace/]name[,…]`; the namespace is that of the application itself when absent. */
export function dependsOn(app: KubeObject): DependsOn {
  const text = app.metadata.annotations?.[annotations.dependsOn] ?? '';
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const invalid = (what: string): DependsOn => ({
    kind: 'invalid',
    message: `annotation ${annotations.dependsOn}: ${what}; write names of applications, separated by commas`,
  });
  if (words.length > MAX_DEPENDENCIES)
    return invalid(`${words.length} names are more than ${MAX_DEPENDENCIES}`);
  const keys = new Set<string>();
  for (const word of words) {
    const parts = word.split('/');
    const isValid = parts.length <= 2 && parts.every((part) => NAME.test(part));
    if (!isValid) return invalid(`${JSON.stringify(word.slice(0, 100))} is no name of an application`);
    keys.add(parts.length === 2 ? word : `${app.metadata.namespace ?? ''}/${word}`);
  }
  return { kind: 'valid', keys: [...keys] };
}
