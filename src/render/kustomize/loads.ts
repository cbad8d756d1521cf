// What makes kustomize load something: the fields of kustomizations and of the configurations of its built-in plugins.
// kustomize reads the names of fields as Go reads JSON, whatever their case, and loads a URL wherever it loads a file.
import { isRecord } from '../../lib/index.ts';

const FIELDS = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'openapi',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'replacements',
  'configMapGenerator',
  'secretGenerator',
  'generators',
  'transformers',
  'validators',
  'helmCharts',
  'helmChartInflationGenerator',
  'helmGlobals',
];
/** Of the entries of those fields. */
const MEMBERS = ['path', 'files', 'envs', 'env'];
/** Of plugin configurations. */
const LOADS = new Set(['path', 'paths', 'file', 'files', 'env', 'envs', 'repo', 'valuesfile', 'chart']);
/** A directory of plugin configurations with nothing else is one whose configurations are the files in it. */
const PLAIN = new Set(['apiVersion', 'kind', 'metadata', 'resources']);

/** A field that kustomize takes for another one, which is how it has to be written; undefined when there is none. */
export function misspelt(
  kustomization: Readonly<Record<string, unknown>>,
): { readonly seen: string; readonly known: string } | undefined {
  const own = misspeltIn(kustomization, FIELDS);
  if (own !== undefined) return own;
  for (const field of FIELDS) {
    for (const entry of [kustomization[field]].flat()) {
      const inside = isRecord(entry) ? misspeltIn(entry, MEMBERS) : undefined;
      if (inside !== undefined) return inside;
    }
  }
  return undefined;
}

function misspeltIn(
  record: Readonly<Record<string, unknown>>,
  names: readonly string[],
): { readonly seen: string; readonly known: string } | undefined {
  for (const seen of Object.keys(record)) {
    const known = names.find((name) => name !== seen && folded(name) === folded(seen));
    if (known !== undefined) return { seen, known };
  }
  return undefined;
}

/** As Go's encoding/json compares names: also the long s and the Kelvin sign. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k');
}

/** A member besides `resources`, with which what a directory of plugin configurations gives is decided elsewhere. */
export function notPlain(kustomization: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(kustomization).find((key) => !PLAIN.has(key));
}

/** Everything a plugin configuration makes kustomize load, as it is written. */
export function* loadsOf(value: unknown, isLoad = false): Generator<string> {
  if (typeof value === 'string') {
    if (isLoad) yield value.replace(/^[^=/:]*=/, '');
  } else if (Array.isArray(value)) {
    for (const item of value) yield* loadsOf(item, isLoad);
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) yield* loadsOf(inner, isLoad || LOADS.has(folded(key)));
  }
}
