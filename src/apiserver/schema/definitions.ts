// Turns the compact definitions of ../data/schemas into Schema values: names mapped, references resolved, each
// definition built once and only when something refers to it.
import { BugError, isRecord } from '../../lib/index.ts';
import type { Schema } from './types.ts';

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

/** Extension keywords and their names in Schema. */
export const EXTENSIONS: Readonly<Record<string, keyof Schema>> = {
  'x-kubernetes-int-or-string': 'intOrString',
  'x-kubernetes-preserve-unknown-fields': 'preserveUnknownFields',
  'x-kubernetes-embedded-resource': 'embeddedResource',
  'x-kubernetes-list-type': 'listType',
  'x-kubernetes-list-map-keys': 'listMapKeys',
  'x-kubernetes-map-type': 'mapType',
  'x-kubernetes-patch-merge-key': 'patchMergeKey',
  'x-kubernetes-patch-strategy': 'patchStrategy',
  'x-kubernetes-validations': 'validations',
};

type Building = { -readonly [K in keyof Schema]: Schema[K] };

/** @returns a function from definition name to schema; @throws BugError (from it) for unknown names */
export function schemaReader(definitions: Readonly<Record<string, unknown>>): (name: string) => Schema {
  const built = new Map<string, Building>();
  const unfinished = new Set<string>();

  function named(name: string): Schema {
    const known = built.get(name);
    if (known !== undefined) return known;
    const source = definitions[name];
    if (!isRecord(source)) throw new BugError(`There is no definition named '${name}'`);
    const schema: Building = {};
    built.set(name, schema);
    unfinished.add(name);
    Object.assign(schema, special(name) ?? build(source), {
      definition: name.slice(name.lastIndexOf('.') + 1),
    });
    unfinished.delete(name);
    return schema;
  }

  function build(source: Readonly<Record<string, unknown>>): Schema {
    const { ref, ...own } = source;
    if (typeof ref !== 'string') return members(own);
    const target = named(ref);
    if (Object.keys(own).length === 0) return target;
    if (unfinished.has(ref)) throw new BugError(`A reference to ${ref} from within itself carries keywords`);
    return { ...target, ...members(own) };
  }

  /** Elements exist only when written, so a struct's `{}` default says nothing there. */
  function element(source: Readonly<Record<string, unknown>>): Schema {
    const { default: initial, ...rest } = source;
    return build(isRecord(initial) ? rest : source);
  }

  function members(source: Readonly<Record<string, unknown>>): Schema {
    const schema: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(source)) {
      if (key === 'properties' && isRecord(value)) {
        const properties: Record<string, Schema> = {};
        for (const name in value) properties[name] = build(value[name] as Record<string, unknown>);
        schema['properties'] = properties;
      } else if ((key === 'items' || key === 'additionalProperties') && isRecord(value))
        schema[key] = element(value);
      else if (key === 'format' && value === 'int-or-string') schema['intOrString'] = true;
      else if (key !== 'oneOf') schema[EXTENSIONS[key] ?? key] = value;
    }
    return schema;
  }

  return named;
}

function special(name: string): Schema | undefined {
  if (name === QUANTITY) return { format: 'quantity' };
  if (name === RAW_EXTENSION) return { type: 'object', preserveUnknownFields: true, mapType: 'atomic' };
  return undefined;
}
