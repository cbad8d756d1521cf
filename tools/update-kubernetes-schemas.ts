// Writes src/apiserver/data/ from the API documents of a Kubernetes source tree: the list of served resource
// types, the schemas without prose, and the OpenAPI documents. Reads only the folder given; downloads nothing.
// Usage: node tools/update-kubernetes-schemas.ts <kubernetes source>/api <folder of k8s.io modules> <their version>
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { isRecord } from '../src/lib/index.ts';
import { type ZeroForms, zeroForms } from './go-struct-fields.ts';

type Document = Record<string, unknown>;

const TARGET = join(import.meta.dirname, '../src/apiserver/data');

/** Group versions a server of this release serves unless told otherwise: everything that is not alpha or beta. */
function isServed(groupVersion: string): boolean {
  return /^v\d+$/.test(groupVersion.slice(groupVersion.indexOf('/') + 1));
}

function record(value: unknown): Document {
  if (!isRecord(value)) throw new Error(`Expected an object, got ${JSON.stringify(value)?.slice(0, 80)}`);
  return value;
}

function list(value: unknown): Document[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function read(folder: string, ...path: string[]): Document {
  return record(JSON.parse(readFileSync(join(folder, ...path), 'utf8')));
}

function write(name: string, value: unknown): void {
  const plain = Buffer.from(JSON.stringify(value));
  const packed = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  writeFileSync(join(TARGET, `${name}.json.br`), packed);
  console.log(`${name}: ${plain.length} bytes, packed ${packed.length}`);
}

/** Group versions in the order a server offers them. */
function groupVersions(api: string): string[] {
  const groups = list(read(api, 'discovery', 'apis.json')['groups']);
  const named = groups.flatMap((group) =>
    list(group['versions']).map((version) => text(version['groupVersion'])),
  );
  return ['v1', ...named].filter(isServed);
}

function resourcesOf(api: string, groupVersion: string): Document[] {
  const file = groupVersion === 'v1' ? 'api__v1.json' : `apis__${groupVersion.replace('/', '__')}.json`;
  return list(read(api, 'discovery', file)['resources']);
}

function kindsOf(api: string, groupVersion: string, definitions: ReadonlyMap<string, string>): Document[] {
  const [version, group] = groupVersion.split('/').reverse();
  const all = resourcesOf(api, groupVersion);
  return all
    .filter((resource) => !text(resource['name']).includes('/'))
    .map((resource) => ({
      group: group ?? '',
      version,
      resource: resource['name'],
      singular: resource['singularName'],
      kind: resource['kind'],
      listKind: `${text(resource['kind'])}List`,
      namespaced: resource['namespaced'],
      shortNames: resource['shortNames'] ?? [],
      categories: resource['categories'] ?? [],
      verbs: resource['verbs'],
      storageVersionHash: resource['storageVersionHash'],
      definition: definitions.get(`${groupVersion} ${text(resource['kind'])}`),
      subresources: all
        .filter((sub) => text(sub['name']).startsWith(`${text(resource['name'])}/`))
        .map((sub) => ({
          name: text(sub['name']).slice(text(resource['name']).length + 1),
          kind: sub['kind'],
          group: sub['group'] ?? (sub['version'] === undefined ? (group ?? '') : ''),
          version: sub['version'] ?? version,
          verbs: sub['verbs'],
        })),
    }));
}

/** All v3 schemas (equal wherever they occur) and the rest of each served document. */
function readV3(api: string): { schemas: Document; documents: Map<string, Document> } {
  const schemas: Document = {};
  const documents = new Map<string, Document>();
  for (const file of readdirSync(join(api, 'openapi-spec/v3')).sort()) {
    const match = /^(api__v1|apis__(.+)__(v\w+))_openapi\.json$/.exec(file);
    if (match === null) continue;
    const document = read(api, 'openapi-spec/v3', file);
    const components = record(document['components']);
    for (const [name, schema] of Object.entries(record(components['schemas']))) {
      if (name in schemas && JSON.stringify(schemas[name]) !== JSON.stringify(schema)) {
        throw new Error(`Schema ${name} of ${file} differs from the one of another group version`);
      }
      schemas[name] = schema;
    }
    const groupVersion = match[2] === undefined ? 'v1' : `${match[2]}/${match[3] ?? ''}`;
    if (!isServed(groupVersion)) continue;
    components['schemas'] = Object.keys(record(components['schemas']));
    documents.set(groupVersion, document);
  }
  return { schemas, documents };
}

/** A schema without prose; `allOf: [{$ref}]` and `#/components/schemas/` are shortened to `ref`. */
function compact(schema: Document): Document {
  const result: Document = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'description' || key === 'x-kubernetes-group-version-kind' || key === 'x-kubernetes-unions')
      continue;
    if (key === 'allOf') {
      const only = record(list(value)[0]);
      if (list(value).length !== 1)
        throw new Error(`allOf with ${list(value).length} members is not understood`);
      Object.assign(result, compact(only));
    } else if (key === '$ref') result['ref'] = text(value).split('/').at(-1);
    else if (key === 'properties') {
      result[key] = Object.fromEntries(
        Object.entries(record(value)).map(([name, at]) => [name, compact(record(at))]),
      );
    } else if (key === 'items' || (key === 'additionalProperties' && isRecord(value)))
      result[key] = compact(record(value));
    else result[key] = value;
  }
  return result;
}

