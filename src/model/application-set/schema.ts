// argoproj.io/v1alpha1 ApplicationSet as Argo CD 3.6 defines it: the zod model, its types, and from it the CRD.
import { z } from 'zod';
import { ApplicationSpec, ResourceStatus } from '../application/schema.ts';
import { Generator } from './generators.ts';

const stringMap = z.record(z.string(), z.string());
const time = z.string().meta({ format: 'date-time' });
const int64 = z.int().meta({ format: 'int64' });
const intOrString = z.union([z.int(), z.string()]).meta({ intOrString: true });
const strings = z.array(z.string()).optional();

/** What each generated Application is made from. Its texts may hold parameters in either template language. */
export const ApplicationSetTemplate = z.object({
  metadata: z.object({
    name: z.string().optional(),
    namespace: z.string().optional(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
    finalizers: strings,
  }),
  spec: ApplicationSpec,
});
export type ApplicationSetTemplate = z.infer<typeof ApplicationSetTemplate>;

export const ApplicationSetStrategy = z.object({
  type: z.string().optional(),
  rollingSync: z
    .object({
      steps: z
        .array(
          z.object({
            matchExpressions: z
              .array(
                z.object({ key: z.string().optional(), operator: z.string().optional(), values: strings }),
              )
              .optional(),
            maxUpdate: intOrString.optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  deletionOrder: z.string().optional(),
});
export type ApplicationSetStrategy = z.infer<typeof ApplicationSetStrategy>;

export const ApplicationSetSpec = z.object({
  goTemplate: z.boolean().optional(),
  goTemplateOptions: strings,
  generators: z.array(Generator),
  template: ApplicationSetTemplate,
  templatePatch: z.string().optional(),
  syncPolicy: z
    .object({
      applicationsSync: z.enum(['create-only', 'create-update', 'create-delete', 'sync']).optional(),
      preserveResourcesOnDeletion: z.boolean().optional(),
    })
    .optional(),
  strategy: ApplicationSetStrategy.optional(),
  preservedFields: z.object({ annotations: strings, labels: strings }).optional(),
  ignoreApplicationDifferences: z
    .array(z.object({ name: z.string().optional(), jsonPointers: strings, jqPathExpressions: strings }))
    .optional(),
  /** Accepted and without effect: nested selectors always apply. */
  applyNestedSelectors: z.boolean().optional(),
});
export type ApplicationSetSpec = z.infer<typeof ApplicationSetSpec>;

export const ApplicationSetCondition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: time.optional(),
});
export type ApplicationSetCondition = z.infer<typeof ApplicationSetCondition>;

export const ApplicationSetApplicationStatus = z.object({
  application: z.string(),
  lastTransitionTime: time.optional(),
  message: z.string(),
  status: z.string(),
  step: z.string(),
  targetRevisions: z.array(z.string()),
});
export type ApplicationSetApplicationStatus = z.infer<typeof ApplicationSetApplicationStatus>;

export const ApplicationSetStatus = z.object({
  conditions: z.array(ApplicationSetCondition).optional(),
  applicationStatus: z.array(ApplicationSetApplicationStatus).optional(),
  resources: z.array(ResourceStatus).optional(),
  resourcesCount: int64.optional(),
  health: z
    .object({
      status: z.string().optional(),
      message: z.string().optional(),
      lastTransitionTime: time.optional(),
    })
    .optional(),
});
export type ApplicationSetStatus = z.infer<typeof ApplicationSetStatus>;

/** The members beside apiVersion, kind and metadata. */
export const ApplicationSetBody = z.object({
  spec: ApplicationSetSpec,
  status: ApplicationSetStatus.optional(),
});
