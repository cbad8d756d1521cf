// Renders files that came with a request, with the tools the control plane renders everything with.
import { join } from 'node:path';
import type { Random } from '../lib/index.ts';
import { type Application, type ApplicationSource, instanceName, type ManifestSet } from '../model/index.ts';
import type { Renderer, RenderRequest } from '../render/index.ts';
import { uploadedArtifact } from '../source/index.ts';

/** Rejects with what is wrong with the files, and with what the tool says. */
export type RenderUpload = (
  app: Application,
  source: ApplicationSource,
  archive: Uint8Array,
  kube: RenderRequest['kube'],
  signal: AbortSignal,
) => Promise<ManifestSet & { readonly revision: string }>;

export function uploadRenderer(deps: {
  readonly renderer: Renderer;
  readonly random: Random;
  readonly dataDir: string;
  readonly controlNamespace: string;
}): RenderUpload {
  const scratchDir = join(deps.dataDir, 'uploads');
  return async (app, source, archive, kube, signal) => {
    const artifact = await uploadedArtifact({ scratchDir, random: deps.random }, archive);
    const { name = '', namespace = '' } = app.metadata;
    const { project, destination } = app.spec;
    // The archive is the directory of the application or the repository with it.
    const path = source.path ?? '';
    const isWhole = path !== '' && (await artifact.tree.stat(path)) !== undefined;
    const set = await deps.renderer.render(
      {
        artifact,
        source: { ...source, path: isWhole ? path : '.' },
        sourceIndex: 0,
        app: {
          name,
          namespace,
          project,
          destinationNamespace: destination.namespace ?? '',
          instance: instanceName(app, deps.controlNamespace),
        },
        kube,
        fresh: true,
      },
      signal,
    );
    return { ...set, revision: artifact.revision };
  };
}