const SCALARS = ['string', 'integer', 'number', 'boolean'];

/** Adds how a server writes members that are zero. */
function marked(schema: Document, forms: ZeroForms | undefined): Document {
  if (forms === undefined || !isRecord(schema['properties'])) return schema;
  for (const [name, at] of Object.entries(schema['properties'])) {
    const property = record(at);
    if (forms.omitted.has(name) && SCALARS.includes(text(property['type']))) property['omitZero'] = true;
    if (forms.nulls.has(name)) property['nullWhenAbsent'] = true;
  }
  return schema;
}

function definitionIndex(schemas: Document): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemas)) {
    const kinds = list(record(schema)['x-kubernetes-group-version-kind']);
    // Shared helper kinds (DeleteOptions, WatchEvent) list every group; only their own group is theirs.
    if (kinds.length > 1 && !name.startsWith('io.k8s.api.')) continue;
    for (const gvk of kinds) {
      const groupVersion =
        gvk['group'] === '' ? text(gvk['version']) : `${text(gvk['group'])}/${text(gvk['version'])}`;
      index.set(`${groupVersion} ${text(gvk['kind'])}`, name);
    }
  }
  return index;
}

function reachable(from: Iterable<string>, schemas: Document): Set<string> {
  const found = new Set<string>();
  const queue = [...from];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const refs = JSON.stringify(schemas[name]).matchAll(/"\$ref":"[^"]*\/([^"/]+)"/g);
    for (const [, ref] of refs) if (ref !== undefined) queue.push(ref);
  }
  return found;
}

function pick(from: Document, names: ReadonlySet<string>): Document {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name)));
}

function servedPath(path: string): boolean {
  const match = /^\/apis\/[^/]+\/(v[^/]+)/.exec(path);
  return match?.[1] === undefined || isServed(match[1]);
}

/** The v2 document of what is served. */
function v2Document(api: string): Document {
  const swagger = read(api, 'openapi-spec', 'swagger.json');
  const paths = Object.fromEntries(
    Object.entries(record(swagger['paths'])).filter(([path]) => servedPath(path)),
  );
  const definitions = record(swagger['definitions']);
  const used = [...JSON.stringify(paths).matchAll(/"#\/definitions\/([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  return { ...swagger, paths, definitions: pick(definitions, reachable(used, definitions)) };
}

function main([api, modules, version]: readonly string[]): void {
  if (api === undefined || modules === undefined || version === undefined) {
    throw new Error(
      'Usage: node tools/update-kubernetes-schemas.ts <kubernetes>/api <k8s.io modules> <version>',
    );
  }
  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(TARGET, { recursive: true });
  const { schemas, documents } = readV3(api);
  const served = groupVersions(api);
  const index = definitionIndex(schemas);
  write(
    'kinds',
    served.flatMap((groupVersion) => kindsOf(api, groupVersion, index)),
  );
  const roots = [...documents.values()].flatMap(
    (document) => record(document['components'])['schemas'] as string[],
  );
  const wanted = reachable(roots, schemas);
  const kept = pick(schemas, wanted);
  const forms = zeroForms(modules, version);
  write(
    'schemas',
    Object.fromEntries(
      Object.entries(kept).map(([name, schema]) => [name, marked(compact(record(schema)), forms.get(name))]),
    ),
  );
  write('openapi-v3-schemas', kept);
  for (const [groupVersion, document] of documents)
    write(`openapi-v3-${groupVersion.replace('/', '-')}`, document);
  const swagger = v2Document(api);
  write('openapi-v2', swagger);
  writeFileSync(
    join(TARGET, 'NOTICE.md'),
    `The files in this folder are derived from the API documents of Kubernetes (modules ${version}),\n` +
      'copyright The Kubernetes Authors, licensed under the Apache License, Version 2.0\n' +
      '(https://www.apache.org/licenses/LICENSE-2.0). They were filtered to the versions served by\n' +
      'default, split, and compressed by `tools/update-kubernetes-schemas.ts`; the texts are unchanged.\n',
  );
}

main(process.argv.slice(2));
