// A project that allows just what a ClusterRole may create.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type ApiResource, Discovery } from '../../../k8s/index.ts';
import { parseYaml, silentLogger } from '../../../lib/index.ts';
import type { AppProject, GroupKindName } from '../../../model/index.ts';
import { clusterOptions, openChosen } from '../../cluster-flags.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const ClusterRole = z.looseObject({
  kind: z.literal('ClusterRole'),
  rules: z.array(
    z.looseObject({
      apiGroups: z.array(z.string()).default([]),
      resources: z.array(z.string()).default([]),
      verbs: z.array(z.string()).default([]),
    }),
  ),
});
type Rule = z.infer<typeof ClusterRole>['rules'][number];

export const adminProjGenerateAllowList = defineCommand({
  words: 'admin proj generate-allow-list',
  describe: 'Print a project that allows the kinds that a ClusterRole may create, as the cluster serves them',
  positionals: ['CLUSTERROLE-FILE', 'PROJECT'],
  isClient: false,
  options: {
    ...clusterOptions,
    output: { ...resultOption.output, default: 'yaml', choices: ['yaml', 'json'], describe: 'Output format' },
  },
  examples: ['fairlead admin proj generate-allow-list deployer-role.yaml shop > shop.yaml'],
  async run({ environment, options, out, positionals: [file = '', name = ''], signal }) {
    const rules = await rulesOf(file);
    await using cluster = await openChosen({ environment }, options);
    const discovery = new Discovery({ ...environment, client: cluster.client, log: silentLogger });
    const catalog = await discovery.refresh(signal);
    await discovery.stop();
    // Kinds that are left out of an allow list would be refused to people who may deploy them.
    if (catalog.failure !== undefined)
      throw new CliError('FAILED', `What the cluster serves is not known completely: ${catalog.failure}`);
    const allowed = catalog.preferred('create').filter((type) => rules.some((rule) => covers(rule, type)));
    const project: AppProject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name },
      spec: {
        clusterResourceWhitelist: kindsOf(allowed.filter(({ namespaced }) => !namespaced)),
        namespaceResourceWhitelist: kindsOf(allowed.filter(({ namespaced }) => namespaced)),
      },
    };
    printResult(out, options.output, project);
    return ExitCode.Ok;
  },
});

function covers({ apiGroups, resources, verbs }: Rule, { group, resource }: ApiResource): boolean {
  const has = (list: readonly string[], item: string): boolean => list.includes('*') || list.includes(item);
  return has(apiGroups, group) && has(resources, resource) && has(verbs, 'create');
}

function kindsOf(types: readonly ApiResource[]): GroupKindName[] {
  return types
    .map(({ group, kind }) => ({ group, kind }))
    .sort((a, b) => `${a.group}/${a.kind}`.localeCompare(`${b.group}/${b.kind}`, 'en'));
}

async function rulesOf(file: string): Promise<readonly Rule[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
  const parsed = ClusterRole.safeParse(parseYaml(text));
  if (parsed.success) return parsed.data.rules;
  throw new CliError('USAGE', `${file} holds no ClusterRole with rules`, 1);
}
