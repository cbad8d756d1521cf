// `--resource GROUP:KIND:[NAMESPACE/]NAME`, `!` in front leaves out, `*` matches anything. Pure.
import type { Application } from '../../contract/index.ts';
import { CliError } from '../errors.ts';

export interface Selector {
  readonly isExcluded: boolean;
  readonly group: string;
  readonly kind: string;
  /** '' matches every namespace. */
  readonly namespace: string;
  readonly name: string;
}

export function parseSelectors(texts: readonly string[]): readonly Selector[] {
  return texts.map((text) => {
    const isExcluded = text.startsWith('!');
    const parts = (isExcluded ? text.slice(1) : text).split(':');
    const [group = '', kind = '', ...rest] = parts;
    const path = rest.join(':');
    if (kind === '' || path === '') {
      throw new CliError(
        'USAGE',
        `"${text}" names no resource; write GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME`,
        1,
      );
    }
    const slash = path.indexOf('/');
    const namespace = slash < 0 ? '' : path.slice(0, slash);
    return { isExcluded, group, kind, namespace, name: path.slice(slash + 1) };
  });
}

interface Identity {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** True when a selector without `!` matches (or there is none) and none with `!` does. */
export function isSelected(selectors: readonly Selector[], item: Identity): boolean {
  const matching = selectors.filter((selector) => matches(selector, item));
  if (matching.some(({ isExcluded }) => isExcluded)) return false;
  return matching.length > 0 || selectors.every(({ isExcluded }) => isExcluded);
}

/** The application's own resources that the selectors mean; rejects when they mean none. */
export function selectedResources(app: Application, selectors: readonly Selector[]) {
  if (selectors.length === 0) return [];
  const found = (app.status?.resources ?? []).filter(
    (item) => item.hook !== true && isSelected(selectors, item),
  );
  if (found.length === 0) {
    throw new CliError(
      'USAGE',
      `No resource of ${app.metadata.name} matches --resource; list them with: fairlead app resources ${app.metadata.name}`,
    );
  }
  return found.map(({ group = '', kind = '', namespace = '', name = '' }) => ({
    group,
    kind,
    namespace,
    name,
  }));
}

function matches(selector: Selector, item: Identity): boolean {
  return (
    glob(selector.group, item.group ?? '') &&
    glob(selector.kind, item.kind ?? '') &&
    glob(selector.name, item.name ?? '') &&
    (selector.namespace === '' || glob(selector.namespace, item.namespace ?? ''))
  );
}

function glob(pattern: string, text: string): boolean {
  if (pattern === text || pattern === '*') return true;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return parts.length > 1 && new RegExp(`^${parts.join('.*')}$`).test(text);
}
