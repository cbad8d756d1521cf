// Finds members of a body that no schema knows: a misspelt `prun` must not quietly be a sync without pruning. Pure.
import { z } from 'zod';
import { isRecord } from '../lib/index.ts';

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
}

const shapes = new WeakMap<z.ZodType, Shape>();
/** Enough to correct a body; more would be a dump of it. */
const MAX_SHOWN = 5;
const MAX_NAME_CHARS = 60;

/** Paths of the first members that `schema` does not know; `value` was accepted by it. */
export function unknownMembers(schema: z.ZodType, value: unknown): readonly string[] {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
    shapes.set(schema, shape);
  }
  return found(shape, shape, value, '').slice(0, MAX_SHOWN);
}

function found(root: Shape, given: Shape, value: unknown, path: string): string[] {
  const shape = given.$ref === undefined ? given : resolved(root, given.$ref);
  if (shape.anyOf !== undefined) {
    // The alternative that knows the most is the one that was meant.
    const each = shape.anyOf
      .filter((option) => fits(root, option, value))
      .map((option) => found(root, option, value, path));
    return each.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  if (Array.isArray(value)) {
    const { items } = shape;
    return items === undefined ? [] : value.flatMap((item, i) => found(root, items, item, `${path}[${i}]`));
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? shown(name) : `${path}.${shown(name)}`;
    const known = shape.properties !== undefined && Object.hasOwn(shape.properties, name);
    if (known) return found(root, shape.properties?.[name] ?? {}, inner, at);
    const rest = shape.additionalProperties;
    if (isRecord(rest)) return found(root, rest as Shape, inner, at);
    return shape.properties === undefined || rest === true ? [] : [at];
  });
}

function fits(root: Shape, given: Shape, value: unknown): boolean {
  const shape = given.$ref === undefined ? given : resolved(root, given.$ref);
  const { type } = shape as { readonly type?: string };
  if (type === undefined) return true;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isRecord(value);
  return value === null ? type === 'null' : !Array.isArray(value) && !isRecord(value);
}

function resolved(root: Shape, reference: string): Shape {
  if (reference === '#') return root;
  return root.$defs?.[reference.replace('#/$defs/', '')] ?? {};
}

function shown(name: string): string {
  return /^[\w./-]+$/.test(name)
    ? name.slice(0, MAX_NAME_CHARS)
    : JSON.stringify(name.slice(0, MAX_NAME_CHARS));
}
