// Reads from Go source which JSON members of a struct are left out when they hold their zero value: plain
// (not pointer, slice or map) fields tagged `omitempty`. The OpenAPI documents do not say that.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface GoStruct {
  readonly omitted: readonly string[];
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

/** @returns for each definition name, the members left out when zero */
export function omittedWhenZero(modulesFolder: string, version: string): Map<string, ReadonlySet<string>> {
  const structs = new Map<string, GoStruct>();
  for (const [module, prefix] of Object.entries(MODULES)) {
    const root = join(modulesFolder, `${module}@${version}`);
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!/\/v\d\w*\/types[^/]*\.go$/.test(file) || file.includes('_test')) continue;
      const folder = file.split('/').slice(0, -1);
      readStructs(readFileSync(join(root, file), 'utf8'), `${prefix}.${folder.join('.')}`, structs);
    }
  }
  const result = new Map<string, ReadonlySet<string>>();
  for (const name of structs.keys()) result.set(name, new Set(membersOf(name, structs)));
  return result;
}

function readStructs(source: string, prefix: string, structs: Map<string, GoStruct>): void {
  for (const [, name, body] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const omitted: string[] = [];
    const embedded: string[] = [];
    for (const line of (body ?? '').split('\n')) {
      const field = /^\t(?:(\w+)\s+)?([*\w.[\]]+)\s+`[^`]*json:"([^"]*)"/.exec(line);
      if (field === null) continue;
      const [, own, type = '', tag = ''] = field;
      const [member = '', ...options] = tag.split(',');
      if (own === undefined || options.includes('inline')) embedded.push(type);
      else if (options.includes('omitempty') && !/^(\*|\[|map\[)/.test(type)) omitted.push(member);
    }
    structs.set(`${prefix}.${name ?? ''}`, { omitted, embedded });
  }
}

function membersOf(name: string, structs: ReadonlyMap<string, GoStruct>): string[] {
  const struct = structs.get(name);
  if (struct === undefined) return [];
  const folder = name.slice(0, name.lastIndexOf('.'));
  const inherited = struct.embedded.flatMap((type) => {
    const candidates = type.includes('.')
      ? [`io.k8s.api.core.v1.${type.split('.')[1] ?? ''}`]
      : [`${folder}.${type}`];
    return candidates.flatMap((candidate) => membersOf(candidate, structs));
  });
  return [...struct.omitted, ...inherited];
}
