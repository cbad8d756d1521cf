// Everything a `kustomize build` will read, found by following the kustomization files as kustomize does.
import { isRecord, joinInside, parseYaml, parseYamlDocuments } from '../../lib/index.ts';
import type { InputRead } from '../../model/index.ts';
import { KUSTOMIZATION_FILES } from '../detect.ts';
import { type RenderError, sourceError } from '../errors.ts';
import type { RenderContext } from '../request.ts';
import { loadsOf, misspelt, notPlain } from './loads.ts';

export type Kustomization = Record<string, unknown>;

export interface KustomizeInputs {
  /** Path of the application's own kustomization file, and what it says. */
  readonly file: string;
  readonly kustomization: Kustomization;
  /** Paths to lay out on disk. */
  readonly paths: readonly string[];
  readonly reads: readonly InputRead[];
  readonly usesHelm: boolean;
}

const MAX_KUSTOMIZATIONS = 2_000;
const MAX_DEPTH = 100;

/** `extra`: what the spec adds to the application's own kustomization, paths relative to it. */
export async function kustomizeInputs(
  context: RenderContext,
  extra: { readonly components: readonly string[]; readonly patches: readonly string[] },
): Promise<KustomizeInputs> {
  const walk = new Walk(context);
  const own = await walk.kustomization(context.path, 0, []);
  for (const path of extra.patches) await walk.file(context.path, path, 'kustomize.patches');
  for (const path of extra.components)
    await walk.reference(context.path, path, 'kustomize.components', 0, []);
  return { ...own, ...walk.result() };
}

class Walk {
  readonly #context: RenderContext;
  readonly #reads = new Map<string, InputRead>();
  readonly #paths = new Set<string>();
  readonly #visited = new Map<string, { file: string; kustomization: Kustomization }>();
  #usesHelm = false;

  constructor(context: RenderContext) {
    this.#context = context;
  }

  result(): Pick<KustomizeInputs, 'paths' | 'reads' | 'usesHelm'> {
    return {
      paths: [...this.#paths],
      reads: [...this.#reads.values()],
      usesHelm: this.#usesHelm,
    };
  }

  /** Follows the kustomization in directory `at`. */
  async kustomization(
    at: string,
    depth: number,
    trail: readonly string[],
  ): Promise<{ file: string; kustomization: Kustomization }> {
    const known = this.#visited.get(at);
    if (known !== undefined) {
      if (trail.includes(at))
        throw invalid(
          `${at || 'The repository root'} includes itself (${[...trail, at].join(' → ')}); remove the cycle`,
        );
      return known;
    }
    if (depth > MAX_DEPTH || this.#visited.size >= MAX_KUSTOMIZATIONS) {
      throw sourceError(
        'RENDER_LIMIT',
        `The kustomization at ${this.#context.path} follows more than ${MAX_KUSTOMIZATIONS} others, or too deeply`,
      );
    }
    const file = await this.#find(at);
    const kustomization = await this.#parse(file);
    const found = { file, kustomization };
    this.#visited.set(at, found);
    await this.#follow(at, kustomization, depth, [...trail, at]);
    return found;
  }

  /** A `resources`-like entry: a file, a directory with a kustomization, or something remote. */
  async reference(
    at: string,
    entry: string,
    field: string,
    depth: number,
    trail: readonly string[],
  ): Promise<void> {
    const path = joinInside(at, entry);
    const found = path === undefined ? undefined : await this.#context.tree.stat(path);
    if (path !== undefined && found?.kind === 'directory') {
      await this.kustomization(path, depth + 1, trail);
    } else if (path !== undefined && found?.kind === 'file') {
      this.#note(path, found.id);
    } else if (isRemote(entry)) {
      this.#remote(at, entry, field);
    } else {
      if (path === undefined) throw outside(at, entry, field);
      this.#reads.set(path, { path, id: 'absent' });
    }
  }

  /** A plain file. */
  async file(at: string, entry: string, field: string): Promise<void> {
    const path = joinInside(at, entry);
    if (path === undefined) {
      if (isRemote(entry)) return this.#remote(at, entry, field);
      throw outside(at, entry, field);
    }
    const found = await this.#context.tree.stat(path);
    if (found === undefined && isRemote(entry)) return this.#remote(at, entry, field);
    if (found === undefined) this.#reads.set(path, { path, id: 'absent' });
    else this.#note(path, found.id);
  }

  async #follow(at: string, content: Kustomization, depth: number, trail: readonly string[]): Promise<void> {
    for (const field of ['resources', 'bases', 'components']) {
      for (const entry of texts(content[field])) await this.reference(at, entry, field, depth, trail);
    }
    for (const entry of ['crds', 'configurations'].flatMap((field) => texts(content[field]))) {
      await this.file(at, entry, 'crds');
    }
    await this.#patches(at, content);
    await this.#generators(at, content);
    await this.#plugins(at, content, depth, trail);
    await this.#helm(at, content);
  }

  async #patches(at: string, content: Kustomization): Promise<void> {
    for (const field of ['patches', 'patchesJson6902', 'replacements']) {
      for (const entry of records(content[field])) {
        if (typeof entry['path'] === 'string' && entry['path'] !== '')
          await this.file(at, entry['path'], field);
      }
    }
    for (const entry of texts(content['patchesStrategicMerge'])) {
      if (!isInline(entry)) await this.file(at, entry, 'patchesStrategicMerge');
    }
    const openapi = content['openapi'];
    if (isRecord(openapi) && typeof openapi['path'] === 'string')
      await this.file(at, openapi['path'], 'openapi');
  }

