// Adapter for Helm charts: the real helm binary, one bounded process per render.
import type { Adapter, PreparedRender, RenderContext } from '../request.ts';
import { helmInputs } from './inputs.ts';
import { helmParameters, runHelm } from './run.ts';

export const helmAdapter: Adapter = {
  type: 'Helm',
  async prepare(context: RenderContext): Promise<PreparedRender> {
    const helm = context.source.helm ?? {};
    const inputs = await helmInputs(context, helm);
    const tool = await context.deps.tools.helm();
    return {
      reads: inputs.reads,
      parameters: {
        path: context.path,
        ...helmParameters(context, helm),
        values: inputs.inlineValues,
        valueFiles: inputs.valueFiles,
        fileParameters: inputs.fileParameters,
        refs: referenced(context, inputs.valueFiles),
        skip: [helm.skipCrds === true, helm.skipTests === true, helm.skipSchemaValidation === true],
      },
      tools: { helm: tool.version },
      ...(inputs.use.kubeVersion ? { kubeVersion: inputs.kubeVersion } : {}),
      ...(inputs.recordedApiVersions.length > 0 ? { apiVersions: inputs.recordedApiVersions } : {}),
      isCostly: true,
      run: (signal) => runHelm(context, helm, inputs, signal),
    };
  },
};

/** Repositories behind the `$ref/` files that are used. */
function referenced(context: RenderContext, files: readonly { ref?: string }[]): Record<string, string> {
  const names = new Set(files.flatMap(({ ref }) => ref ?? []));
  return Object.fromEntries(
    [...names].map((name) => [name, context.request.refs?.get(name)?.repository ?? '']),
  );
}
