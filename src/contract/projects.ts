// Projects in the API: what a client writes, and what the views on a project answer.
import { z } from 'zod';
import { type AppProject, ProjectSpec, type SyncWindow } from '../model/index.ts';
import { serverMembers, serverMetadata } from './applications.ts';
import type { Cluster } from './configuration.ts';

const Metadata = z.object({
  ...serverMetadata,
  name: z.string(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  finalizers: z.array(z.string()).nullish(),
  resourceVersion: z.string().optional(),
});

/** What a client may send of a project. */
export const ProjectBodyWrite = z.object({
  ...serverMembers,
  metadata: Metadata,
  spec: ProjectSpec.default({}),
});
export type ProjectBodyWrite = z.output<typeof ProjectBodyWrite>;

export const ProjectCreateRequest = z.object({ project: ProjectBodyWrite, upsert: z.boolean().optional() });
export const ProjectUpdateRequest = z.object({ project: ProjectBodyWrite });

/** A sync window and whether it is open now. */
export interface WindowList {
  readonly windows: readonly SyncWindow[];
}

/** Windows of one application, and whether a sync asked for by a person may run now. */
export interface ApplicationWindows {
  readonly activeWindows: readonly SyncWindow[];
  readonly assignedWindows: readonly SyncWindow[];
  readonly canSync: boolean;
  /** Fairlead: whether an automated sync may run now. */
  readonly canAutoSync: boolean;
  /** Fairlead: what blocks, and the next opening (RFC 3339) where one is in sight. */
  readonly reason?: string;
  readonly nextOpening?: string;
}

export interface DetailedProject {
  readonly project: AppProject;
  readonly globalProjects: readonly AppProject[];
  /** Repositories scoped to the project, without credentials. */
  readonly repositories: readonly { readonly repo: string; readonly project: string }[];
  readonly clusters: readonly Cluster[];
}
