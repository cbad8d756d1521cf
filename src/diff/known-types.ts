// Fields of custom resources that hold a built-in type (Argo CD's knownTypeFields): values that mean the same to such
// a type are no difference. Reads the rules, compares nothing.
import { gvkOf, type KubeObject } from '../k8s/index.ts';
import { globMatches } from '../model/index.ts';
import { fieldNames, type Path } from './path.ts';

/** What argocd-cm says of one kind; group and kind may have wildcards. */
export interface KnownTypeRule {
  readonly group: string;
  readonly kind: string;
  readonly fields: readonly KnownTypeField[];
}

export interface KnownTypeField {
  /** Names down to the field; lists on the way are walked through. */
  readonly names: readonly string[];
  /** `object`: any API type, with quantities where such types have them. */
  readonly type: 'quantity' | 'duration' | 'object';
}

/** A type as `argocd-cm` writes it: `core/Quantity`, `meta/v1/Duration`, `core/v1/PodSpec`. Undefined: none. */
export function knownType(text: string): KnownTypeField['type'] | undefined {
  if (text === 'core/Quantity' || text === 'core/v1/Quantity') return 'quantity';
  if (text === 'meta/v1/Duration') return 'duration';
  return /^[a-z0-9.]+\/v\d+((alpha|beta)\d+)?\/[A-Z]\w*$/.test(text) ? 'object' : undefined;
}

/** Fields of known types in this object; empty for nearly all. */
export function knownFieldsOf(
  rules: readonly KnownTypeRule[] | undefined,
  object: KubeObject,
): readonly KnownTypeField[] {
  if (rules === undefined || rules.length === 0) return [];
  const { group, kind } = gvkOf(object);
  return rules
    .filter((rule) => globMatches(rule.group, group) && globMatches(rule.kind, kind))
    .flatMap(({ fields }) => fields);
}

/** The type that is known of the value at `path`: its own, or that of an object around it. */
export function typeAt(fields: readonly KnownTypeField[], path: Path): KnownTypeField['type'] | undefined {
  if (fields.length === 0) return undefined;
  const names = fieldNames(path);
  return fields.find((known) => {
    const isInside = known.names.every((name, index) => names[index] === name);
    return isInside && (known.type === 'object' || known.names.length === names.length);
  })?.type;
}
