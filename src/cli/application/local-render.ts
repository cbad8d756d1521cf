// `--local DIR`: renders an application's manifests from a directory of this machine, with the tools of this machine.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { silentLogger, systemExec, systemRandom } from '../../lib/index.ts';
import { type Application, type Artifact, sourcesOf } from '../../model/index.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';
import { localTree } from './local-tree.ts';

const PROCESSES = 4;

export interface LocalSource {
  /** What `spec.source.path` is otherwise. */
  readonly directory: string;
  /** Nothing outside is read; default: the directory itself. */
  readonly root?: string | undefined;
}

/** One JSON text for each manifest, as the `manifests` of a sync take them. Rejects with what the tool says. */
export async function renderLocally(
  { clock, cwd, path, signal }: Pick<CliEnvironment, 'clock' | 'cwd' | 'path' | 'signal'>,
  app: Application,
  kubernetesVersion: string,
  local: LocalSource,
): Promise<string[]> {
  const [source, ...others] = sourcesOf(app.spec);
  if (others.length > 0)
    throw new CliError(
      'FAILED',
      `${app.metadata.name} has ${others.length + 1} sources; one local directory cannot stand for all of them`,
    );
  if (source === undefined || source.chart !== undefined)
    throw new CliError(
      'FAILED',
      `${app.metadata.name} does not come from a directory, so there is no local one`,
    );
  const directory = await existing(resolve(cwd, local.directory));
  const root = local.root === undefined ? directory : await existing(resolve(cwd, local.root));
  if (directory !== root && !directory.startsWith(root + sep))
    throw new CliError(
      'USAGE',
      `--local ${local.directory} is not inside --local-repo-root ${local.root}`,
      1,
    );
  const { createRenderer } = await import('../../render/index.ts');
  const dataDir = await mkdtemp(join(tmpdir(), 'fairlead-local-'));
  const machine = { exec: systemExec, clock, random: systemRandom, log: silentLogger, path };
  const renderer = createRenderer({ ...machine, dataDir, concurrency: PROCESSES });
  try {
    const { name = '', namespace = '' } = app.metadata;
    const { manifests } = await renderer.render(
      {
        artifact: localArtifact(root),
        source: { ...source, path: relative(root, directory).split(sep).join('/') || '.' },
        sourceIndex: 0,
        app: {
          name,
          namespace,
          project: app.spec.project,
          destinationNamespace: app.spec.destination.namespace ?? '',
          instance: name,
        },
        kube: { version: kubernetesVersion, apiVersions: [] },
      },
      signal,
    );
    return manifests.map(({ object }) => JSON.stringify(object));
  } finally {
    await renderer.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function existing(directory: string): Promise<string> {
  return await realpath(directory).catch(() => {
    throw new CliError('USAGE', `--local: there is no directory ${directory}`, 1);
  });
}

function localArtifact(root: string): Artifact {
  return {
    repository: `file://${root}`,
    revision: 'local',
    digest: 'local',
    tree: localTree(root),
    materialise: async () => ({ directory: root, release() {} }),
  };
}
