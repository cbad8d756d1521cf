// The git generator: one parameter set for each directory, or for each file and what stands in it, of one commit.
import type { z } from 'zod';
import { isRecord, mapLimited, messageOf, parseYamlDocuments } from '../../../lib/index.ts';
import type { GitGenerator } from '../../../model/index.ts';
import { compileGlob, type Glob } from '../../../render/index.ts';
import type { RepositoryFiles } from '../deps.ts';
import { ApplicationSetError } from '../errors.ts';
import { normalizedName } from '../names.ts';
import { flattened } from '../parameters.ts';
import type { GeneratorContext, Parameters } from './generator.ts';
import { withValues } from './with-values.ts';

type GitConfiguration = z.infer<typeof GitGenerator>;
type PathItem = NonNullable<GitConfiguration['directories']>[number];

/** Blobs of a local mirror: more at once only fill memory. */
const FILES_AT_ONCE = 16;
/** A set of this many applications is beyond what one set can have, see generate.ts. */
const MAX_FOUND = 5_000;

/** Rejects with ApplicationSetError; a repository that cannot be read is `GENERATOR_FAILED`. */
export async function generateFromGit(
  configuration: GitConfiguration,
  context: GeneratorContext,
): Promise<readonly Parameters[]> {
  const { directories = [], files = [], repoURL, revision } = configuration;
  if (directories.length > 0 === files.length > 0) {
    throw new ApplicationSetError(
      'SET_INVALID',
      'on-change',
      'Git generator: give either directories or files',
    );
  }
  const commit = await commitOf(context, repoURL, revision);
  const found =
    directories.length > 0
      ? selected(directoriesOf(commit.paths), directories, (pattern) => globOf(pattern, 'path')).map((path) =>
          placed(configuration, context, {}, path),
        )
      : await ofFiles(configuration, context, commit);
  return found.map((parameters) => withValues(parameters, configuration.values, context));
}

async function commitOf(
  { deps, set, signal }: GeneratorContext,
  repoURL: string,
  revision: string,
): Promise<RepositoryFiles> {
  const { project } = set.spec.template.spec;
  const refusal = deps.refusal(set, repoURL);
  if (refusal !== undefined)
    throw new ApplicationSetError('SET_INVALID', 'on-change', `Git generator: ${refusal}`);
  try {
    return await deps.files(repoURL, revision, project.includes('{{') ? '' : project, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new ApplicationSetError(
      'GENERATOR_FAILED',
      'backoff',
      `Git generator: cannot read ${repoURL} at ${revision === '' ? 'HEAD' : revision}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function ofFiles(
  configuration: GitConfiguration,
  context: GeneratorContext,
  commit: RepositoryFiles,
): Promise<readonly Parameters[]> {
  const wanted = configuration.files ?? [];
  const paths = selected(commit.paths, wanted, (pattern) => {
    // As git names files: `*` matches a "/", too, and a directory stands for everything in it.
    const glob = globOf(pattern, 'any');
    const folder = `${pattern.replace(/\/+$/, '')}/`;
    return (path) => glob(path) || path.startsWith(folder);
  });
  const contents = await mapLimited(paths, FILES_AT_ONCE, async (path) => {
    const sets = parameterSets(path, await commit.read(path));
    const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    const fileName = path.slice(path.lastIndexOf('/') + 1);
    return sets.map((parameters) => placed(configuration, context, parameters, directory, fileName));
  });
  const all = contents.flat();
  if (all.length > MAX_FOUND) throw tooMany();
  return all;
}

/** The objects that stand in a YAML or JSON file: one, or a list of them. */
function parameterSets(path: string, text: string): readonly Readonly<Record<string, unknown>>[] {
  let values: unknown[];
  try {
    values = parseYamlDocuments(text, { name: path }).map(({ value }) => value);
  } catch (error) {
    throw new ApplicationSetError('GENERATOR_FAILED', 'on-change', `Git generator: ${messageOf(error)}`);
  }
  const [first, ...more] = values;
  if (first === undefined) return [{}];
  const list: readonly unknown[] = Array.isArray(first) ? first : [first];
  if (more.length === 0 && list.every((item) => isRecord(item))) return list;
  throw new ApplicationSetError(
    'GENERATOR_FAILED',
    'on-change',
    `Git generator: ${path} is neither one object of parameters nor a list of them`,
  );
}

/** The parameters with those of the place they were found at, below `pathParamPrefix` when there is one. */
function placed(
  { pathParamPrefix = '' }: GitConfiguration,
  { filler }: GeneratorContext,
  parameters: Readonly<Record<string, unknown>>,
  directory: string,
  fileName?: string,
): Parameters {
  const segments = directory === '' ? [] : directory.split('/');
  const basename = segments.at(-1) ?? '';
  const facts = {
    path: directory === '' ? '.' : directory,
    basename,
    basenameNormalized: normalizedName(basename),
    ...(fileName === undefined ? {} : { filename: fileName, filenameNormalized: normalizedName(fileName) }),
  };
  if (filler.isGoTemplate) {
    const place = { path: { ...facts, segments } };
    return { ...parameters, ...(pathParamPrefix === '' ? place : { [pathParamPrefix]: place }) };
  }
  const prefix = pathParamPrefix === '' ? '' : `${pathParamPrefix}.`;
  const { path, ...others } = facts;
  return {
    ...flattened(parameters),
    [`${prefix}path`]: path,
    ...Object.fromEntries(Object.entries(others).map(([name, text]) => [`${prefix}path.${name}`, text])),
    ...Object.fromEntries(segments.map((segment, i) => [`${prefix}path[${i}]`, segment])),
  };
}

/** Every directory with a file in or below it, but those that begin with a dot. */
function directoriesOf(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length && parts[depth - 1]?.startsWith('.') === false; depth += 1) {
      found.add(parts.slice(0, depth).join('/'));
    }
  }
  return [...found].sort();
}

/** What an item names and no item excludes, whatever their order. */
function selected(
  paths: readonly string[],
  items: readonly PathItem[],
  compile: (pattern: string) => Glob,
): readonly string[] {
  const of = (isExcluded: boolean): readonly Glob[] =>
    items.filter(({ exclude = false }) => exclude === isExcluded).map(({ path }) => compile(path));
  const [wanted, unwanted] = [of(false), of(true)];
  const found = paths.filter(
    (path) => wanted.some((glob) => glob(path)) && !unwanted.some((glob) => glob(path)),
  );
  if (found.length > MAX_FOUND) throw tooMany();
  return found;
}

function globOf(pattern: string, slashes: 'path' | 'any'): Glob {
  try {
    return compileGlob(pattern, { slashes });
  } catch (error) {
    throw new ApplicationSetError('SET_INVALID', 'on-change', `Git generator: ${messageOf(error)}`);
  }
}

function tooMany(): ApplicationSetError {
  return new ApplicationSetError(
    'SET_LIMIT',
    'on-change',
    `Git generator: more than ${MAX_FOUND} paths match; narrow them`,
  );
}
