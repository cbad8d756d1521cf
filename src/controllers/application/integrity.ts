// Before a revision is rendered: may the project use its repository, and is it signed as the project demands.
import type { Application, ApplicationSource, Revision } from '../../model/index.ts';
import { integrityPolicy } from '../../model/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';
import { isPackage } from './package-place.ts';
import { sourceRefusal, usableProject } from './project-rules.ts';

/**
 * Resolves when the revision may be rendered. An operation may name another source than the specification, so the
 * repository is checked here, too. @throws ApplicationError, SignatureError
 */
export async function requireTrusted(
  deps: ApplicationDeps,
  app: Application,
  source: ApplicationSource,
  revision: Revision,
  signal: AbortSignal,
): Promise<void> {
  const project = usableProject(deps, app);
  if (typeof project === 'string') throw new ApplicationError('NOT_PERMITTED', project);
  const refusal = sourceRefusal(deps, project, source);
  if (refusal !== undefined) throw new ApplicationError('NOT_PERMITTED', refusal);
  const policy = integrityPolicy(project.spec, deps.normalizeUrl(source.repoURL), deps.normalizeUrl);
  if (policy === undefined) return;
  if (typeof policy === 'string') {
    throw new ApplicationError('UNVERIFIED', `Project ${project.name} cannot be used: ${policy}`);
  }
  if (isPackage(deps, app, source)) {
    throw new ApplicationError(
      'UNVERIFIED',
      `${source.repoURL} cannot be used in project ${project.name}: the project demands signed commits, and charts and artifacts have none; use a Git repository, or leave this address out of the project's sourceIntegrity`,
    );
  }
  await deps.verify(deps.repositoryFor(source.repoURL, app.spec.project), revision, policy, signal);
}

/** True when every new commit of the source has to be looked at for its signature. */
export function isSignatureDemanded(
  deps: ApplicationDeps,
  app: Application,
  source: ApplicationSource,
): boolean {
  const spec = deps.project(app.spec.project)?.spec;
  if (spec === undefined) return false;
  return integrityPolicy(spec, deps.normalizeUrl(source.repoURL), deps.normalizeUrl) !== undefined;
}
