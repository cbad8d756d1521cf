// Columns several kinds share, and short ways to make them.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Column } from './column.ts';
import { at, containers, count, joined, pairs, selectorText, since, strings, text } from './format.ts';

export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name ?? '',
};

export const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
};

export function column(name: string, cell: Column['cell']): Column {
  return { name, type: 'string', cell };
}

export function number(name: string, path: string): Column {
  return { name, type: 'integer', cell: (object) => count(object, path) };
}

/** The text at a path. */
export function field(name: string, path: string, otherwise = ''): Column {
  return column(name, (object) => text(object, path, otherwise));
}

/** Shown with -o wide only. */
export function wide(of: Column): Column {
  return { ...of, priority: 1 };
}

/** How many members or items are at the paths together. */
export function size(name: string, ...paths: readonly string[]): Column {
  const sizeOf = (value: unknown): number =>
    Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : 0;
  return {
    name,
    type: 'string',
    cell: (object) => paths.reduce((sum, path) => sum + sizeOf(at(object, path)), 0),
  };
}

export function list(name: string, path: string): Column {
  return column(name, (object) => joined(strings(object, path)));
}

/** Containers, images and the selector of a workload, for -o wide. */
export function templateColumns(path = 'spec.template.spec.containers'): readonly Column[] {
  return [
    wide(column('Containers', (object) => containers(object, path, 'name'))),
    wide(column('Images', (object) => containers(object, path, 'image'))),
    wide(column('Selector', (object) => selectorOf(object))),
  ];
}

export function selectorOf(object: KubeObject): string {
  const selector = at(object, 'spec.selector');
  if (object.kind === 'ReplicationController' || object.kind === 'Service') return pairs(selector);
  return selectorText(selector);
}
