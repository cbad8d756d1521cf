// What a render gives: manifests with their origin, and the record of everything that decided them.
import type { KubeObject } from '../k8s/index.ts';

export type SourceType = 'Directory' | 'Helm' | 'Kustomize' | 'Jsonnet' | 'Plugin' | 'Hld';

/** Where a manifest came from, for messages. */
export interface ManifestOrigin {
  /** Path inside the repository (Directory), or the chart's template path (Helm), when the tool tells. */
  readonly file?: string;
  /** 1-based line of the document's first line in `file`, when known. */
  readonly line?: number;
  /** 0-based index into the application's sources. */
  readonly sourceIndex: number;
}

export interface Manifest {
  readonly object: KubeObject;
  readonly origin: ManifestOrigin;
}

/** One path a render read, with the id of the Git tree or blob it had. `absent`: it was looked for and not there. */
export interface InputRead {
  readonly path: string;
  readonly id: string | 'absent';
}

/**
 * Everything that decided the output of one source's render. Its digest is the key of the render store: the same
 * record always gives the same manifests, and neither commit nor application name is part of it unless read.
 */
export interface InputRecord {
  /** Normalised repository URL: reads of different repositories never share a key by accident. */
  readonly repository: string;
  /** Sorted by path. A directory read whole is one read with its tree id. */
  readonly reads: readonly InputRead[];
  readonly sourceType: SourceType;
  /** The tool's parameters after defaults and build-environment substitution, canonical JSON. */
  readonly parameters: string;
  /** Tool name → version, e.g. `{ helm: '4.1.4' }`. */
  readonly tools: Readonly<Record<string, string>>;
  /** Only when the render asked for it. */
  readonly kubeVersion?: string;
  /** Only the API versions the chart asked for and whether they exist, sorted: `['batch/v1=true']`. */
  readonly apiVersions?: readonly string[];
}

/** The complete result of rendering one source. */
export interface ManifestSet {
  readonly manifests: readonly Manifest[];
  /** SHA-256 over the canonical manifests in order. */
  readonly digest: string;
  readonly input: InputRecord;
  /** Digest of `input`: the render store's key. */
  readonly inputKey: string;
}
