// A renderer over real repositories, with the tools this installation has.
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import type { ApplicationSource, Artifact, ManifestSet } from '../../src/model/index.ts';
import {
  createRenderer,
  type Renderer,
  type RendererDeps,
  type RenderRequest,
} from '../../src/render/index.ts';
import { type GitFixture, gitFixture, gitPath } from './git-deps.ts';
import { startGitServer, type TestFiles, type TestGitServer } from './git-server.ts';

export interface RenderFixture {
  readonly git: GitFixture;
  readonly server: TestGitServer;
  readonly renderer: Renderer;
  /** Another renderer over the same data directory, as after a restart. */
  restart(extra?: Partial<RendererDeps>): Renderer;
  /** The artifact of a new repository with these files. */
  artifact(files: TestFiles): Promise<Artifact>;
  /** Renders `source` of a new repository with these files. */
  render(
    files: TestFiles,
    source?: Partial<ApplicationSource>,
    extra?: Partial<RenderRequest>,
  ): Promise<ManifestSet>;
  close(): Promise<void>;
}

export async function renderFixture(extra: Partial<RendererDeps> = {}): Promise<RenderFixture> {
  const server = await startGitServer();
  const git = gitFixture();
  const restart = (more: Partial<RendererDeps> = {}): Renderer =>
    createRenderer({
      exec: systemExec,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      path: gitPath,
      dataDir: git.dataDir,
      concurrency: 2,
      storeKey: () => Buffer.alloc(32, 7),
      ...extra,
      ...more,
    });
  const renderer = restart();
  let repositories = 0;
  const artifact = async (files: TestFiles): Promise<Artifact> => {
    repositories += 1;
    const repository = await server.repository(`r${repositories}`);
    repository.push(files);
    return await git.artifact(repository.url);
  };
  return {
    git,
    server,
    renderer,
    restart,
    artifact,
    async render(files, source = {}, more = {}) {
      return await renderer.render({ ...requestOf(await artifact(files), source), ...more });
    },
    async close() {
      await renderer.close();
      git.close();
      server.close();
    },
  };
}

export function requestOf(artifact: Artifact, source: Partial<ApplicationSource> = {}): RenderRequest {
  return {
    artifact,
    source: { repoURL: artifact.repository, path: 'app', ...source },
    sourceIndex: 0,
    app: {
      name: 'web',
      namespace: 'argocd',
      project: 'default',
      destinationNamespace: 'shop',
      instance: 'web',
    },
    kube: { version: 'v1.35.4', apiVersions: ['v1', 'apps/v1', 'example.com/v1/Widget'] },
  };
}

/** `Kind/name` of each manifest in order. */
export function names(set: ManifestSet): string[] {
  return set.manifests.map(({ object }) => `${object.kind}/${object.metadata.name}`);
}

export function configMap(name: string, data: Record<string, string> = {}): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: ${JSON.stringify(data)}\n`;
}
