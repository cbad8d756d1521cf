// Projects and clusters as the API shows them: no credential is part of these shapes.
import { z } from 'zod';
import type { AppProject } from '../model/index.ts';
import { text } from './query.ts';

export interface ProjectList {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly AppProject[];
}

export interface Cluster {
  readonly server: string;
  readonly name: string;
  readonly namespaces?: readonly string[];
  readonly project?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly connectionState: {
    /** `Successful`, `Failed` or `Unknown`. */
    readonly status: string;
    readonly message: string;
    readonly attemptedAt?: string | null;
  };
  readonly serverVersion?: string;
  readonly info?: { readonly applicationsCount?: number; readonly serverVersion?: string };
}

export interface ClusterList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly Cluster[];
}

/** `id.type=name` reads the path as a name instead of a server URL. */
export const ClusterGetQuery = z.object({ 'id.type': text });
