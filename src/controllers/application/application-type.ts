import type { ResourceType } from '../../k8s/index.ts';

/** How the API serves Applications. */
export const applicationType: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
