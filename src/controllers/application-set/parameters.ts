// Shapes of parameter sets: nested as YAML has them (Go templates), or texts with dotted names (the older language).
import { isRecord } from '../../lib/index.ts';

/**
 * What the template is filled in with for one application. With `goTemplate: true` values are nested as YAML has
 * them; otherwise every value is a text and nested members are flattened to names with dots.
 */
export type Parameters = Readonly<Record<string, unknown>>;

/** Members of members as `a.b`, elements of lists as `a.0`; values as texts. Members without a value are left out. */
export function flattened(value: unknown): Record<string, string> {
  const flat: Record<string, string> = {};
  const visit = (name: string, member: unknown): void => {
    const dot = name === '' ? '' : `${name}.`;
    if (Array.isArray(member)) for (const [i, item] of member.entries()) visit(`${dot}${i}`, item);
    else if (isRecord(member)) for (const [key, item] of Object.entries(member)) visit(dot + key, item);
    else if (member !== null && member !== undefined) flat[name] = String(member);
  };
  visit('', value);
  return flat;
}

/** Members of both, deeply; where both have one, that of `over` counts. Lists are not joined. */
export function combined(base: Parameters, over: Parameters): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = isRecord(before) && isRecord(value) ? combined(before, value) : value;
  }
  return result;
}

/** A member by its name, else by its path with dots; undefined when there is none. */
export function memberAt(parameters: Parameters, path: string): unknown {
  if (Object.hasOwn(parameters, path)) return parameters[path];
  let at: unknown = parameters;
  for (const part of path.split('.')) {
    if (!isRecord(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}
