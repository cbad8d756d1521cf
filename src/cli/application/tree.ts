// The resource tree as text: roots, and below each what it owns. Pure.
import type { ResourceNode, ResourceTree } from '../../contract/index.ts';
import { visibleLine } from '../../lib/index.ts';

/** One line per object, indented with branches; an object whose owner is not shown stands at the root. */
export function treeText(tree: ResourceTree): string {
  const known = new Set(tree.nodes.map(({ uid }) => uid).filter((uid) => uid !== undefined));
  const children = new Map<string, ResourceNode[]>();
  const roots: ResourceNode[] = [];
  for (const node of tree.nodes) {
    const parent = node.parentRefs?.find(
      ({ uid }) => uid !== undefined && known.has(uid) && uid !== node.uid,
    )?.uid;
    if (parent === undefined) roots.push(node);
    else children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const lines: string[] = [];
  const shown = new Set<ResourceNode>();
  const visit = (node: ResourceNode, lead: string, branch: string): void => {
    if (shown.has(node)) return;
    shown.add(node);
    lines.push(`${lead}${branch}${nodeText(node)}`);
    const below = (children.get(node.uid ?? '') ?? []).sort(byName);
    const nextLead = branch === '' ? lead : `${lead}${branch === '└─' ? '  ' : '│ '}`;
    for (const [i, child] of below.entries()) visit(child, nextLead, i === below.length - 1 ? '└─' : '├─');
  };
  for (const root of roots.sort(byName)) visit(root, '', '');
  return lines.join('\n');
}

function nodeText({ group, kind, namespace, name, health, info }: ResourceNode): string {
  const what = group === undefined || group === '' ? kind : `${group}/${kind}`;
  const where = namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
  const details = [
    health?.status,
    health?.message,
    ...(info ?? []).map((item) => `${item.name}: ${item.value}`),
  ];
  const text = details.filter((detail) => detail !== undefined && detail !== '').join(', ');
  return visibleLine(text === '' ? `${what} ${where}` : `${what} ${where} (${text})`);
}

function byName(a: ResourceNode, b: ResourceNode): number {
  return `${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1;
}
