// Projects for the server: read from the settings, written to the Kubernetes API. A write resolves once reads show it.
import { projectType, type Settings } from '../controllers/index.ts';
import { normaliseUrl } from '../git/index.ts';
import type { KubeClient } from '../k8s/index.ts';
import type { Clock } from '../lib/index.ts';
import type { AppProject } from '../model/index.ts';
import type { Projects } from '../server/index.ts';
import { eventsAbout, shows, whenShown } from './reads.ts';

const MANAGER = { fieldManager: 'fairlead-server' } as const;

export interface ProjectParts {
  readonly clock: Clock;
  readonly home: KubeClient;
  readonly settings: Settings;
  readonly namespace: string;
}

export function projectPort({ clock, home, namespace, settings }: ProjectParts): Projects {
  const written = async (project: AppProject): Promise<AppProject> => {
    const { name = '' } = project.metadata;
    await whenShown(clock, () => shows(settings.project(name), project));
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
      await whenShown(clock, () => left !== undefined || settings.project(name) === undefined);
    },
    events({ metadata: { uid = '' } }, signal) {
      return eventsAbout(home, { namespace, uid }, signal);
    },
  };
}
