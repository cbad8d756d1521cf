import { createActionCatalog, type ImpactedResource } from '../../../actions/index.ts';
import { createEvaluator } from '../../../evaluate/index.ts';
import type { KubeObject } from '../../../k8s/index.ts';
import { lineDiff } from '../../application/line-diff.ts';
import { objectText, overrideOptions, readConfigMap, readObject } from '../../application/override-files.ts';
import { parametersOf } from '../../application/resource-filter.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import type { Output } from '../../output.ts';
import { printResult, resultOption } from '../../result.ts';

export const overrideRunAction = defineCommand({
  words: 'admin settings resource-overrides run-action',
  describe: 'Show what an action would make of a manifest',
  positionals: ['RESOURCE_YAML_PATH', 'ACTION'],
  isClient: false,
  options: {
    ...overrideOptions,
    param: {
      type: 'list',
      value: 'name=value',
      isWhole: true,
      describe: 'Parameter of the action, may be repeated',
    },
    ...resultOption,
  },
  examples: [
    'fairlead admin settings resource-overrides run-action ./deploy.yaml restart --argocd-cm-path ./argocd-cm.yaml',
  ],
  async run({ environment, options, positionals, out }) {
    const [path = '', action = ''] = positionals;
    const object = await readObject(environment, path);
    const data = await readConfigMap(environment, options['argocd-cm-path']);
    const evaluator = createEvaluator(environment);
    try {
      const catalog = createActionCatalog({ evaluator, clock: environment.clock });
      catalog.configure(data);
      const impacted = await catalog.run(object, action, parametersOf(options.param));
      if (options.output !== '') printResult(out, options.output, impacted);
      else for (const resource of impacted) show(out, object, action, resource);
      return ExitCode.Ok;
    } finally {
      await evaluator.close();
    }
  },
});

function show(
  out: Output,
  before: KubeObject,
  action: string,
  { operation, resource }: ImpactedResource,
): void {
  if (operation === 'create') {
    out.line('Following resource was created:');
    out.text(objectText(resource));
    return;
  }
  const difference = lineDiff(objectText(before), objectText(resource));
  if (difference === '') out.line(`No fields had been changed by action: \n${action}`);
  else {
    out.line('Following fields have been changed:\n');
    out.line(difference);
  }
}
