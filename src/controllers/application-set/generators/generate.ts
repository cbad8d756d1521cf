// Every generator of a set, asked in order. Combines children of matrix and merge, and filters by selectors.
import { matchesLabels } from '../../../k8s/index.ts';
import { isRecord } from '../../../lib/index.ts';
import {
  type Generator,
  MatrixGenerator,
  MergeGenerator,
  type NestedGenerator,
} from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { flattened } from '../parameters.ts';
import { selectorOf } from '../selector.ts';
import { generateFromClusterDecisions } from './cluster-decision-resource.ts';
import { generateFromClusters } from './clusters.ts';
import type { GeneratorContext, Parameters } from './generator.ts';
import { generateFromGit } from './git.ts';
import { generateFromList } from './list.ts';
import { matrixOf } from './matrix.ts';
import { mergeOf } from './merge.ts';
import { generateFromPlugin } from './plugin.ts';
import { generateFromPullRequests } from './pull-request.ts';
import { generateFromScmProvider } from './scm-provider.ts';

/** Beyond this a set is a mistake, e.g. a matrix of two long lists. */
const MAX_PARAMETER_SETS = 5_000;
/** A matrix or merge may have another one below it, as Argo CD has it. */
const MAX_NESTING = 2;

/** The parameter sets of one generator, with the template that overrides the set's for them. */
export interface Generated {
  readonly parameters: readonly Parameters[];
  readonly template: Readonly<Record<string, unknown>> | undefined;
}

/** Rejects with ApplicationSetError when any generator fails: what is incomplete is no answer. */
export async function generateAll(context: GeneratorContext): Promise<readonly Generated[]> {
  const found: Generated[] = [];
  let count = 0;
  for (const [i, generator] of context.set.spec.generators.entries()) {
    const parameters = await parametersOf(generator, context, 0, `generators[${i}]`);
    count += parameters.length;
    if (count > MAX_PARAMETER_SETS) throw tooMany();
    found.push({ parameters, template: templateOf(generator) });
  }
  return found;
}

type Source = readonly [name: string, ask: () => readonly Parameters[] | Promise<readonly Parameters[]>];

async function parametersOf(
  generator: Generator | NestedGenerator,
  context: GeneratorContext,
  depth: number,
  at: string,
): Promise<readonly Parameters[]> {
  const { list, clusters, git, scmProvider, pullRequest, clusterDecisionResource, plugin } = generator;
  const { matrix, merge } = generator;
  const sources: readonly (Source | undefined)[] = [
    list && ['list', () => generateFromList(list, context)],
    clusters && ['clusters', () => generateFromClusters(clusters, context)],
    git && ['git', () => generateFromGit(git, context)],
    scmProvider && ['scmProvider', () => generateFromScmProvider(scmProvider, context)],
    pullRequest && ['pullRequest', () => generateFromPullRequests(pullRequest, context)],
    clusterDecisionResource && [
      'clusterDecisionResource',
      () => generateFromClusterDecisions(clusterDecisionResource, context),
    ],
    plugin && ['plugin', () => generateFromPlugin(plugin, context)],
    matrix && ['matrix', () => fromMatrix(matrix, context, depth + 1, `${at}.matrix`)],
    merge && ['merge', () => fromMerge(merge, context, depth + 1, `${at}.merge`)],
  ];
  const given = sources.filter((source) => source !== undefined);
  const [source, ...more] = given;
  if (source === undefined || more.length > 0) {
    const seen = source === undefined ? 'has none' : `has ${given.map(([name]) => name).join(' and ')}`;
    throw invalid(`spec.${at} must have exactly one generator and ${seen}`);
  }
  const parameters = await source[1]();
  if (parameters.length > MAX_PARAMETER_SETS) throw tooMany();
  const selector = selectorOf(generator.selector, `spec.${at}`);
  return generator.selector === undefined
    ? parameters
    : parameters.filter((set) => matchesLabels(selector, flattened(set)));
}

async function fromMatrix(
  configuration: unknown,
  context: GeneratorContext,
  depth: number,
  at: string,
): Promise<readonly Parameters[]> {
  const { generators } = checked(MatrixGenerator, configuration, depth, at);
  const [first, second, ...more] = generators;
  if (first === undefined || second === undefined || more.length > 0)
    throw invalid(
      `spec.${at} must have two generators and has ${generators.length}; nest another matrix for more`,
    );
  const outer = await parametersOf(
    withParameters(first, context.outer, context),
    context,
    depth,
    `${at}.generators[0]`,
  );
  return await matrixOf(
    outer,
    (parameters) => {
      const seen = { ...context.outer, ...parameters };
      const inner = withParameters(second, seen, context);
      return parametersOf(inner, { ...context, outer: seen }, depth, `${at}.generators[1]`);
    },
    context.filler.isGoTemplate,
  );
}

async function fromMerge(
  configuration: unknown,
  context: GeneratorContext,
  depth: number,
  at: string,
): Promise<readonly Parameters[]> {
  const { generators, mergeKeys } = checked(MergeGenerator, configuration, depth, at);
  if (generators.length < 2) throw invalid(`spec.${at} must have two generators or more`);
  const children: (readonly Parameters[])[] = [];
  for (const [i, child] of generators.entries()) {
    const filled = withParameters(child, context.outer, context);
    children.push(await parametersOf(filled, context, depth, `${at}.generators[${i}]`));
  }
  return mergeOf(children[0] ?? [], children.slice(1), mergeKeys);
}

/** Members that are filled in later, when the generator's own parameters are known, too. */
const LATER: ReadonlySet<string> = new Set(['values', 'template']);
/** Their children are filled in one by one, each with what those before it gave. */
const COMBINED: ReadonlySet<string> = new Set(['matrix', 'merge']);

/** The generator with the outer parameters in its texts. */
function withParameters(
  generator: NestedGenerator,
  parameters: Parameters | undefined,
  { filler }: GeneratorContext,
): NestedGenerator {
  if (parameters === undefined) return generator;
  const filled = Object.entries(generator).map(([kind, configuration]) => {
    if (!isRecord(configuration) || COMBINED.has(kind)) return [kind, configuration] as const;
    const members = Object.entries(configuration).map(([name, member]) => [
      name,
      LATER.has(name) ? member : filler.value(member, parameters),
    ]);
    return [kind, Object.fromEntries(members)] as const;
  });
  return Object.fromEntries(filled) as NestedGenerator;
}

/** A matrix or merge below another one is only now looked at: its shape cannot refer to itself in a definition. */
function checked<T>(
  model: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } };
  },
  configuration: unknown,
  depth: number,
  at: string,
): T {
  if (depth > MAX_NESTING) throw invalid(`spec.${at} is nested deeper than a matrix or merge in another one`);
  const read = model.safeParse(configuration);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`spec.${at}.${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
}

function templateOf(generator: Generator): Readonly<Record<string, unknown>> | undefined {
  for (const configuration of Object.values(generator) as unknown[]) {
    if (isRecord(configuration) && isRecord(configuration['template'])) return configuration['template'];
  }
  return undefined;
}

function invalid(seen: string): ApplicationSetError {
  return new ApplicationSetError('SET_INVALID', 'on-change', seen);
}

function tooMany(): ApplicationSetError {
  return new ApplicationSetError(
    'SET_LIMIT',
    'on-change',
    `The generators give more than ${MAX_PARAMETER_SETS} parameter sets; split the set, or narrow its generators`,
  );
}