  async #generators(at: string, content: Kustomization): Promise<void> {
    for (const field of ['configMapGenerator', 'secretGenerator']) {
      for (const entry of records(content[field])) {
        for (const source of texts(entry['files'])) {
          const equals = source.indexOf('=');
          await this.file(at, equals < 0 ? source : source.slice(equals + 1), `${field}.files`);
        }
        for (const source of [...texts(entry['envs']), ...texts([entry['env']])]) {
          await this.file(at, source, `${field}.envs`);
        }
      }
    }
  }

  /** Plugin configurations may name further files, all of which lie below the kustomization: it is read whole then. */
  async #plugins(at: string, content: Kustomization, depth: number, trail: readonly string[]): Promise<void> {
    for (const field of ['generators', 'transformers', 'validators']) {
      const entries = texts(content[field]);
      for (const entry of entries) {
        if (isInline(entry)) this.#localOnly(at, entry, field, 'an inline configuration');
        else await this.#plugin(at, entry, field, depth, trail);
      }
      if (entries.length > 0) await this.#whole(at);
    }
  }

  /** A file with configurations, or a directory of such files: what they load is looked at before they run. */
  async #plugin(
    at: string,
    entry: string,
    field: string,
    depth: number,
    trail: readonly string[],
  ): Promise<void> {
    await this.reference(at, entry, field, depth, trail);
    const path = joinInside(at, entry);
    const found = path === undefined ? undefined : await this.#context.tree.stat(path);
    if (path === undefined || found === undefined) return;
    if (found.kind === 'file') {
      const text = Buffer.from(await this.#context.tree.read(path)).toString('utf8');
      this.#localOnly(at, text, field, path);
      return;
    }
    const { kustomization = {} } = this.#visited.get(path) ?? {};
    const extra = notPlain(kustomization);
    if (extra !== undefined) {
      throw sourceError(
        'RENDER_FEATURE_REFUSED',
        `${field} of the kustomization in ${at || 'the repository root'} names ${path}, whose kustomization has ${extra}; what plugins load has to be written down, so only resources are allowed there`,
      );
    }
    for (const inner of texts(kustomization['resources']))
      await this.#plugin(path, inner, field, depth + 1, [...trail, at]);
  }

  #localOnly(at: string, text: string, field: string, name: string): void {
    for (const { value } of parseYamlDocuments(text, { name: `${name} of ${field}` })) {
      for (const load of loadsOf(value)) if (isRemote(load)) this.#remote(at, load, field);
    }
  }

  async #helm(at: string, content: Kustomization): Promise<void> {
    const uses = ['helmCharts', 'helmChartInflationGenerator'].filter(
      (field) => records(content[field]).length > 0,
    );
    if (uses.length === 0) return;
    if (!this.#context.settings.allowKustomizeHelm) {
      throw sourceError(
        'RENDER_FEATURE_REFUSED',
        `The kustomization in ${at || 'the repository root'} uses ${uses.join(' and ')}, which is off; allow it with --enable-helm in kustomize.buildOptions of argocd-cm, or make the chart a source of its own`,
      );
    }
    this.#usesHelm = true;
    await this.#whole(at);
  }

  async #whole(at: string): Promise<void> {
    this.#paths.add(at);
    for (const read of await this.#context.tree.closure(at)) this.#reads.set(read.path, read);
  }

  async #find(at: string): Promise<string> {
    let found: string | undefined;
    for (const name of KUSTOMIZATION_FILES) {
      const path = at === '' ? name : `${at}/${name}`;
      const entry = await this.#context.tree.stat(path);
      if (entry?.kind === 'file') {
        this.#note(path, entry.id);
        found ??= path;
      } else {
        this.#reads.set(path, { path, id: 'absent' });
      }
    }
    if (found !== undefined) return found;
    throw invalid(
      `${at || 'The repository root'} has no kustomization.yaml, kustomization.yml or Kustomization; add one or correct the path that names it`,
    );
  }

  async #parse(file: string): Promise<Kustomization> {
    const text = Buffer.from(await this.#context.tree.read(file)).toString('utf8');
    const value = parseYaml(text, { name: file });
    if (value === null) return {};
    if (!isRecord(value)) throw invalid(`${file} must hold a mapping`);
    const wrong = misspelt(value);
    if (wrong !== undefined)
      throw invalid(
        `${file} has ${JSON.stringify(wrong.seen)}, which kustomize takes for ${wrong.known}; write it so`,
      );
    return value;
  }

  #note(path: string, id: string): void {
    this.#paths.add(path);
    this.#reads.set(path, { path, id });
  }

  #remote(at: string, entry: string, field: string): never {
    throw sourceError(
      'RENDER_REMOTE_REFUSED',
      `${field} of the kustomization in ${at || 'the repository root'} names ${JSON.stringify(redact(entry))}, which is remote; renders never use the network, so commit a copy of it`,
    );
  }
}

function isRemote(entry: string): boolean {
  return (
    /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(entry) ||
    /^(?:git::|git@|[A-Za-z0-9_-]+@[^/]+:)/.test(entry) ||
    /[?&](?:ref|version)=/.test(entry) ||
    /^(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+[/:]/.test(entry)
  );
}

function redact(entry: string): string {
  return entry.replace(/:\/\/[^/@]*@/, '://').slice(0, 200);
}

/** Inline YAML instead of a path. */
function isInline(entry: string): boolean {
  return entry.includes('\n') || /^\s*[{[]/.test(entry) || /:\s/.test(entry);
}

function texts(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && item !== '')
    : [];
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function outside(at: string, entry: string, field: string): RenderError {
  return sourceError(
    'RENDER_PATH_REFUSED',
    `${field} of the kustomization in ${at || 'the repository root'} names ${JSON.stringify(entry.slice(0, 200))}, which is outside the repository; move it inside`,
  );
}

function invalid(message: string): RenderError {
  return sourceError('RENDER_SOURCE_INVALID', message);
}
