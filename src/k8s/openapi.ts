// The merge rules of a cluster's types from its OpenAPI v3 documents: which lists are keyed, which are sets, which
// values are replaced as a whole. Reads one document per group version, when first asked, and keeps only the rules.
import { isRecord, SingleFlight } from '../lib/index.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import type { GroupVersionKind } from './object.ts';

/** How one field merges. Children are read on demand: some schemas contain themselves. */
export type FieldSchema =
  | {
      readonly kind: 'object';
      readonly field: (name: string) => FieldSchema | undefined;
      /** Declared fields; a free map has none. */
      readonly names: readonly string[];
      /** Replaced as a whole. */
      readonly atomic: boolean;
      /** Fields without a schema are kept (custom resources). */
      readonly open: boolean;
    }
  | {
      readonly kind: 'list';
      readonly listType: 'atomic' | 'set' | 'map';
      /** Fields that identify an item of a `map` list. */
      readonly keys: readonly string[];
      /** Default values of keys, e.g. `protocol: TCP`. */
      readonly keyDefaults: Readonly<Record<string, unknown>>;
      readonly items: () => FieldSchema;
    }
  | { readonly kind: 'scalar'; readonly type: string; readonly format: string }
  /** Anything may be here, and nothing is said about merging it. */
  | { readonly kind: 'any' };

const ANY: FieldSchema = { kind: 'any' };

export class OpenApi {
  readonly #client: KubeClient;
  readonly #flights = new SingleFlight<void>();
  /** Path of a group version (`apis/apps/v1`) → URL, which holds a hash of the content. */
  #index: ReadonlyMap<string, string> | undefined;
  readonly #documents = new Map<string, { readonly url: string; readonly kinds: Kinds }>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * The schema of a type; undefined when the server publishes none for it. Throws KubeError when it cannot be read.
   */
  async schemaOf(gvk: GroupVersionKind, signal?: AbortSignal): Promise<FieldSchema | undefined> {
    const path = gvk.group === '' ? `api/${gvk.version}` : `apis/${gvk.group}/${gvk.version}`;
    const known = this.#documents.get(path)?.kinds.get(`${gvk.group}/${gvk.version}/${gvk.kind}`);
    if (known !== undefined) return known;
    await this.#flights.run(path, () => this.#load(path, signal));
    return this.#documents.get(path)?.kinds.get(`${gvk.group}/${gvk.version}/${gvk.kind}`);
  }

  /** Looks for new documents: after definitions changed. Documents whose hash stayed are kept. */
  async refresh(signal?: AbortSignal): Promise<void> {
    this.#index = await this.#readIndex(signal);
    for (const [path, { url }] of this.#documents) {
      if (this.#index.get(path) !== url) this.#documents.delete(path);
    }
  }

  async #load(path: string, signal?: AbortSignal): Promise<void> {
    this.#index ??= await this.#readIndex(signal);
    let url = this.#index.get(path);
    if (url === undefined) {
      // A type that appeared after the index was read.
      await this.refresh(signal);
      url = this.#index?.get(path);
    }
    if (url === undefined || this.#documents.get(path)?.url === url) return;
    const [pathname = '', query = ''] = url.split('?');
    const hash = new URLSearchParams(query).get('hash') ?? undefined;
    const document = await this.#readJson(pathname, signal, hash);
    this.#documents.set(path, { url, kinds: kindsOf(document) });
  }

  async #readIndex(signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { paths } = await this.#readJson('/openapi/v3', signal);
    const index = new Map<string, string>();
    for (const [path, entry] of Object.entries(isRecord(paths) ? paths : {})) {
      if (isRecord(entry)) index.set(path, String(entry.serverRelativeURL));
    }
    return index;
  }

  async #readJson(path: string, signal?: AbortSignal, hash?: string): Promise<Record<string, unknown>> {
    const { text } = await this.#client.raw({ path, query: { hash }, signal });
    try {
      const document: unknown = JSON.parse(text);
      if (isRecord(document)) return document;
    } catch {
      // Falls through.
    }
    throw new KubeError(
      'SERVER',
      `Cannot read ${path} on ${this.#client.server}: the answer is not a JSON object`,
    );
  }
}

type Kinds = ReadonlyMap<string, FieldSchema>;
type Schemas = Readonly<Record<string, Record<string, unknown>>>;

/** The schemas of one OpenAPI v3 document by `group/version/kind`. */
export function kindsOf(document: Record<string, unknown>): Kinds {
  const components = isRecord(document.components) ? document.components : {};
  const schemas = (isRecord(components.schemas) ? components.schemas : {}) as Schemas;
  dropProse(schemas);
  const build = new SchemaBuilder(schemas);
  const kinds = new Map<string, FieldSchema>();
  for (const [name, schema] of Object.entries(schemas)) {
    const gvks = schema['x-kubernetes-group-version-kind'];
    // Types with many (DeleteOptions, Status) belong to every group and are never applied.
    if (!Array.isArray(gvks) || gvks.length !== 1) continue;
    for (const gvk of gvks.filter(isRecord)) {
      kinds.set(`${gvk.group ?? ''}/${gvk.version}/${gvk.kind}`, build.named(name));
    }
  }
  return kinds;
}

