// Adapter for plain manifests.
import type { Adapter, PreparedRender, RenderContext } from '../request.ts';
import { directoryInputs } from './inputs.ts';
import { jsonnetInputs } from './jsonnet.ts';
import { renderFiles } from './run.ts';

export const directoryAdapter: Adapter = {
  type: 'Directory',
  async prepare(context: RenderContext): Promise<PreparedRender> {
    const { files, reads } = await directoryInputs(context);
    const programs = files.map((file) => file.path).filter((path) => path.endsWith('.jsonnet'));
    const jsonnet =
      programs.length === 0
        ? { reads: [], tools: {}, parameters: [] }
        : await jsonnetInputs(context, programs);
    return {
      reads: [...reads, ...jsonnet.reads],
      parameters: { path: context.path, directory: substituted(context), variables: jsonnet.parameters },
      tools: jsonnet.tools,
      isCostly: programs.length > 0,
      run: (signal) => renderFiles(context, files, signal),
    };
  },
};

function substituted({ source }: RenderContext): unknown {
  const { recurse, include, exclude, disableExtensionFilter } = source.directory ?? {};
  return { recurse, include, exclude, disableExtensionFilter };
}
