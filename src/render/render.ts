// One source → manifests: overrides, tool, inputs, then the store or the tool. Everything that decides the output is
// known as the input record before anything runs.
import { join } from 'node:path';
import {
  type Clock,
  canonicalJson,
  digestOf,
  type Exec,
  isAbort,
  joinInside,
  type Logger,
  Lru,
  limits,
  type Random,
  Semaphore,
  SingleFlight,
} from '../lib/index.ts';
import type { InputRead, InputRecord, ManifestSet, SourceType } from '../model/index.ts';
import { ADAPTERS } from './api.ts';
import { detectTool } from './detect.ts';
import { buildEnvironment } from './environment.ts';
import { RenderError, sourceError } from './errors.ts';
import { manifestsDigest } from './manifests.ts';
import { applyOverrides } from './overrides.ts';
import type {
  AdapterDeps,
  PreparedRender,
  RenderContext,
  Renderer,
  RenderRequest,
  RenderSettings,
} from './request.ts';
import { RenderStore, type RenderStoreOptions } from './store.ts';
import { createTools } from './tools.ts';

export interface RendererDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** PATH on which helm, kustomize or kubectl, and jsonnet are looked for. */
  readonly path: string;
  readonly dataDir: string;
  /** Child processes at once; the number of cores is a good choice. */
  readonly concurrency: number;
  /** Current settings; read at each render. */
  readonly settings?: () => Partial<RenderSettings>;
  readonly store?: RenderStoreOptions;
  /** Signs what is stored as files; absent: nothing is. */
  readonly storeKey?: () => Uint8Array | undefined;
  /** A stored file was not what this control plane had written. */
  readonly onForged?: () => void;
  /** Told of each render: by which tool, and whether the store had the answer. */
  readonly onRender?: (tool: SourceType, result: 'hit' | 'miss' | 'failed', seconds: number) => void;
  /** See ToolsDeps.layerZip. */
  readonly layerZip?: string | null;
}

export const DEFAULT_RENDER_SETTINGS: RenderSettings = Object.freeze({
  helmEnabled: true,
  kustomizeEnabled: true,
  jsonnetEnabled: true,
  kustomizeBuildOptions: [],
  allowRemoteBases: false,
  allowKustomizeHelm: false,
  helmValuesFileSchemes: [],
  maxManifestBytes: limits.manifestBytes,
});

const MAX_MEMOS = 5_000;

export function createRenderer(deps: RendererDeps): Renderer {
  const store = new RenderStore(deps, deps.store);
  const flights = new SingleFlight<ManifestSet>();
  const memos = new Lru<object>(MAX_MEMOS);
  const processes = new Semaphore(Math.max(1, deps.concurrency));
  const adapterDeps: AdapterDeps = {
    exec: deps.exec,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
    tools: createTools(deps),
    remotePath: deps.path,
    scratchDir: join(deps.dataDir, 'scratch'),
    async memo<T extends object>(key: string, make: () => Promise<T>): Promise<T> {
      const known = memos.get(key) as T | undefined;
      if (known !== undefined) return known;
      const made = await make();
      memos.set(key, made);
      return made;
    },
    childProcess: (task) => processes.run(task),
  };
  return {
    async render(request, signal) {
      signal?.throwIfAborted();
      const settings = { ...DEFAULT_RENDER_SETTINGS, ...deps.settings?.() };
      if (isReferenceOnly(request)) return emptySet(request);
      const { prepared, record } = await prepare(adapterDeps, settings, request);
      const inputKey = digestOf(record);
      const begun = deps.clock.monotonic();
      const tell = (result: 'hit' | 'miss' | 'failed'): void =>
        deps.onRender?.(record.sourceType, result, (deps.clock.monotonic() - begun) / 1_000);
      const stored = await stale(() => store.get(inputKey), request.fresh === true);
      if (stored !== undefined && request.fresh !== true) {
        tell('hit');
        return stored;
      }
      // One run for all who want the same; its own deadlines end it, not the patience of one of them.
      try {
        const set = await flights.run(inputKey, () =>
          run({ store, log: deps.log, prepared, record, inputKey, stored }),
        );
        tell('miss');
        return set;
      } catch (error) {
        tell('failed');
        throw error;
      }
    },
    close: () => store.flush(),
  };
}

/** For a fresh render a remembered failure is no answer. */
async function stale(
  get: () => Promise<ManifestSet | undefined>,
  fresh: boolean,
): Promise<ManifestSet | undefined> {
  if (!fresh) return await get();
  return await get().catch(() => undefined);
}