/**
 * The schema at a path of field names and list steps (`*` is any item of a list), e.g. `spec.containers.*.ports`.
 * Undefined where the schema ends.
 */
export function schemaAt(root: FieldSchema | undefined, path: readonly string[]): FieldSchema | undefined {
  let schema = root;
  for (const step of path) {
    if (schema?.kind === 'object') schema = schema.field(step);
    else if (schema?.kind === 'list' && step === '*') schema = schema.items();
    else return undefined;
  }
  return schema;
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Turns OpenAPI into FieldSchema; each named schema once, each field when first asked for. */
class SchemaBuilder {
  readonly #schemas: Schemas;
  readonly #named = new Map<string, FieldSchema>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  named(name: string): FieldSchema {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const schema = this.#schemas[name];
    const built: FieldSchema =
      name === QUANTITY
        ? { kind: 'scalar', type: 'string', format: 'quantity' }
        : schema === undefined
          ? ANY
          : this.#build(schema);
    this.#named.set(name, built);
    return built;
  }

  #build(schema: Record<string, unknown>): FieldSchema {
    const name = referenceOf(schema);
    // Beside a reference a field may say how it merges; then that wins over what the named schema says.
    if (name !== undefined) return withMapType(this.named(name), schema);
    if (schema['x-kubernetes-int-or-string'] === true) return scalar('string', 'int-or-string');
    if (schema.type === 'array') return this.#list(schema);
    if (
      schema.type === 'object' ||
      isRecord(schema.properties) ||
      schema['x-kubernetes-preserve-unknown-fields']
    ) {
      return this.#object(schema);
    }
    const type = Array.isArray(schema.oneOf) ? 'string' : schema.type;
    return typeof type === 'string' ? scalar(type, String(schema.format ?? '')) : ANY;
  }

  #object(schema: Record<string, unknown>): FieldSchema {
    const properties = isRecord(schema.properties) ? schema.properties : {};
    const rest = schema.additionalProperties;
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true || rest === true;
    const cache = new Map<string, FieldSchema>();
    const field = (name: string): FieldSchema | undefined => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const source = isRecord(own) ? own : isRecord(rest) ? rest : undefined;
      if (source === undefined) return open ? ANY : undefined;
      // Names of a free map are data; all share one schema, kept under a name no field can have.
      const key = source === rest ? '' : name;
      const known = cache.get(key);
      if (known !== undefined) return known;
      const built = this.#build(source);
      cache.set(key, built);
      return built;
    };
    const atomic = schema['x-kubernetes-map-type'] === 'atomic';
    return { kind: 'object', field, names: Object.keys(properties), atomic, open };
  }

  #list(schema: Record<string, unknown>): FieldSchema {
    const itemSchema = isRecord(schema.items) ? schema.items : {};
    const declared = schema['x-kubernetes-list-type'];
    const listType = declared === 'map' || declared === 'set' ? declared : 'atomic';
    const keys = Array.isArray(schema['x-kubernetes-list-map-keys'])
      ? schema['x-kubernetes-list-map-keys'].map(String)
      : [];
    let items: FieldSchema | undefined;
    return {
      kind: 'list',
      listType,
      keys,
      keyDefaults: listType === 'map' ? this.#keyDefaults(itemSchema, keys) : {},
      items: () => {
        items ??= this.#build(itemSchema);
        return items;
      },
    };
  }

  #keyDefaults(itemSchema: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
    const name = referenceOf(itemSchema);
    const schema = name === undefined ? itemSchema : (this.#schemas[name] ?? {});
    const properties = isRecord(schema.properties) ? schema.properties : {};
    // A field that must be given has no default, though the documents of built-in types name a zero value for it.
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    const defaults: Record<string, unknown> = {};
    for (const key of keys) {
      const property = properties[key];
      if (isRecord(property) && !required.includes(key) && property.default !== undefined)
        defaults[key] = property.default;
    }
    return defaults;
  }
}

function scalar(type: string, format: string): FieldSchema {
  return { kind: 'scalar', type, format };
}

/** The name a schema refers to, directly or through a single `allOf`. */
function referenceOf(schema: Record<string, unknown>): string | undefined {
  const [only] = Array.isArray(schema.allOf) && schema.allOf.length === 1 ? schema.allOf : [schema];
  const ref = isRecord(only) ? only.$ref : undefined;
  return typeof ref === 'string' ? ref.slice(ref.lastIndexOf('/') + 1) : undefined;
}

function withMapType(schema: FieldSchema, field: Record<string, unknown>): FieldSchema {
  const mapType = field['x-kubernetes-map-type'];
  if (schema.kind !== 'object' || mapType === undefined) return schema;
  return { ...schema, atomic: mapType === 'atomic' };
}

/** Drops prose, which is most of a document, in place. A field named `description` is an object and stays. */
function dropProse(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) dropProse(item);
  } else if (isRecord(value)) {
    if (typeof value.description === 'string') value.description = undefined;
    for (const name in value) dropProse(value[name]);
  }
}
