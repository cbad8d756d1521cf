// Writes src/apiserver/data/protobuf-messages.json.br: the members of the API's protobuf messages with the JSON names
// and zero rules of the Go structs behind them. Clients made by client-go send bodies in this form.
// Usage: node tools/update-protobuf-messages.ts <folder of k8s.io modules> <their version>
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/** Where each protobuf package lives under the modules folder. */
const ROOTS: readonly (readonly [module: string, folder: string, prefix: string])[] = [
  ['api', '', 'k8s.io.api'],
  ['apimachinery', 'pkg', 'k8s.io.apimachinery.pkg'],
  ['apiextensions-apiserver', 'pkg/apis', 'k8s.io.apiextensions_apiserver.pkg.apis'],
  ['kube-aggregator', 'pkg/apis', 'k8s.io.kube_aggregator.pkg.apis'],
];

/** number, JSON name ('' for members written into the parent), type, repeated, value type of a map, dropped when zero */
type Member = [number: number, name: string, type: string, repeated: 0 | 1, mapValue: string, omit: 0 | 1];

interface GoTag {
  readonly json: string;
  readonly omitEmpty: boolean;
  readonly pointer: boolean;
}

/** Go struct → protobuf name → tag. */
function readTags(folder: string): Map<string, Map<string, GoTag>> {
  const structs = new Map<string, Map<string, GoTag>>();
  for (const file of readdirSync(folder)) {
    if (
      !file.endsWith('.go') ||
      file.endsWith('_test.go') ||
      file.startsWith('zz_') ||
      file === 'generated.pb.go'
    )
      continue;
    let current: Map<string, GoTag> | undefined;
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const start = /^type (\w+) struct/.exec(line);
      if (start !== null) {
        current = new Map();
        structs.set(start[1] ?? '', current);
        continue;
      }
      const field = /^\t(?:\w+\s+)?(\S+)\s+`json:"([^"]*)" protobuf:"([^"]*)"/.exec(line);
      if (field === null) continue;
      const [, type = '', json = '', protobuf = ''] = field;
      const bare = type.split('.').at(-1) ?? '';
      const name = /name=(\w+)/.exec(protobuf)?.[1] ?? `${bare.charAt(0).toLowerCase()}${bare.slice(1)}`;
      const [jsonName = '', ...flags] = json.split(',');
      current?.set(name, {
        json: jsonName,
        omitEmpty: flags.includes('omitempty'),
        pointer: type.startsWith('*'),
      });
    }
  }
  return structs;
}

function readMessages(folder: string, prefix: string, messages: Record<string, Member[]>): void {
  const tags = readTags(folder);
  let name = '';
  for (const line of readFileSync(join(folder, 'generated.proto'), 'utf8').split('\n')) {
    const start = /^message (\w+) \{/.exec(line);
    if (start !== null) {
      name = start[1] ?? '';
      messages[`${prefix}.${name}`] = [];
      continue;
    }
    const map = /^ {2}map<string, \.?([\w.]+)> (\w+) = (\d+);/.exec(line);
    const field = /^ {2}(optional|repeated|required) \.?([\w.]+) (\w+) = (\d+);/.exec(line);
    const parts = map === null ? field?.slice(1) : ['map', map[1], map[2], map[3]];
    if (parts === undefined) continue;
    const [label = '', rawType = '', protoName = '', number = ''] = parts;
    const tag = tags.get(name)?.get(protoName);
    const type =
      /^(string|bool|int32|int64|double|bytes)$/.test(rawType) || rawType.includes('.')
        ? rawType
        : `${prefix}.${rawType}`;
    const omit = tag?.omitEmpty === true && !tag.pointer ? 1 : 0;
    const json = tag === undefined ? protoName : tag.json;
    const repeated = label === 'repeated' ? 1 : 0;
    messages[`${prefix}.${name}`]?.push([
      Number(number),
      json,
      label === 'map' ? 'map' : type,
      repeated,
      label === 'map' ? type : '',
      omit,
    ]);
  }
}

const [modules = '', version = ''] = process.argv.slice(2);
const messages: Record<string, Member[]> = {};
for (const [module, sub, prefix] of ROOTS) {
  const root = join(modules, `${module}@${version}`, sub);
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('/generated.proto')) continue;
    const folder = file.split('/').slice(0, -1);
    const released = /^v\d+$/.test(folder.at(-1) ?? '');
    if (released || module === 'apimachinery')
      readMessages(join(root, ...folder), `${prefix}.${folder.join('.')}`, messages);
  }
}
const plain = JSON.stringify(messages);
const packed = brotliCompressSync(plain);
writeFileSync(join(import.meta.dirname, '../src/apiserver/data/protobuf-messages.json.br'), packed);
console.log(`${Object.keys(messages).length} messages, ${plain.length} bytes, packed ${packed.length}`);
