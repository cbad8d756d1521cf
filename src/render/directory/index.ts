// Adapter for plain manifests.
import type { Adapter, PreparedRender, RenderContext } from '../request.ts';
import { directoryInputs } from './inputs.ts';
import { jsonnetInputs } from './jsonnet.ts';
import { renderFiles } from './run.ts';

export const directoryAdapter: Adapter = {
  type: 'Directory',
  async prepare(context: RenderContext): Promise<PreparedRender> {
    const { files, reads } = await directoryInputs(context);
    const jsonnet = files.some(({ path }) => path.endsWith('.jsonnet'))
      ? await jsonnetInputs(context)
      : { reads: [], tools: {} };
    return {
      reads: [...reads, ...jsonnet.reads],
      parameters: { path: context.path, directory: substituted(context), environment: jsonnet.parameters },
      tools: jsonnet.tools,
      isCostly: files.some(({ path }) => path.endsWith('.jsonnet')),
      run: (signal) => renderFiles(context, files, signal),
    };
  },
};

function substituted({ source }: RenderContext): unknown {
  const { recurse, include, exclude, disableExtensionFilter } = source.directory ?? {};
  return { recurse, include, exclude, disableExtensionFilter };
}
