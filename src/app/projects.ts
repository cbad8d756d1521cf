// Projects for the server: read from the settings, written to the Kubernetes API. A write resolves once reads show it.
import { projectType, type Settings } from '../controllers/index.ts';
import { normaliseUrl } from '../git/index.ts';
import { isNewerVersion, type KubeClient, wellKnown } from '../k8s/index.ts';
import type { Clock } from '../lib/index.ts';
import type { AppProject } from '../model/index.ts';
import type { Projects } from '../server/index.ts';

const MANAGER = { fieldManager: 'fairlead-server' } as const;
/** Reads that lag behind longer than this are somebody else's trouble. */
const OBSERVE_MS = 3_000;
const POLL_MS = 10;

export interface ProjectParts {
  readonly clock: Clock;
  readonly home: KubeClient;
  readonly settings: Settings;
  readonly namespace: string;
}

export function projectPort({ clock, home, namespace, settings }: ProjectParts): Projects {
  const shown = async (name: string, isShown: (now: AppProject | undefined) => boolean): Promise<void> => {
    const until = clock.monotonic() + OBSERVE_MS;
    while (!isShown(settings.project(name)) && clock.monotonic() < until) await clock.sleep(POLL_MS);
  };
  const written = async (project: AppProject): Promise<AppProject> => {
    const { name = '', resourceVersion } = project.metadata;
    await shown(
      name,
      (now) => now !== undefined && !isNewerVersion(resourceVersion, now.metadata.resourceVersion),
    );
    return project;
  };
  return {
    list: () => settings.projects(),
    get: (name) => settings.project(name),
    globalsOf: (project) => settings.globalProjectsOf(project),
    windows: (name) => settings.effectiveProject(name)?.windows,
    repositoriesOf: (project) => settings.repositoriesOf(project).map((repo) => ({ repo, project })),
    normalizeUrl: normaliseUrl,
    create: async (project) => written(await home.create<AppProject>(projectType, project, MANAGER)),
    replace: async (project) => written(await home.update<AppProject>(projectType, project, MANAGER)),
    async delete(name, preconditions) {
      const left = await home.delete(projectType, { namespace, name }, preconditions);
      await shown(name, (now) => now === undefined || left !== undefined);
    },
    async events(project, signal) {
      const answer = await home.listAll(wellKnown.events, {
        namespace,
        fieldSelector: `involvedObject.uid=${project.metadata.uid ?? ''}`,
        signal,
      });
      if (answer.kind === 'incomplete') throw answer.error;
      return {
        metadata: { resourceVersion: answer.resourceVersion },
        items: answer.items as unknown as Awaited<ReturnType<Projects['events']>>['items'],
      };
    },
  };
}
