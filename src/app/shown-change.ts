// Which part of a comparison people may see. Masks nothing: that is a matter of each view.
import { type ApplicationDeps, isObjectPermitted, type LiveCluster } from '../controllers/index.ts';
import type { Application, Change } from '../model/index.ts';

/**
 * The change without what the cluster has, when the project does not let the application have such an object there, or
 * when the object is somebody else's and was only named by a request: then it counts as missing.
 * @param isOwn whether the application's own source names the object, or the object is tracked by it
 */
export function shownChange(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  change: Change,
  isOwn: () => boolean = () => true,
): Change {
  const { live, ...rest } = change;
  if (live === undefined || (isObjectPermitted(deps, app, cluster, live) && isOwn())) return change;
  return { ...rest, kind: 'missing', fields: [] };
}