async function prepare(
  deps: AdapterDeps,
  settings: RenderSettings,
  request: RenderRequest,
): Promise<{ prepared: PreparedRender; record: InputRecord }> {
  const { artifact, source } = request;
  const path = applicationPath(request);
  const found = await artifact.tree.stat(path);
  if (found?.kind !== 'directory') throw pathNotFound(request, path, found !== undefined);
  const overridden = await applyOverrides(artifact.tree, path, source, request.app.instance);
  const detected = await detectTool(artifact.tree, path, overridden.source, settings);
  const adapter = ADAPTERS.get(detected.type);
  if (adapter === undefined) {
    throw new RenderError(
      'RENDER_UNSUPPORTED',
      'on-change',
      `${path === '' ? 'The repository root' : path} asks for the tool ${detected.type}, which this version of Fairlead cannot run; use helm, kustomize or plain manifests`,
    );
  }
  const environment = buildEnvironment(request);
  const context: RenderContext = {
    deps,
    settings,
    request,
    source: overridden.source,
    path,
    tree: artifact.tree,
    environment,
  };
  const prepared = await adapter.prepare(context);
  const reads = [...overridden.reads, ...detected.reads, ...prepared.reads];
  return { prepared, record: inputRecord(request, adapter.type, prepared, reads) };
}

function inputRecord(
  request: RenderRequest,
  sourceType: SourceType,
  prepared: PreparedRender,
  reads: readonly InputRead[],
): InputRecord {
  const unique = new Map(reads.map((read) => [read.path, read]));
  return {
    repository: request.artifact.repository,
    reads: [...unique.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    sourceType,
    parameters: canonicalJson({ sourceIndex: request.sourceIndex, ...(prepared.parameters as object) }),
    tools: prepared.tools,
    ...(prepared.kubeVersion === undefined ? {} : { kubeVersion: prepared.kubeVersion }),
    ...(prepared.apiVersions === undefined ? {} : { apiVersions: prepared.apiVersions }),
  };
}

interface Run {
  readonly store: RenderStore;
  readonly log: Logger;
  readonly prepared: PreparedRender;
  readonly record: InputRecord;
  readonly inputKey: string;
  /** What the store had for the same key, when this is a fresh render. */
  readonly stored: ManifestSet | undefined;
}

async function run(job: Run): Promise<ManifestSet> {
  const { store, prepared, record, inputKey } = job;
  try {
    const manifests = Object.freeze([...(await prepared.run(undefined))]);
    const set = Object.freeze({ manifests, digest: manifestsDigest(manifests), input: record, inputKey });
    if (job.stored !== undefined && job.stored.digest !== set.digest) {
      job.log.warn('the same input rendered differently; the template is not deterministic', {
        repository: record.repository,
        sourceType: record.sourceType,
        inputKey,
      });
    }
    store.put(set, prepared.isCostly);
    return set;
  } catch (error) {
    if (!isAbort(error)) store.fail(inputKey, error);
    throw error;
  }
}

/** `ref` without `path` or `chart` lends its files to other sources and renders nothing. */
function isReferenceOnly({ source }: RenderRequest): boolean {
  return Boolean(source.ref) && !source.path && !source.chart;
}

function emptySet(request: RenderRequest): ManifestSet {
  const record: InputRecord = {
    repository: request.artifact.repository,
    reads: [],
    sourceType: 'Directory',
    parameters: canonicalJson({ ref: request.source.ref }),
    tools: {},
  };
  return { manifests: [], digest: manifestsDigest([]), input: record, inputKey: digestOf(record) };
}

function applicationPath(request: RenderRequest): string {
  const { path = '' } = request.source;
  if (request.source.chart) return '';
  const inside = joinInside('', path);
  if (inside !== undefined) return inside;
  throw sourceError(
    'RENDER_PATH_REFUSED',
    `spec.source.path ${JSON.stringify(path.slice(0, 200))} is refused: it must be a relative path inside the repository`,
  );
}

function pathNotFound(request: RenderRequest, path: string, isFile: boolean): RenderError {
  const { artifact, source } = request;
  return sourceError(
    'RENDER_PATH_NOT_FOUND',
    `${path}: app path ${isFile ? 'is a file, not a directory,' : 'does not exist'} in ${artifact.repository} at ${artifact.revision.slice(0, 12)} (targetRevision ${source.targetRevision ?? 'HEAD'}); correct spec.source.path`,
  );
}
