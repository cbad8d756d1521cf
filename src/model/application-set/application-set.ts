// An ApplicationSet object; what it generates is decided by the controllers.
import type { KubeObject } from '../../k8s/index.ts';
import type { ApplicationSetSpec, ApplicationSetStatus } from './schema.ts';

/** argoproj.io/v1alpha1 ApplicationSet. */
export interface ApplicationSet extends KubeObject {
  spec: ApplicationSetSpec;
  status?: ApplicationSetStatus;
}
