// The flags of `app create` and `app set`, and how each changes a specification. Pure; the names are argocd's.
import type { Application } from '../../contract/index.ts';
import type { ApplicationSource, ApplicationSpec, RetryStrategy, SyncPolicy } from '../../model/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { CliError } from '../errors.ts';

export const specOptions = {
  repo: { type: 'string', value: 'url', describe: 'Repository' },
  path: { type: 'string', value: 'path', describe: 'Path inside the repository' },
  revision: { type: 'string', value: 'ref', describe: 'Branch, tag, commit or chart version to follow' },
  'helm-chart': { type: 'string', value: 'name', describe: 'Chart of a Helm repository' },
  ref: { type: 'string', value: 'name', describe: 'Name by which other sources refer to this one' },
  'dest-server': { type: 'string', value: 'url', describe: 'Cluster to deploy to, by its URL' },
  'dest-name': { type: 'string', value: 'name', describe: 'Cluster to deploy to, by its name' },
  'dest-namespace': { type: 'string', value: 'namespace', describe: 'Namespace to deploy to' },
  'sync-policy': {
    type: 'string',
    choices: ['none', 'manual', 'automated', 'automatic', 'auto'],
    describe: 'Who starts syncs',
  },
  'auto-prune': { type: 'boolean', describe: 'Automated sync also deletes what left the source' },
  'self-heal': { type: 'boolean', describe: 'Automated sync also undoes changes made in the cluster' },
  'allow-empty': { type: 'boolean', describe: 'Automated sync may delete everything' },
  'sync-option': {
    type: 'list',
    value: 'name=value',
    describe: 'Sync option; with a leading ! it is removed',
  },
  'sync-retry-limit': { type: 'number', describe: 'How often a failed sync is tried again' },
  'sync-retry-backoff-duration': {
    type: 'string',
    value: 'duration',
    describe: 'Wait before the first retry',
  },
  'sync-retry-backoff-factor': { type: 'number', describe: 'By how much the wait grows' },
  'sync-retry-backoff-max-duration': { type: 'string', value: 'duration', describe: 'Longest wait' },
  'revision-history-limit': { type: 'number', describe: 'Entries of status.history to keep' },
  values: { type: 'list', value: 'file', describe: 'Helm values file of the repository' },
  'helm-set': { type: 'list', value: 'key=value', describe: 'Helm value' },
  'helm-set-string': { type: 'list', value: 'key=value', describe: 'Helm value that stays a string' },
  'helm-set-file': { type: 'list', value: 'key=path', describe: 'Helm value from a file of the repository' },
  parameter: { type: 'list', short: 'p', value: 'key=value', isWhole: true, describe: 'Helm value' },
  'release-name': { type: 'string', value: 'name', describe: 'Helm release name' },
  'helm-skip-crds': { type: 'boolean', describe: 'Leave out what the chart has under crds/' },
  nameprefix: { type: 'string', value: 'text', describe: 'Kustomize name prefix' },
  namesuffix: { type: 'string', value: 'text', describe: 'Kustomize name suffix' },
  'kustomize-image': {
    type: 'list',
    value: 'image',
    describe: 'Kustomize image, e.g. nginx=registry/nginx:1.2',
  },
  'kustomize-namespace': { type: 'string', value: 'namespace', describe: 'Kustomize namespace' },
  'kustomize-common-label': { type: 'list', value: 'key=value', describe: 'Kustomize common label' },
  'kustomize-common-annotation': {
    type: 'list',
    value: 'key=value',
    describe: 'Kustomize common annotation',
  },
  'directory-recurse': { type: 'boolean', describe: 'Read sub-directories, too' },
  'directory-include': { type: 'string', value: 'glob', describe: 'Files to read' },
  'directory-exclude': { type: 'string', value: 'glob', describe: 'Files to leave out' },
  'jsonnet-ext-var-str': {
    type: 'list',
    value: 'key=value',
    describe: 'Jsonnet external variable, a string',
  },
  'jsonnet-ext-var-code': { type: 'list', value: 'key=value', describe: 'Jsonnet external variable, code' },
  'jsonnet-tla-str': { type: 'list', value: 'key=value', describe: 'Jsonnet top-level argument, a string' },
  'jsonnet-tla-code': { type: 'list', value: 'key=value', describe: 'Jsonnet top-level argument, code' },
  'jsonnet-libs': { type: 'list', value: 'path', describe: 'Jsonnet library path' },
  'config-management-plugin': { type: 'string', value: 'name', describe: 'Plugin that renders the source' },
  'plugin-env': { type: 'list', value: 'key=value', describe: 'Environment variable of the plugin' },
} as const satisfies OptionSpecs;

