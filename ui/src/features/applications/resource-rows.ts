// Turns an application's resources into indented rows: roots by kind and name, each followed by what it owns. Pure.
import type { Application, ResourceNode, ResourceTree } from '../../../../src/contract/index.ts';
import { healthSummary, type Summary, syncStatus } from './summaries.ts';

type Status = NonNullable<NonNullable<Application['status']>['resources']>[number];

export interface ResourceRow {
  readonly key: string;
  readonly depth: number;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly info: string;
  readonly sync: Summary | undefined;
  readonly health: Summary | undefined;
  readonly healthMessage: string | undefined;
  /** What the last sync said about it. */
  readonly syncMessage: string | undefined;
  readonly createdAt: string | undefined;
  readonly images: readonly string[];
}

/** Rows of the tree; what the tree does not know (yet) comes from the application's own list. */
export function resourceRows(app: Application, tree: ResourceTree | undefined): ResourceRow[] {
  const nodes = tree?.nodes ?? [];
  const statuses = new Map((app.status?.resources ?? []).map((status) => [identity(status), status]));
  const said = new Map(
    (app.status?.operationState?.syncResult?.resources ?? []).map((item) => [identity(item), item.message]),
  );
  const { roots, children } = arrange([...nodes, ...onlyListed(nodes, statuses)]);
  const rows: ResourceRow[] = [];
  const visit = (node: ResourceNode, depth: number): void => {
    const key = identity(node);
    rows.push(rowOf(node, depth, statuses.get(key), said.get(key)));
    for (const child of (children.get(node.uid ?? '') ?? []).sort(byName)) visit(child, depth + 1);
  };
  for (const root of roots.sort(byName)) visit(root, 0);
  return rows;
}

export type RowFilter = 'all' | 'differs' | 'unhealthy';

export function differs({ sync }: ResourceRow): boolean {
  return sync !== undefined && sync.tone !== 'good';
}

export function isUnhealthy({ health }: ResourceRow): boolean {
  return health !== undefined && health.tone !== 'good' && health.tone !== 'off';
}

/** Rows that match, flat unless they are all shown; each word of `text` must occur in kind, name or namespace. */
export function filterRows(
  rows: readonly ResourceRow[],
  filter: RowFilter,
  text: string,
): readonly ResourceRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (filter === 'all' && words.length === 0) return rows;
  return rows
    .filter((row) => filter === 'all' || (filter === 'differs' ? differs(row) : isUnhealthy(row)))
    .filter(({ kind, namespace, name }) => {
      const known = `${kind} ${namespace}/${name}`.toLowerCase();
      return words.every((word) => known.includes(word));
    })
    .map((row) => ({ ...row, depth: 0 }));
}

function arrange(nodes: readonly ResourceNode[]): {
  roots: ResourceNode[];
  children: Map<string, ResourceNode[]>;
} {
  const known = new Set(nodes.map(({ uid }) => uid));
  const children = new Map<string, ResourceNode[]>();
  const roots: ResourceNode[] = [];
  for (const node of nodes) {
    const parent = node.parentRefs?.find(({ uid }) => uid !== undefined && known.has(uid))?.uid;
    const siblings = parent === undefined ? undefined : children.get(parent);
    if (parent === undefined) roots.push(node);
    else if (siblings === undefined) children.set(parent, [node]);
    else siblings.push(node);
  }
  return { roots, children };
}

function onlyListed(nodes: readonly ResourceNode[], statuses: ReadonlyMap<string, Status>): ResourceNode[] {
  const known = new Set(nodes.map(identity));
  return [...statuses]
    .filter(([key]) => !known.has(key))
    .map(([, { group, version = '', kind = '', namespace, name = '', health }]) => ({
      version,
      kind,
      name,
      ...(group === undefined ? {} : { group }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(health?.status === undefined ? {} : { health: { status: health.status } }),
    }));
}

function rowOf(
  node: ResourceNode,
  depth: number,
  status: Status | undefined,
  syncMessage: string | undefined,
): ResourceRow {
  const { group = '', version, kind, namespace = '', name, uid, info = [], createdAt, images = [] } = node;
  return {
    // Without its uid, which is not known before the tree is: a row that was opened by then stays open.
    key: identity(node),
    depth,
    group,
    version,
    kind,
    namespace,
    name,
    uid,
    info: info.map(({ value }) => value).join(' · '),
    sync: status === undefined ? undefined : syncOf(status),
    health: node.health?.status === undefined ? undefined : healthSummary(node.health.status),
    healthMessage: node.health?.message,
    syncMessage,
    createdAt,
    images,
  };
}

function syncOf({ status, requiresPruning }: Status): Summary {
  return requiresPruning === true ? { tone: 'attention', label: 'To delete' } : syncStatus(status);
}

function identity(ref: {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}): string {
  return [ref.group, ref.kind, ref.namespace, ref.name].map((part) => part ?? '').join('/');
}

function byName(a: ResourceNode, b: ResourceNode): number {
  const [left, right] = [
    `${a.kind}/${a.namespace ?? ''}/${a.name}`,
    `${b.kind}/${b.namespace ?? ''}/${b.name}`,
  ];
  return left < right ? -1 : left > right ? 1 : 0;
}
