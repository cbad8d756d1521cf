// What a render is asked, and what every tool adapter gives. Types only.
import type { Clock, Exec, Logger, Random } from '../lib/index.ts';
import type {
  ApplicationSource,
  Artifact,
  InputRead,
  Manifest,
  ManifestSet,
  SourceTree,
  SourceType,
} from '../model/index.ts';
import type { BuildEnvironment } from './environment.ts';
import type { Tools } from './tools.ts';

/** A dependency as Chart.yaml writes it, with the version of Chart.lock where that has one. */
export interface ChartDependency {
  readonly name: string;
  /** `https://…` or `oci://…`. */
  readonly repository: string;
  /** A version or a range. */
  readonly version: string;
}

export interface RenderRequest {
  readonly artifact: Artifact;
  readonly source: ApplicationSource;
  /** 0-based index into the application's sources. */
  readonly sourceIndex: number;
  readonly app: {
    readonly name: string;
    readonly namespace: string;
    readonly project: string;
    /** spec.destination.namespace, '' when none. */
    readonly destinationNamespace: string;
    /** Name in tracking ids: `name`, or `namespace_name` outside the control namespace. */
    readonly instance: string;
  };
  /** The destination cluster's version (`v1.35.4`) and API versions (`apps/v1`, `apps/v1/Deployment`). */
  readonly kube: { readonly version: string; readonly apiVersions: readonly string[] };
  /** Artifacts of `ref` sources by their name, for value files that begin with `$name/`. */
  readonly refs?: ReadonlyMap<string, Artifact>;
  /** Fetches a chart that another one names as its dependency; absent: dependencies have to be vendored. */
  readonly chartOf?: (dependency: ChartDependency) => Promise<Artifact>;
  /** Render even when the store has the answer (a hard refresh). */
  readonly fresh?: boolean;
}

export interface Renderer {
  /**
   * The manifests of one source. The result is shared and frozen: copy before changing. Throws RenderError, YamlError
   * and what reading the artifact throws; never gives an empty set for a failure.
   */
  render(request: RenderRequest, signal?: AbortSignal): Promise<ManifestSet>;
  /** Waits for store writes that are under way. */
  close(): Promise<void>;
}

/** argocd-cm keys and our own switches that change how sources are rendered. */
export interface RenderSettings {
  readonly helmEnabled: boolean;
  readonly kustomizeEnabled: boolean;
  readonly jsonnetEnabled: boolean;
  /** argocd-cm `kustomize.buildOptions`, split at blanks. */
  readonly kustomizeBuildOptions: readonly string[];
  /** Let kustomizations use `helmCharts`. */
  readonly allowKustomizeHelm: boolean;
  /** argocd-cm `helm.valuesFileSchemes`: schemes a value file URL may have; empty refuses URLs. */
  readonly helmValuesFileSchemes: readonly string[];
  readonly maxManifestBytes: number;
}

export interface AdapterDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tools: Tools;
  /** Private directories of child processes go below this one. */
  readonly scratchDir: string;
  /** Keeps what `make` gives under `key` (a content id); bounded, for results that cost reading many files. */
  memo<T extends object>(key: string, make: () => Promise<T>): Promise<T>;
  /** Runs `task` when a place for a child process is free. */
  childProcess<T>(task: () => Promise<T>): Promise<T>;
}

/** One render after overrides are merged and the path is known to exist. */
export interface RenderContext {
  readonly deps: AdapterDeps;
  readonly settings: RenderSettings;
  readonly request: RenderRequest;
  /** The source with in-repo overrides merged. */
  readonly source: ApplicationSource;
  /** Normalised path of the application inside the artifact; '' is the root. */
  readonly path: string;
  readonly tree: SourceTree;
  readonly environment: BuildEnvironment;
}

/** Everything that decides the output, known before anything runs, and how to run it. */
export interface PreparedRender {
  readonly reads: readonly InputRead[];
  /** JSON; becomes the canonical text in the input record. */
  readonly parameters: unknown;
  readonly tools: Readonly<Record<string, string>>;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  /** Worth a file in the store: rendering again costs a process. */
  readonly isCostly: boolean;
  run(signal: AbortSignal | undefined): Promise<readonly Manifest[]>;
}

/** One tool. Its folder has index.ts (this), inputs.ts (what it reads) and run.ts (how it renders). */
export interface Adapter {
  readonly type: SourceType;
  prepare(context: RenderContext): Promise<PreparedRender>;
}