export type SpecFlags = OptionsOf<typeof specOptions>;

/** `spec` with what the flags say; what they do not mention stays. @param sourceIndex 0-based, for several sources */
export function withSpecFlags(spec: ApplicationSpec, flags: SpecFlags, sourceIndex = 0): ApplicationSpec {
  const destination = withGiven(spec.destination, {
    server: flags['dest-server'],
    name: flags['dest-name'],
    namespace: flags['dest-namespace'],
  });
  return withGiven(
    { ...spec, ...sourcesWithFlags(spec, flags, sourceIndex), destination },
    {
      syncPolicy: syncPolicyWithFlags(spec.syncPolicy, flags),
      revisionHistoryLimit: flags['revision-history-limit'],
    },
  );
}

/** True when a flag that changes a specification was given. */
export function hasSpecFlags(flags: SpecFlags): boolean {
  return Object.keys(specOptions).some((name) => {
    const value = flags[name as keyof SpecFlags];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
}

/** A specification with nothing in it, for `app create`. */
export function emptySpec(project: string): Application['spec'] {
  return { project, destination: {} };
}

function sourcesWithFlags(spec: ApplicationSpec, flags: SpecFlags, index: number): Partial<ApplicationSpec> {
  if (spec.sources === undefined || spec.sources.length === 0) {
    const source = sourceWithFlags(spec.source ?? { repoURL: '' }, flags);
    return source.repoURL === '' && spec.source === undefined ? {} : { source };
  }
  if (index >= spec.sources.length) {
    throw new CliError('USAGE', `--source-position: there are only ${spec.sources.length} sources`, 1);
  }
  return {
    sources: spec.sources.map((source, i) => (i === index ? sourceWithFlags(source, flags) : source)),
  };
}

function sourceWithFlags(source: ApplicationSource, flags: SpecFlags): ApplicationSource {
  return withGiven(source, {
    repoURL: flags.repo,
    path: flags.path,
    chart: flags['helm-chart'],
    targetRevision: flags.revision,
    ref: flags.ref,
    helm: helmWithFlags(source.helm, flags),
    kustomize: kustomizeWithFlags(source.kustomize, flags),
    directory: directoryWithFlags(source.directory, flags),
    plugin: pluginWithFlags(source.plugin, flags),
  });
}

function helmWithFlags(helm: ApplicationSource['helm'], flags: SpecFlags): ApplicationSource['helm'] {
  const parameters = [
    ...pairs([...flags['helm-set'], ...flags.parameter], '--helm-set').map(([name, value]) => ({
      name,
      value,
    })),
    ...pairs(flags['helm-set-string'], '--helm-set-string').map(([name, value]) => ({
      name,
      value,
      forceString: true,
    })),
  ];
  const files = pairs(flags['helm-set-file'], '--helm-set-file').map(([name, path]) => ({ name, path }));
  return withGiven(helm, {
    valueFiles: flags.values.length === 0 ? undefined : [...flags.values],
    parameters: replaceNamed(helm?.parameters, parameters),
    fileParameters: replaceNamed(helm?.fileParameters, files),
    releaseName: flags['release-name'],
    skipCrds: flags['helm-skip-crds'],
  });
}

function kustomizeWithFlags(
  before: ApplicationSource['kustomize'],
  flags: SpecFlags,
): ApplicationSource['kustomize'] {
  const images = flags['kustomize-image'];
  const imageName = (image: string): string => image.split(/[=:@]/, 1)[0] ?? image;
  const kept = (before?.images ?? []).filter(
    (image) => !images.some((next) => imageName(next) === imageName(image)),
  );
  return withGiven(before, {
    namePrefix: flags.nameprefix,
    nameSuffix: flags.namesuffix,
    namespace: flags['kustomize-namespace'],
    images: images.length === 0 ? undefined : [...kept, ...images],
    commonLabels: mapOf(before?.commonLabels, flags['kustomize-common-label'], '--kustomize-common-label'),
    commonAnnotations: mapOf(
      before?.commonAnnotations,
      flags['kustomize-common-annotation'],
      '--kustomize-common-annotation',
    ),
  });
}

function directoryWithFlags(
  before: ApplicationSource['directory'],
  flags: SpecFlags,
): ApplicationSource['directory'] {
  const variables = (strings: readonly string[], codes: readonly string[], flag: string) => [
    ...pairs(strings, `${flag}-str`).map(([name, value]) => ({ name, value })),
    ...pairs(codes, `${flag}-code`).map(([name, value]) => ({ name, value, code: true })),
  ];
  const extVars = variables(flags['jsonnet-ext-var-str'], flags['jsonnet-ext-var-code'], '--jsonnet-ext-var');
  const tlas = variables(flags['jsonnet-tla-str'], flags['jsonnet-tla-code'], '--jsonnet-tla');
  const jsonnet = withGiven(before?.jsonnet, {
    extVars: replaceNamed(before?.jsonnet?.extVars, extVars),
    tlas: replaceNamed(before?.jsonnet?.tlas, tlas),
    libs: flags['jsonnet-libs'].length === 0 ? undefined : [...flags['jsonnet-libs']],
  });
  return withGiven(before, {
    recurse: flags['directory-recurse'],
    include: flags['directory-include'],
    exclude: flags['directory-exclude'],
    jsonnet,
  });
}

function pluginWithFlags(before: ApplicationSource['plugin'], flags: SpecFlags): ApplicationSource['plugin'] {
  const env = pairs(flags['plugin-env'], '--plugin-env').map(([name, value]) => ({ name, value }));
  return withGiven(before, { name: flags['config-management-plugin'], env: replaceNamed(before?.env, env) });
}

function syncPolicyWithFlags(before: SyncPolicy | undefined, flags: SpecFlags): SyncPolicy | undefined {
  const policy = flags['sync-policy'];
  const isManual = policy === 'none' || policy === 'manual';
  const automated = withGiven(
    policy === undefined || isManual ? before?.automated : (before?.automated ?? {}),
    {
      prune: flags['auto-prune'],
      selfHeal: flags['self-heal'],
      allowEmpty: flags['allow-empty'],
    },
  );
  const changed = withGiven(before, {
    automated,
    syncOptions: syncOptions(before, flags),
    retry: retryWithFlags(before?.retry, flags),
  });
  if (!isManual || changed === undefined) return changed;
  const { automated: _, ...manual } = changed;
  return manual;
}

function syncOptions(before: SyncPolicy | undefined, flags: SpecFlags): string[] | undefined {
  if (flags['sync-option'].length === 0) return undefined;
  const options = new Set(before?.syncOptions);
  for (const option of flags['sync-option']) {
    if (option.startsWith('!')) options.delete(option.slice(1));
    else options.add(option);
  }
  return [...options];
}

function retryWithFlags(before: RetryStrategy | undefined, flags: SpecFlags): RetryStrategy | undefined {
  const backoff = withGiven(before?.backoff, {
    duration: flags['sync-retry-backoff-duration'],
    factor: flags['sync-retry-backoff-factor'],
    maxDuration: flags['sync-retry-backoff-max-duration'],
  });
  return withGiven(before, { limit: flags['sync-retry-limit'], backoff });
}

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** `before` with the members that are given; undefined when there is neither. */
function withGiven<T extends object>(before: T, given: Given<T>): T;
function withGiven<T extends object>(before: T | undefined, given: Given<T>): T | undefined;
function withGiven<T extends object>(before: T | undefined, given: Given<T>): T | undefined {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  if (members.length === 0) return before;
  return { ...before, ...Object.fromEntries(members) } as T;
}

function pairs(texts: readonly string[], flag: string): (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0) throw new CliError('USAGE', `${flag}: "${text}" is not KEY=VALUE`, 1);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
}

/** The list with entries of the same name replaced; undefined when nothing was given. */
function replaceNamed<T extends { name?: string | undefined }>(
  before: readonly T[] | undefined,
  given: readonly T[],
): T[] | undefined {
  if (given.length === 0) return undefined;
  const names = new Set(given.map(({ name }) => name));
  return [...(before ?? []).filter(({ name }) => !names.has(name)), ...given];
}

function mapOf(
  before: Record<string, string> | undefined,
  texts: readonly string[],
  flag: string,
): Record<string, string> | undefined {
  return texts.length === 0 ? undefined : { ...before, ...Object.fromEntries(pairs(texts, flag)) };
}
