import type { ResourceType } from '../../k8s/index.ts';

/** How the API serves ApplicationSets. */
export const applicationSetType: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'ApplicationSet',
  resource: 'applicationsets',
  namespaced: true,
};
