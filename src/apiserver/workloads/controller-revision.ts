// ControllerRevisions: the template history of StatefulSets and DaemonSets. Pure: which revision is the present one,
// what has to be written for that, which old ones may go.
import type { KubeObject } from '../../k8s/index.ts';
import { jsonEqual } from '../../lib/index.ts';
import {
  type ControllerRevision,
  controllerReference,
  nameOf,
  namespaceOf,
  type PodTemplate,
  timeMs,
  types,
} from './kinds.ts';
import type { Write } from './plan.ts';
import { templateHash } from './pod-template.ts';

export const revisionHashLabel = 'controller-revision-hash';

export interface RevisionInput {
  readonly owner: KubeObject & { spec: { template: PodTemplate } };
  readonly revisions: readonly ControllerRevision[];
  readonly collisionCount: number;
  /** The label a revision carries its hash under: StatefulSets and DaemonSets differ. */
  readonly hashLabel: string;
}

export interface RevisionState {
  /** Oldest first, the present one among them. */
  readonly all: readonly ControllerRevision[];
  /** The revision of the present template; not stored yet when `writes` creates it. */
  readonly present: ControllerRevision;
  readonly writes: readonly Write[];
}

/** The revision of the owner's template: an existing one (raised to the newest number) or a new one. */
export function presentRevision({
  owner,
  revisions,
  collisionCount,
  hashLabel,
}: RevisionInput): RevisionState {
  const sorted = [...revisions].sort(
    (a, b) =>
      a.revision - b.revision || timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp),
  );
  const data = { spec: { template: { ...owner.spec.template, $patch: 'replace' } } };
  const hash = templateHash(data, collisionCount);
  const newest = sorted.at(-1);
  const equal = sorted.findLast(
    (candidate) => candidate.metadata.labels?.[hashLabel] === hash || jsonEqual(candidate.data, data),
  );
  if (equal !== undefined && equal === newest) return { all: sorted, present: equal, writes: [] };
  const number = (newest?.revision ?? 0) + 1;
  if (equal !== undefined) {
    const present = { ...equal, revision: number };
    const change = (copy: KubeObject): void => {
      copy['revision'] = number;
    };
    const all = [...sorted.filter((candidate) => candidate !== equal), present];
    return { all, present, writes: [{ op: 'edit', type: types.controllerRevisions, object: equal, change }] };
  }
  const present = newRevision(owner, { [hashLabel]: hash }, number, data);
  const create: Write = { op: 'create', type: types.controllerRevisions, object: present };
  return { all: [...sorted, present], present, writes: [create] };
}

/** Deletes the oldest revisions that nothing uses, beyond `limit`. */
export function dropRevisions(
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): Write[] {
  const unused = revisions.filter((revision) => !live.has(nameOf(revision)));
  const extra = unused.slice(0, Math.max(0, unused.length - limit));
  return extra.map((object) => ({ op: 'delete', type: types.controllerRevisions, object }));
}

/** The pod template a revision holds. */
export function templateOf(revision: ControllerRevision, fallback: PodTemplate): PodTemplate {
  const data = revision.data as { spec?: { template?: PodTemplate & { $patch?: string } } } | undefined;
  const stored = data?.spec?.template;
  if (stored === undefined) return fallback;
  const { $patch: _patch, ...template } = stored;
  return template;
}

function newRevision(
  owner: RevisionInput['owner'],
  hashed: Readonly<Record<string, string>>,
  revision: number,
  data: unknown,
): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${nameOf(owner).slice(0, 223)}-${Object.values(hashed).join('')}`,
      namespace: namespaceOf(owner),
      labels: { ...owner.spec.template.metadata?.labels, ...hashed },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: { ...owner.metadata.annotations } }),
      ownerReferences: [controllerReference(owner)],
    },
    data: structuredClone(data),
    revision,
  };
}
