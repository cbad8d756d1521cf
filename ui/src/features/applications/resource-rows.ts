// Turns the resource tree into indented rows: roots by kind and name, each followed by what it owns. Pure.
import type { Application, ResourceTree } from '../../../../src/contract/index.ts';
import type { Summary } from './summaries.ts';

export interface ResourceRow {
  readonly key: string;
  readonly depth: number;
  readonly kind: string;
  readonly name: string;
  readonly info: string;
  readonly sync?: Summary;
  readonly health?: string;
  readonly healthMessage?: string;
}

type Node = ResourceTree['nodes'][number];

export function resourceRows(app: Application, tree: ResourceTree): ResourceRow[] {
  const nodes = tree.nodes ?? [];
  const known = new Set(nodes.map((node) => node.uid));
  const children = new Map<string, Node[]>();
  const roots: Node[] = [];
  for (const node of nodes) {
    const parent = node.parentRefs?.find(({ uid }) => uid !== undefined && known.has(uid))?.uid;
    if (parent === undefined) roots.push(node);
    else children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const statuses = new Map((app.status?.resources ?? []).map((resource) => [identity(resource), resource]));
  const rows: ResourceRow[] = [];
  const visit = (node: Node, depth: number): void => {
    const status = statuses.get(identity(node));
    rows.push({
      key: `${identity(node)}/${node.uid ?? ''}`,
      depth,
      kind: node.kind,
      name: node.namespace === undefined ? node.name : `${node.namespace}/${node.name}`,
      info: (node.info ?? []).map(({ value }) => value).join(' · '),
      ...(status === undefined ? {} : { sync: syncOf(status) }),
      ...(node.health?.status === undefined ? {} : { health: node.health.status }),
      ...(node.health?.message === undefined ? {} : { healthMessage: node.health.message }),
    });
    for (const child of (children.get(node.uid ?? '') ?? []).sort(byName)) visit(child, depth + 1);
  };
  for (const root of roots.sort(byName)) visit(root, 0);
  return rows;
}

function syncOf(status: { status?: string | undefined; requiresPruning?: boolean | undefined }): Summary {
  if (status.requiresPruning === true) return { tone: 'busy', label: 'To prune' };
  return {
    tone: status.status === 'Synced' ? 'good' : status.status === 'OutOfSync' ? 'busy' : 'unknown',
    label: status.status ?? '',
  };
}

function identity(ref: {
  group?: string | undefined;
  kind?: string | undefined;
  namespace?: string | undefined;
  name?: string | undefined;
}): string {
  return [ref.group, ref.kind, ref.namespace, ref.name].map((part) => part ?? '').join('/');
}

function byName(a: Node, b: Node): number {
  return `${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1;
}
