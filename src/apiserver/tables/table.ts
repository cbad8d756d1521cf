// meta.k8s.io Table answers: kubectl's columns. What a kind shows is in kinds.ts; here is the frame around it.

import { fromStorage } from '../conversion.ts';
import { type Core, servedVersion, type Target } from '../core.ts';
import { badRequest } from '../failures.ts';
import type { View } from '../http/negotiate.ts';
import { partialMetadata } from '../read/encode.ts';
import { listMeta, type Page } from '../read/list.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Column } from './column.ts';
import { customColumns } from './custom-columns.ts';
import { builtinColumns } from './kinds.ts';

function columnsOf(target: Target): readonly Column[] {
  if (!target.type.custom) return builtinColumns(target.type);
  return customColumns(servedVersion(target)?.printerColumns ?? []);
}

export function tableOfPage(
  core: Core,
  target: Target,
  page: Page,
  view: View,
  query: URLSearchParams,
): string {
  const columns = columnsOf(target);
  const rows = page.items.map((stored) => row(core, target, columns, stored, view, query));
  return JSON.stringify({ ...frame(columns, view), metadata: listMeta(page), rows });
}

/** Encodes watched objects as tables; only the first carries the column definitions, as kube-apiserver sends them. */
export function tableOfWatched(
  core: Core,
  target: Target,
  view: View,
  query: URLSearchParams,
): (stored: StoredObject) => string {
  const columns = columnsOf(target);
  let first = true;
  return (stored) => {
    const definitions = first ? frame(columns, view) : { ...frame([], view), columnDefinitions: null };
    first = false;
    const metadata = { resourceVersion: String(stored.revision) };
    return JSON.stringify({
      ...definitions,
      metadata,
      rows: [row(core, target, columns, stored, view, query)],
    });
  };
}

function badInclude(value: string): Error {
  const allowed = "must be 'Metadata', 'Object', 'None', or empty";
  const problem = `includeObject: Invalid value: "${value}": ${allowed}`;
  return badRequest(`Unable to convert to Table as requested: ${problem}`);
}

function frame(columns: readonly Column[], view: View): Record<string, unknown> {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${view.metaVersion}`,
    columnDefinitions: columns.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description: description ?? '',
      priority: priority ?? 0,
    })),
  };
}

function row(
  core: Core,
  { type, version }: Target,
  columns: readonly Column[],
  stored: StoredObject,
  view: View,
  query: URLSearchParams,
): Record<string, unknown> {
  const object = fromStorage(stored.object, type, version);
  const nowMs = core.clock.now();
  // Built-in columns read the stored form, whichever version was asked for.
  const shown = type.custom ? object : stored.object;
  const cells = columns.map((column) => column.cell(shown, nowMs));
  const include = query.get('includeObject') ?? 'Metadata';
  if (!['Metadata', 'Object', 'None', ''].includes(include)) throw badInclude(include);
  if (include === 'None') return { cells, object: null };
  return { cells, object: include === 'Object' ? object : partialMetadata(object, view.metaVersion) };
}
