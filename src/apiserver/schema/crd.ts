// CustomResourceDefinitions: checks them and reads the kinds they define.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { rootSchema, structuralErrors } from './crd-schema.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { label1035Problems, subdomainProblems } from './names.ts';
import type { Schema } from './types.ts';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly format?: string;
  readonly description?: string;
  /** Above 0: shown by `-o wide` only. */
  readonly priority?: number;
}

/** Where the scale subresource finds its numbers, as dotted paths (`.spec.replicas`). */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export interface CustomVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  /** The warning clients of a deprecated version get, when the author wrote one. */
  readonly deprecationWarning?: string;
  readonly schema: Schema;
  /** The schema as published, for OpenAPI. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths;
  readonly printerColumns: readonly PrinterColumn[];
  /** JSON paths usable in field selectors. */
  readonly selectableFields: readonly string[];
}

/** What a CustomResourceDefinition defines. */
export interface CustomKind {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly versions: readonly CustomVersion[];
  readonly storageVersion: string;
  /** `Webhook` is accepted and treated as None: only the apiVersion changes. */
  readonly conversion: 'None' | 'Webhook';
}

export type ParsedCrd = { readonly kind: CustomKind } | { readonly errors: readonly FieldError[] };

/** Reads a CustomResourceDefinition (defaults applied). Compile once per resourceVersion: schemas are cached by identity. */
export function parseCrd(crd: KubeObject): ParsedCrd {
  const spec = isRecord(crd['spec']) ? crd['spec'] : {};
  const errors = [...nameErrors(crd, spec), ...versionErrors(spec)];
  if (errors.length > 0) return { errors };
  const names = isRecord(spec['names']) ? spec['names'] : {};
  const preserve = spec['preserveUnknownFields'] === true;
  const versions = records(spec['versions']).map((version) => readVersion(version, preserve));
  const conversion = isRecord(spec['conversion']) ? spec['conversion'] : {};
  return {
    kind: {
      group: text(spec['group']),
      plural: text(names['plural']),
      singular: text(names['singular']) || text(names['kind']).toLowerCase(),
      kind: text(names['kind']),
      listKind: text(names['listKind']) || `${text(names['kind'])}List`,
      shortNames: texts(names['shortNames']),
      categories: texts(names['categories']),
      namespaced: spec['scope'] === 'Namespaced',
      versions,
      storageVersion: versions.find((version) => version.storage)?.name ?? '',
      conversion: conversion['strategy'] === 'Webhook' ? 'Webhook' : 'None',
    },
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function schemaSource(version: Readonly<Record<string, unknown>>): unknown {
  return isRecord(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
}

function readVersion(version: Readonly<Record<string, unknown>>, preserve: boolean): CustomVersion {
  const found = schemaSource(version);
  const source = isRecord(found) ? found : {};
  const subresources = isRecord(version['subresources']) ? version['subresources'] : {};
  const scale = subresources['scale'];
  const warning = text(version['deprecationWarning']);
  return {
    name: text(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    deprecated: version['deprecated'] === true,
    ...(warning === '' ? {} : { deprecationWarning: warning }),
    schema: rootSchema(source, preserve),
    source,
    hasStatus: subresources['status'] !== undefined,
    ...(isRecord(scale) ? { scale: readScale(scale) } : {}),
    printerColumns: records(version['additionalPrinterColumns']).map(readColumn),
    selectableFields: records(version['selectableFields']).map((field) => text(field['jsonPath'])),
  };
}

function readScale(scale: Readonly<Record<string, unknown>>): ScalePaths {
  const selector = text(scale['labelSelectorPath']);
  return {
    specReplicasPath: text(scale['specReplicasPath']),
    statusReplicasPath: text(scale['statusReplicasPath']),
    ...(selector === '' ? {} : { labelSelectorPath: selector }),
  };
}

function readColumn(column: Readonly<Record<string, unknown>>): PrinterColumn {
  const { format, description, priority } = column;
  return {
    name: text(column['name']),
    type: text(column['type']),
    jsonPath: text(column['jsonPath']),
    ...(typeof format === 'string' && format !== '' ? { format } : {}),
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    ...(typeof priority === 'number' ? { priority } : {}),
  };
}

function nameErrors(crd: KubeObject, spec: Readonly<Record<string, unknown>>): FieldError[] {
  const errors: FieldError[] = [];
  const names = isRecord(spec['names']) ? spec['names'] : {};
  const group = text(spec['group']);
  const plural = text(names['plural']);
  const expected = `${plural}.${group}`;
  if (crd.metadata.name !== expected) {
    errors.push(
      invalid('metadata.name', crd.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'),
    );
  }
  if (group === '') errors.push(required('spec.group'));
  else {
    for (const problem of subdomainProblems(group)) errors.push(invalid('spec.group', group, problem));
    if (!group.includes('.'))
      errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  }
  const { scope } = spec;
  if (scope === undefined || scope === '') errors.push(required('spec.scope'));
  else if (scope !== 'Namespaced' && scope !== 'Cluster') {
    errors.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  return [...errors, ...declaredNameErrors(names)];
}

function declaredNameErrors(names: Readonly<Record<string, unknown>>): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['plural', 'singular', 'kind', 'listKind']) {
    const value = text(names[name]);
    const at = `spec.names.${name}`;
    if (value === '') {
      errors.push(required(at));
    } else {
      for (const problem of label1035Problems(value.toLowerCase())) {
        const detail =
          name === 'kind' || name === 'listKind'
            ? `may have mixed case, but should otherwise match: ${problem}`
            : problem;
        errors.push(invalid(at, value, detail));
      }
      if ((name === 'plural' || name === 'singular') && value !== value.toLowerCase()) {
        for (const problem of label1035Problems(value)) errors.push(invalid(at, value, problem));
      }
    }
  }
  for (const [i, name] of texts(names['shortNames']).entries()) {
    for (const problem of label1035Problems(name))
      errors.push(invalid(`spec.names.shortNames[${i}]`, name, problem));
  }
  if (names['kind'] !== undefined && names['kind'] === names['listKind']) {
    errors.push(invalid('spec.names.listKind', names['listKind'], 'kind and listKind may not be the same'));
  }
  return errors;
}

function versionErrors(spec: Readonly<Record<string, unknown>>): FieldError[] {
  const versions = records(spec['versions']);
  if (versions.length === 0)
    return [required('spec.versions', 'must have exactly one version marked as storage version')];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    const name = text(version['name']);
    for (const problem of label1035Problems(name))
      errors.push(invalid(`spec.versions[${i}].name`, name, problem));
    if (seen.has(name)) errors.push(invalid('spec.versions', name, 'must contain unique version names'));
    seen.add(name);
  }
  const stored = versions.filter((version) => version['storage'] === true);
  if (stored.length !== 1) {
    const names = versions.map((version) => text(version['name']));
    errors.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'));
  }
  return [...errors, ...schemaErrors(versions)];
}

/** Schemas that all versions share are reported once, under the name they had in earlier API versions. */
function schemaErrors(versions: readonly Record<string, unknown>[]): FieldError[] {
  const [first] = versions;
  if (
    first !== undefined &&
    versions.every((version) => jsonEqual(schemaSource(version), schemaSource(first)))
  ) {
    const source = schemaSource(first);
    if (source !== undefined) return structuralErrors(source, 'spec.validation.openAPIV3Schema');
  }
  return versions.flatMap((version, i) =>
    structuralErrors(schemaSource(version), `spec.versions[${i}].schema.openAPIV3Schema`),
  );
}
