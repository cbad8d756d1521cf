// Holds the config map argocd-cm against what its members must be, before anybody applies it.
import { compileExpr, compileGoTemplate, readOverrides } from '../../../evaluate/index.ts';
import { wellKnown } from '../../../k8s/index.ts';
import { type Clock, isRecord, messageOf, parseDurationMs, parseYaml } from '../../../lib/index.ts';
import { readConfigMap } from '../../application/override-files.ts';
import { clusterOptions, openChosen } from '../../cluster-flags.ts';
import { type CommandCall, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

const GROUPS = ['general', 'sign-in', 'resources', 'links', 'tools'] as const;
type Group = (typeof GROUPS)[number];

interface Rule {
  readonly group: Group;
  readonly key: RegExp;
  /** Why the member cannot be used; undefined when it can. */
  problem(text: string, clock: Clock): string | undefined;
}

const RULES: readonly Rule[] = [
  { group: 'general', key: /^(url|statusbadge\.url|ui\.bannerurl|help\.chatUrl)$/, problem: urlProblem },
  {
    group: 'general',
    key: /^additionalUrls$/,
    problem: (text) => listProblem(text, (item) => urlProblem(String(item))),
  },
  {
    group: 'general',
    key: /^(statusbadge|exec|users\.anonymous|admin|server\.rbac\.[\w.]+)\.enabled$/,
    problem: flagProblem,
  },
  { group: 'general', key: /^application\.sync\.impersonation\.\w+$/, problem: flagProblem },
  { group: 'general', key: /^(timeout\.[\w.]+|users\.session\.duration)$/, problem: durationProblem },
  {
    group: 'general',
    key: /^application\.resourceTrackingMethod$/,
    problem: oneOf('annotation', 'label', 'annotation+label'),
  },
  { group: 'general', key: /^globalProjects$/, problem: (text) => listProblem(text, globalProjectProblem) },
  { group: 'sign-in', key: /^(oidc|dex)\.config$/, problem: mapProblem },
  { group: 'sign-in', key: /^accounts\.[^.]+$/, problem: capabilitiesProblem },
  { group: 'sign-in', key: /^accounts\.[^.]+\.enabled$/, problem: flagProblem },
  { group: 'sign-in', key: /^passwordPattern$/, problem: patternProblem },
  {
    group: 'resources',
    key: /^resource\.(exclusions|inclusions)$/,
    problem: (text) => listProblem(text, filterProblem),
  },
  { group: 'resources', key: /^resource\.customizations$/, problem: mapProblem },
  { group: 'resources', key: /^resource\.customizations\.ignoreDifferences\./, problem: mapProblem },
  { group: 'resources', key: /^resource\.compareoptions$/, problem: mapProblem },
  {
    group: 'links',
    key: /^(application|project|resource)\.links$/,
    problem: (text, clock) => listProblem(text, (item) => linkProblem(item, clock)),
  },
  { group: 'tools', key: /^(kustomize|helm|jsonnet)\.enable$/, problem: flagProblem },
  {
    group: 'tools',
    key: /^helm\.valuesFileSchemes$/,
    problem: (text) =>
      /^[a-z][a-z0-9+, .-]*$/i.test(text.trim()) ? undefined : 'is no list of URL schemes, e.g. https, http',
  },
];

interface Finding {
  readonly group: Group;
  readonly key: string;
  readonly problem: string | null;
}

const options = {
  ...clusterOptions,
  'argocd-cm-path': {
    type: 'string',
    value: 'file',
    describe: 'The config map argocd-cm as a file (default: of the cluster)',
  },
  group: { type: 'list', value: 'group', describe: `Only these groups: ${GROUPS.join(', ')}` },
  output: formatOption('', 'json', 'yaml'),
} as const;

export const settingsValidate = defineCommand({
  words: 'admin settings validate',
  describe: 'Say what is wrong in argocd-cm. Exits 1 when something is',
  isClient: false,
  options,
  examples: ['fairlead admin settings validate --argocd-cm-path ./argocd-cm.yaml'],
  async run(call) {
    const { options: given, out, environment } = call;
    const unknown = given.group.filter((group) => !(GROUPS as readonly string[]).includes(group));
    if (unknown.length > 0)
      throw new CliError('USAGE', `--group: ${unknown.join(', ')} is none of ${GROUPS.join(', ')}`, 1);
    const data = await dataOf(call);
    const wanted = (group: Group): boolean => given.group.length === 0 || given.group.includes(group);
    const findings = [...memberFindings(data, environment.clock), ...overrideFindings(data)].filter(
      ({ group }) => wanted(group),
    );
    if (given.output === 'json') out.json(findings);
    else if (given.output === 'yaml') out.yaml(findings);
    else
      out.line(
        table(
          ['GROUP', 'KEY', 'RESULT'],
          findings.map(({ group, key, problem }) => [group, key, problem ?? 'valid']),
        ),
      );
    return findings.some(({ problem }) => problem !== null) ? ExitCode.CommandFailed : ExitCode.Ok;
  },
});

async function dataOf({
  environment,
  options: given,
}: CommandCall<typeof options>): Promise<Record<string, string>> {
  if (given['argocd-cm-path'] !== undefined) return await readConfigMap(environment, given['argocd-cm-path']);
  await using cluster = await openChosen({ environment }, given);
  const ref = { namespace: cluster.namespace, name: 'argocd-cm' };
  const configMap = await cluster.client.find(wellKnown.configMaps, ref);
  if (configMap !== undefined) return (configMap['data'] ?? {}) as Record<string, string>;
  throw new CliError(
    'FAILED',
    `There is no config map argocd-cm in namespace ${cluster.namespace}; name a file with --argocd-cm-path`,
  );
}

function memberFindings(data: Readonly<Record<string, string>>, clock: Clock): Finding[] {
  return Object.entries(data).flatMap(([key, text]) => {
    const rule = RULES.find((each) => each.key.test(key));
    if (rule === undefined || text.trim() === '') return [];
    return [{ group: rule.group, key, problem: rule.problem(text, clock) ?? null }];
  });
}

/** Checks and actions of users, as the control plane finds them. */
function overrideFindings(data: Readonly<Record<string, string>>): Finding[] {
  return ['health', 'actions'].flatMap((what) => {
    const { problem, isEmpty } = readOverrides(data, what);
    if (isEmpty && problem === undefined) return [];
    return [
      { group: 'resources' as const, key: `resource.customizations.${what}`, problem: problem ?? null },
    ];
  });
}

function urlProblem(text: string): string | undefined {
  return URL.canParse(text) && /^https?:/.test(text) ? undefined : 'is no http or https URL';
}

function flagProblem(text: string): string | undefined {
  return text === 'true' || text === 'false' ? undefined : 'is neither "true" nor "false"';
}

function durationProblem(text: string): string | undefined {
  return parseDurationMs(text) === undefined ? 'is no duration; write for example 180s or 24h' : undefined;
}

function oneOf(...words: readonly string[]): Rule['problem'] {
  return (text) => (words.includes(text) ? undefined : `is none of ${words.join(', ')}`);
}

function capabilitiesProblem(text: string): string | undefined {
  const words = text.split(',').map((word) => word.trim());
  return words.every((word) => word === 'login' || word === 'apiKey')
    ? undefined
    : 'is no list of login and apiKey';
}

function patternProblem(text: string): string | undefined {
  try {
    new RegExp(text);
    return undefined;
  } catch {
    return 'is no regular expression';
  }
}

function mapProblem(text: string): string | undefined {
  const { value, problem } = yamlOf(text);
  return problem ?? (isRecord(value) ? undefined : 'is no YAML map');
}

function listProblem(text: string, itemProblem: (item: unknown) => string | undefined): string | undefined {
  const { value, problem } = yamlOf(text);
  if (problem !== undefined) return problem;
  if (!Array.isArray(value)) return 'is no YAML list';
  for (const [index, item] of value.entries()) {
    const found = itemProblem(item);
    if (found !== undefined) return `[${index}] ${found}`;
  }
  return undefined;
}

function yamlOf(text: string): { readonly value?: unknown; readonly problem?: string } {
  try {
    return { value: parseYaml(text) };
  } catch (error) {
    return { problem: `is no YAML: ${messageOf(error)}` };
  }
}

function globalProjectProblem(item: unknown): string | undefined {
  return isRecord(item) && typeof item['projectName'] === 'string' ? undefined : 'has no projectName';
}

function filterProblem(item: unknown): string | undefined {
  if (!isRecord(item)) return 'is no map of apiGroups, kinds and clusters';
  const wrong = ['apiGroups', 'kinds', 'clusters'].find(
    (name) => item[name] !== undefined && !Array.isArray(item[name]),
  );
  return wrong === undefined ? undefined : `has ${wrong}, which is no list`;
}

function linkProblem(item: unknown, clock: Clock): string | undefined {
  if (!isRecord(item) || typeof item['title'] !== 'string' || typeof item['url'] !== 'string')
    return 'needs a title and a url';
  try {
    compileGoTemplate(item['title'], { clock });
    compileGoTemplate(item['url'], { clock });
    if (typeof item['if'] === 'string') compileExpr(item['if']);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
