// What the ignore rules of argocd-cm leave out of a manifest: those for differences, and those for updates.
import { compileIgnoreRules, stripIgnored } from '../../../diff/index.ts';
import { readOverrides } from '../../../evaluate/index.ts';
import { gvkOf, type KubeObject } from '../../../k8s/index.ts';
import { isRecord, parseYaml } from '../../../lib/index.ts';
import { lineDiff } from '../../application/line-diff.ts';
import { objectText, overrideOptions, readConfigMap, readObject } from '../../application/override-files.ts';
import { type Command, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const overrideIgnoreDifferences = ignoredBy(
  'ignoreDifferences',
  'ignore-differences',
  'Ignore differences',
);

export const overrideIgnoreUpdates = ignoredBy(
  'ignoreResourceUpdates',
  'ignore-resource-updates',
  'Ignore resource updates',
);

function ignoredBy(setting: string, word: string, title: string): Command {
  return defineCommand({
    words: `admin settings resource-overrides ${word}`,
    describe: `Show what ${setting} of argocd-cm leaves out of a manifest`,
    positionals: ['RESOURCE_YAML_PATH'],
    isClient: false,
    options: { ...overrideOptions, ...resultOption },
    examples: [
      `fairlead admin settings resource-overrides ${word} ./deploy.yaml --argocd-cm-path ./argocd-cm.yaml`,
    ],
    async run({ environment, options, positionals, out }) {
      const object = await readObject(environment, positionals[0] ?? '');
      const data = await readConfigMap(environment, options['argocd-cm-path']);
      const { group, kind } = gvkOf(object);
      const paths = pathsFor(data, setting, object);
      const isConfigured = paths.jsonPointers.length > 0 || paths.jqPathExpressions.length > 0;
      if (!isConfigured && options.output === '') {
        out.line(`${title} are not configured for '${group}/${kind}'`);
        return ExitCode.Ok;
      }
      const rules = compileIgnoreRules([{ group, kind, ...paths }]);
      const difference = lineDiff(objectText(object), objectText(stripIgnored(rules, object, object)));
      if (options.output !== '') printResult(out, options.output, { ...paths, difference });
      else if (difference === '')
        out.line(`No fields are ignored by ${setting} settings: \n${JSON.stringify(paths)}`);
      else {
        out.line('Following fields are ignored:\n');
        out.line(difference);
      }
      return ExitCode.Ok;
    },
  });
}

interface IgnoredPaths {
  readonly jsonPointers: string[];
  readonly jqPathExpressions: string[];
}

/** The rules for the kind and those for all kinds together. */
function pathsFor(data: Readonly<Record<string, string>>, setting: string, object: KubeObject): IgnoredPaths {
  const { group, kind } = gvkOf(object);
  const all = data[`resource.customizations.${setting}.all`];
  const texts = [readOverrides(data, setting).find(group, kind)?.text, all].filter(
    (text) => text !== undefined,
  );
  const found = texts.map((text) => {
    const value = parseYaml(text);
    if (!isRecord(value))
      throw new CliError('CONFIG', `resource.customizations.${setting} for ${kind} is no map`);
    return value;
  });
  const listed = (name: string): string[] =>
    found.flatMap((value) => (Array.isArray(value[name]) ? value[name].map(String) : []));
  return { jsonPointers: listed('jsonPointers'), jqPathExpressions: listed('jqPathExpressions') };
}
