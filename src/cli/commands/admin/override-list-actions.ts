import { createActionCatalog } from '../../../actions/index.ts';
import { createEvaluator } from '../../../evaluate/index.ts';
import { gvkOf } from '../../../k8s/index.ts';
import { overrideOptions, readConfigMap, readObject } from '../../application/override-files.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { printResult, resultOption } from '../../result.ts';

export const overrideListActions = defineCommand({
  words: 'admin settings resource-overrides list-actions',
  describe: 'List the actions a manifest has by argocd-cm, or the built-in ones where it has none',
  positionals: ['RESOURCE_YAML_PATH'],
  isClient: false,
  options: { ...overrideOptions, ...resultOption },
  examples: [
    'fairlead admin settings resource-overrides list-actions ./deploy.yaml --argocd-cm-path ./argocd-cm.yaml',
  ],
  async run({ environment, options, positionals, out }) {
    const object = await readObject(environment, positionals[0] ?? '');
    const data = await readConfigMap(environment, options['argocd-cm-path']);
    const evaluator = createEvaluator(environment);
    try {
      const catalog = createActionCatalog({ evaluator, clock: environment.clock });
      catalog.configure(data);
      const actions = await catalog.list(object);
      const { group, kind } = gvkOf(object);
      if (options.output !== '') printResult(out, options.output, actions);
      else if (actions.length === 0) out.line(`Actions are not configured for '${group}/${kind}'`);
      else
        out.line(
          table(
            ['NAME', 'DISABLED'],
            actions.map(({ name, disabled }) => [name, String(disabled)]),
          ),
        );
      return ExitCode.Ok;
    } finally {
      await evaluator.close();
    }
  },
});
