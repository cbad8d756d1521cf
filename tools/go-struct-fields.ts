// Reads from Go source what the OpenAPI documents do not say of a struct's JSON members: which are left out when
// they hold their zero value (plain fields tagged `omitempty`), and which lists and maps are written as null when
// nobody set them (those without the tag).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface GoStruct {
  readonly omitted: readonly string[];
  readonly nulls: readonly string[];
  /** Embedded structs whose members count as this one's own; `v1.Name` or `Name`. */
  readonly embedded: readonly string[];
}

/** The OpenAPI name prefix of each module that defines API types, and where its types live in it. */
const MODULES: Readonly<Record<string, string>> = {
  api: 'io.k8s.api',
  apimachinery: 'io.k8s.apimachinery',
  'apiextensions-apiserver': 'io.k8s.apiextensions-apiserver',
  'kube-aggregator': 'io.k8s.kube-aggregator',
};

export interface ZeroForms {
  /** Members left out when they are '', 0 or false. */
  readonly omitted: ReadonlySet<string>;
  /** Lists and maps written as null when absent. */
  readonly nulls: ReadonlySet<string>;
}

/** @returns by definition name, how the members of the Go struct are written when they are zero */
export function zeroForms(modulesFolder: string, version: string): Map<string, ZeroForms> {
  const structs = new Map<string, GoStruct>();
  for (const [module, prefix] of Object.entries(MODULES)) {
    const root = join(modulesFolder, `${module}@${version}`);
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!/\/v\d\w*\/types[^/]*\.go$/.test(file) || file.includes('_test')) continue;
      const folder = file.split('/').slice(0, -1);
      readStructs(readFileSync(join(root, file), 'utf8'), `${prefix}.${folder.join('.')}`, structs);
    }
  }
  const result = new Map<string, ZeroForms>();
  for (const name of structs.keys()) {
    const found = flattened(name, structs);
    result.set(name, {
      omitted: new Set(found.flatMap(({ omitted }) => omitted)),
      nulls: new Set(found.flatMap(({ nulls }) => nulls)),
    });
  }
  return result;
}

function readStructs(source: string, prefix: string, structs: Map<string, GoStruct>): void {
  for (const [, name, body] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const omitted: string[] = [];
    const nulls: string[] = [];
    const embedded: string[] = [];
    for (const line of (body ?? '').split('\n')) {
      const field = /^\t(?:(\w+)\s+)?([*\w.[\]]+)\s+`[^`]*json:"([^"]*)"/.exec(line);
      if (field === null) continue;
      const [, own, type = '', tag = ''] = field;
      const [member = '', ...options] = tag.split(',');
      if (own === undefined || options.includes('inline')) embedded.push(type);
      else if (options.includes('omitempty')) {
        if (!/^(\*|\[|map\[)/.test(type)) omitted.push(member);
      } else if (/^(\[|map\[)/.test(type)) nulls.push(member);
    }
    structs.set(`${prefix}.${name ?? ''}`, { omitted, nulls, embedded });
  }
}

/** The struct and those it embeds. */
function flattened(name: string, structs: ReadonlyMap<string, GoStruct>): GoStruct[] {
  const struct = structs.get(name);
  if (struct === undefined) return [];
  const folder = name.slice(0, name.lastIndexOf('.'));
  const inherited = struct.embedded.flatMap((type) => {
    const shared = `io.k8s.api.core.v1.${type.split('.')[1] ?? ''}`;
    return flattened(type.includes('.') ? shared : `${folder}.${type}`, structs);
  });
  return [struct, ...inherited];
}
