// Adapter for kustomizations: the real kustomize, one bounded process per render.
import { joinInside } from '../../lib/index.ts';
import { sourceError } from '../errors.ts';
import type { Adapter, PreparedRender, RenderContext } from '../request.ts';
import { kustomizeInputs } from './inputs.ts';
import { buildFlags } from './options.ts';
import { effectiveSource, runKustomize } from './run.ts';

export const kustomizeAdapter: Adapter = {
  type: 'Kustomize',
  async prepare(context: RenderContext): Promise<PreparedRender> {
    const source = await effectiveSource(context);
    for (const component of source.components ?? []) assertInside(context, component, 'kustomize.components');
    const patches = (source.patches ?? []).flatMap(({ path }) =>
      path === undefined || path === '' ? [] : [path],
    );
    const inputs = await kustomizeInputs(context, { components: source.components ?? [], patches });
    const tool = await context.deps.tools.kustomize();
    const helm = inputs.usesHelm ? { helm: (await context.deps.tools.helm()).version } : {};
    return {
      reads: inputs.reads,
      parameters: {
        path: context.path,
        kustomize: source,
        flags: buildFlags(context.settings),
      },
      tools: { kustomize: tool.version, ...helm },
      isCostly: true,
      run: (signal) => runKustomize(context, source, inputs, signal),
    };
  },
};

function assertInside(context: RenderContext, path: string, field: string): void {
  if (joinInside(context.path, path) !== undefined) return;
  throw sourceError(
    'RENDER_PATH_REFUSED',
    `${field} ${JSON.stringify(path.slice(0, 200))} is outside the repository; use a path inside it`,
  );
}
