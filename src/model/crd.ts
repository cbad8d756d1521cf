// The CustomResourceDefinitions of Application, AppProject and ApplicationSet, printed from their zod models with
// the names, columns and sub-resources of Argo CD 3.6, and small enough for a client-side apply.
import type { z } from 'zod';
import type { KubeObject } from '../k8s/index.ts';
import { ApplicationBody } from './application/schema.ts';
import { ApplicationSetBody } from './application-set/schema.ts';
import { ProjectBody } from './project/schema.ts';
import { structuralSchema } from './structural-schema.ts';

interface Column {
  readonly name: string;
  readonly jsonPath: string;
  /** Columns above 0 are shown by `kubectl get -o wide` only. */
  readonly priority?: number;
}

/** What distinguishes one custom kind from another. */
export interface CrdDescription {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  /** The members beside apiVersion, kind and metadata. */
  readonly body: z.ZodType;
  readonly columns?: readonly Column[];
  readonly statusSubresource: boolean;
  /** Value of `app.kubernetes.io/part-of`. */
  readonly partOf: string;
}

const argo = { group: 'argoproj.io', version: 'v1alpha1', scope: 'Namespaced', partOf: 'argocd' } as const;

const APPLICATION_KINDS: readonly CrdDescription[] = [
  {
    ...argo,
    kind: 'Application',
    plural: 'applications',
    shortNames: ['app', 'apps'],
    body: ApplicationBody,
    // Clients patch `status` and `operation` on the object itself.
    statusSubresource: false,
    columns: [
      { name: 'Sync Status', jsonPath: '.status.sync.status' },
      { name: 'Health Status', jsonPath: '.status.health.status' },
      { name: 'Revision', jsonPath: '.status.sync.revision', priority: 10 },
      { name: 'Project', jsonPath: '.spec.project', priority: 10 },
    ],
  },
  {
    ...argo,
    kind: 'AppProject',
    plural: 'appprojects',
    shortNames: ['appproj', 'appprojs'],
    body: ProjectBody,
    statusSubresource: false,
  },
  {
    ...argo,
    kind: 'ApplicationSet',
    plural: 'applicationsets',
    shortNames: ['appset', 'appsets'],
    body: ApplicationSetBody,
    statusSubresource: true,
  },
];

/** The three CustomResourceDefinitions of Argo CD's kinds, ready to be applied. */
export function applicationCrds(): KubeObject[] {
  return APPLICATION_KINDS.map(crdOf);
}

/** One CustomResourceDefinition with a single served and stored version. */
export function crdOf(description: CrdDescription): KubeObject {
  const { group, version, kind, plural, shortNames = [], scope, columns = [], partOf } = description;
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/name': `${plural}.${group}`, 'app.kubernetes.io/part-of': partOf },
    },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
        singular,
      },
      scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(columns.length > 0
            ? { additionalPrinterColumns: columns.map((column) => ({ type: 'string', ...column })) }
            : {}),
          subresources: description.statusSubresource ? { status: {} } : {},
          schema: { openAPIV3Schema: objectSchema(description.body) },
        },
      ],
    },
  };
}

function objectSchema(body: z.ZodType): object {
  const { properties = {}, required = [] } = structuralSchema(body);
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...properties,
    },
    required: ['metadata', ...required],
  };
}
