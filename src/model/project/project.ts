// An AppProject object; what it permits is decided by the controllers.
import type { KubeObject } from '../../k8s/index.ts';
import type { ProjectSpec, ProjectStatus } from './schema.ts';

/** argoproj.io/v1alpha1 AppProject. */
export interface AppProject extends KubeObject {
  spec: ProjectSpec;
  status?: ProjectStatus;
}
