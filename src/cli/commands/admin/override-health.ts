import { createEvaluator } from '../../../evaluate/index.ts';
import { createHealthJudge } from '../../../health/index.ts';
import { gvkOf } from '../../../k8s/index.ts';
import { overrideOptions, readConfigMap, readObject } from '../../application/override-files.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const overrideHealth = defineCommand({
  words: 'admin settings resource-overrides health',
  describe: 'Judge a manifest with the checks of argocd-cm, or the built-in one where it has none',
  positionals: ['RESOURCE_YAML_PATH'],
  isClient: false,
  options: { ...overrideOptions, ...resultOption },
  examples: [
    'fairlead admin settings resource-overrides health ./deploy.yaml --argocd-cm-path ./argocd-cm.yaml',
  ],
  async run({ environment, options, positionals, out }) {
    const object = await readObject(environment, positionals[0] ?? '');
    const data = await readConfigMap(environment, options['argocd-cm-path']);
    const evaluator = createEvaluator(environment);
    try {
      const judge = createHealthJudge({ evaluator, clock: environment.clock });
      judge.configure(data);
      const health = await judge.assess(object);
      const { group, kind } = gvkOf(object);
      if (options.output !== '') printResult(out, options.output, health ?? null);
      else if (health === undefined) out.line(`Health script is not configured for '${group}/${kind}'`);
      else {
        out.line(`STATUS: ${health.status}`);
        out.line(`MESSAGE: ${health.message ?? ''}`);
      }
      return ExitCode.Ok;
    } finally {
      await evaluator.close();
    }
  },
});
