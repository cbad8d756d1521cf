// Sources that are no Git repositories, as applications have them: which those are, and whom a new version concerns.
import { type Application, type ApplicationSource, sourcesOf } from '../../model/index.ts';
import type { PackagePlace, PackageSnapshot } from '../../source/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';

type Deps = Pick<ApplicationDeps, 'packages' | 'repositoryFor'>;

/** True when a source comes from a Helm repository or a registry, or from nowhere. */
export function isPackage(deps: Deps, app: Application, source: ApplicationSource): boolean {
  try {
    return placeOf(deps, app, source) !== undefined;
  } catch {
    return true;
  }
}

/** Undefined for Git, and for what cannot be used. */
export function packagePlace(
  deps: Deps,
  app: Application,
  source: ApplicationSource,
): PackagePlace | undefined {
  try {
    return placeOf(deps, app, source);
  } catch {
    // The application says so itself when it is looked at.
    return undefined;
  }
}

/** Throws for a source that cannot be used. */
function placeOf(deps: Deps, app: Application, source: ApplicationSource): PackagePlace | undefined {
  return deps.packages.placeOf(source, deps.repositoryFor(source.repoURL, app.spec.project));
}

/** Whether an application has a source at the place of this key. */
export function usesPlace(deps: Deps, app: Application, key: string): boolean {
  return sourcesOf(app.spec).some((source) => packagePlace(deps, app, source)?.key === key);
}

/** Whether what the place offers now is another revision of what the application was rendered from. */
export function isMovedBy(
  deps: Deps,
  app: Application,
  { parts }: Desired,
  key: string,
  offered: PackageSnapshot,
): boolean {
  return parts.some(({ source, revision }) => {
    const place = packagePlace(deps, app, source);
    if (place?.key !== key) return false;
    try {
      return offered.resolve(place.chart, source.targetRevision ?? '') !== revision;
    } catch {
      // What is wrong with it, the application finds out and says for itself.
      return true;
    }
  });
}
