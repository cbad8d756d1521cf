// managedFields as the server works on them: a map from manager to the set it owns. Reads and writes the entries.
import type { ManagedFieldsEntry } from '../../k8s/index.ts';
import { type FieldSet, fieldSetFromFieldsV1, fieldSetToFieldsV1 } from './field-set.ts';

/** Who owns: one per manager, operation, subresource and, for updates, version. */
export interface ManagerName {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion?: string;
  readonly subresource?: string;
}

export interface Ownership {
  readonly name: ManagerName;
  readonly set: FieldSet;
  readonly apiVersion: string;
  /** RFC 3339 in seconds; absent after an apply that changed nothing. */
  readonly time: string | undefined;
}

/** By managerId, in no order that matters. */
export type Managers = Map<string, Ownership>;

/** The identity of a manager as one string; also what conflicts are sorted by. */
export function managerId(name: ManagerName): string {
  const { manager, operation, apiVersion, subresource } = name;
  return JSON.stringify({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' || apiVersion === undefined ? {} : { apiVersion }),
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
  });
}

/** Reads entries. @returns undefined when one is malformed */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | null | undefined,
): Managers | undefined {
  const managers: Managers = new Map();
  for (const entry of entries ?? []) {
    const { operation, apiVersion, time, subresource } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === undefined || apiVersion === '')
      return undefined;
    if (entry.fieldsType !== 'FieldsV1') return undefined;
    const set = fieldSetFromFieldsV1(entry.fieldsV1 ?? {});
    if (set === undefined) return undefined;
    const name: ManagerName = {
      manager: entry.manager ?? '',
      operation,
      ...(operation === 'Update' ? { apiVersion } : {}),
      ...(subresource === undefined || subresource === '' ? {} : { subresource }),
    };
    managers.set(managerId(name), { name, set, apiVersion, time });
  }
  return managers;
}

/** Writes entries in the order of a real server: applies first, then by time, manager, version. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  const sorted = [...managers.values()].sort(compareOwnership);
  return sorted.map(({ name, set, apiVersion, time }) => ({
    manager: name.manager,
    operation: name.operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fieldSetToFieldsV1(set),
    ...(name.subresource === undefined ? {} : { subresource: name.subresource }),
  }));
}

function compareOwnership(a: Ownership, b: Ownership): number {
  return (
    compareText(a.name.operation, b.name.operation) ||
    seconds(a.time) - seconds(b.time) ||
    compareText(a.name.manager, b.name.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.name.subresource ?? '', b.name.subresource ?? '')
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a === b ? 0 : 1;
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** `"kubectl" with subresource "scale" using apps/v1`, as conflicts name a manager. */
export function describeManager(name: ManagerName): string {
  const subresource =
    name.subresource === undefined ? '' : ` with subresource ${JSON.stringify(name.subresource)}`;
  const using = name.operation === 'Update' ? ` using ${name.apiVersion ?? ''}` : '';
  return `${JSON.stringify(name.manager)}${subresource}${using}`;
}
