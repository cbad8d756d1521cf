// A source on its own, before any application has it: for people who are about to make one.
import type { Application, ApplicationSource, Artifact } from '../../model/index.ts';
import { imagesOf } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';
import { desiredState } from './observe.ts';
import { sourceRefusal, usableProject } from './project-rules.ts';
import { locateSources } from './sources.ts';

/** How Applications name the cluster that Fairlead itself runs against; what a source renders to may depend on it. */
const HOME = { server: 'https://kubernetes.default.svc', namespace: 'default' };

/** The files of a source at the revision that it means now. Rejects when the project does not permit it. */
export async function openSource(
  deps: ApplicationDeps,
  project: string,
  source: ApplicationSource,
  signal: AbortSignal,
): Promise<Artifact> {
  const app = applicationWith(deps, project, source);
  const usable = usableProject(deps, app);
  const refusal = typeof usable === 'string' ? usable : sourceRefusal(deps, usable, source);
  if (refusal !== undefined) throw new ApplicationError('NOT_PERMITTED', refusal);
  const notBefore = deps.clock.monotonic();
  const list = { isMulti: false, sources: [source] };
  const [located] = await locateSources(deps, app, list, { notBefore, revisions: [] });
  if (located === undefined) throw new ApplicationError('NOT_PERMITTED', 'The source names no repository');
  return await deps.openArtifact(source, located.repository, located.revision, { signal });
}

/** The container images of what a permitted source renders to, each once. */
export async function imagesOfSource(
  deps: ApplicationDeps,
  project: string,
  source: ApplicationSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const app = applicationWith(deps, project, source);
  const cluster = await deps.clusters.resolve(HOME);
  if (cluster === undefined) throw new ApplicationError('NOT_PERMITTED', 'The home cluster is not known');
  const list = { isMulti: false, sources: [source] };
  const memory = deps.memories.scratch();
  const { targets } = await desiredState(deps, app, memory, { list, cluster, signal });
  return [...new Set(targets.flatMap(({ object }) => imagesOf(object)))].sort();
}

function applicationWith(deps: ApplicationDeps, project: string, source: ApplicationSource): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'source', namespace: deps.controlNamespace },
    spec: { project, source, destination: HOME },
  };
}
