// What `app unset` takes away from a specification. Pure.
import type { ApplicationSource, ApplicationSpec } from '../../model/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { sourceOptions } from './source-position.ts';

export const unsetOptions = {
  ...sourceOptions,
  parameter: { type: 'list', short: 'p', value: 'key', describe: 'Helm value' },
  values: { type: 'list', value: 'file', describe: 'Helm values file' },
  'values-literal': { type: 'boolean', describe: 'Helm values given in place' },
  'ignore-missing-value-files': {
    type: 'boolean',
    describe: 'Whether missing Helm values files are left out',
  },
  'pass-credentials': { type: 'boolean', describe: 'Whether Helm passes credentials to all domains' },
  nameprefix: { type: 'boolean', describe: 'Kustomize name prefix' },
  namesuffix: { type: 'boolean', describe: 'Kustomize name suffix' },
  'kustomize-version': { type: 'boolean', describe: 'Kustomize version' },
  'kustomize-namespace': { type: 'boolean', describe: 'Kustomize namespace' },
  'kustomize-image': { type: 'list', value: 'image', describe: 'Kustomize image, by its name' },
  'kustomize-replica': { type: 'list', value: 'name', describe: 'Kustomize replicas, by name' },
  'ignore-missing-components': {
    type: 'boolean',
    describe: 'Whether missing Kustomize components are left out',
  },
  'plugin-env': { type: 'list', value: 'name', describe: 'Environment variable of the plugin' },
  ref: { type: 'boolean', describe: 'Name by which other sources refer to this one' },
} as const satisfies OptionSpecs;

type UnsetFlags = OptionsOf<typeof unsetOptions>;

/** The specification without what the flags name. @param position of the source, counted from 1 */
export function withoutSettings(spec: ApplicationSpec, flags: UnsetFlags, position: number): ApplicationSpec {
  const { source, sources } = spec;
  if (sources === undefined || sources.length === 0)
    return source === undefined ? spec : { ...spec, source: withoutSource(source, flags) };
  return {
    ...spec,
    sources: sources.map((item, index) => (index === position - 1 ? withoutSource(item, flags) : item)),
  };
}

function withoutSource(source: ApplicationSource, flags: UnsetFlags): ApplicationSource {
  const { helm, kustomize, plugin } = source;
  return without(
    {
      ...source,
      ...(helm === undefined ? {} : { helm: helmWithout(helm, flags) }),
      ...(kustomize === undefined ? {} : { kustomize: kustomizeWithout(kustomize, flags) }),
      ...(plugin === undefined
        ? {}
        : { plugin: { ...plugin, ...listWithout(plugin, 'env', flags['plugin-env'], ({ name }) => name) } }),
    },
    { ref: flags.ref },
  );
}

type Helm = NonNullable<ApplicationSource['helm']>;
type Kustomize = NonNullable<ApplicationSource['kustomize']>;

function helmWithout(helm: Helm, flags: UnsetFlags): Helm {
  return without(
    {
      ...helm,
      ...listWithout(helm, 'parameters', flags.parameter, ({ name = '' }) => name),
      ...listWithout(helm, 'fileParameters', flags.parameter, ({ name = '' }) => name),
      ...listWithout(helm, 'valueFiles', flags.values, (file) => file),
    },
    {
      values: flags['values-literal'],
      valuesObject: flags['values-literal'],
      ignoreMissingValueFiles: flags['ignore-missing-value-files'],
      passCredentials: flags['pass-credentials'],
    },
  );
}

function kustomizeWithout(kustomize: Kustomize, flags: UnsetFlags): Kustomize {
  return without(
    {
      ...kustomize,
      ...listWithout(kustomize, 'images', flags['kustomize-image'], imageName, imageName),
      ...listWithout(kustomize, 'replicas', flags['kustomize-replica'], ({ name }) => name),
    },
    {
      namePrefix: flags.nameprefix,
      nameSuffix: flags.namesuffix,
      version: flags['kustomize-version'],
      namespace: flags['kustomize-namespace'],
      ignoreMissingComponents: flags['ignore-missing-components'],
    },
  );
}

/** `nginx` of `nginx=registry/nginx:1.2`, of `nginx:1.2` and of `nginx@sha256:…`. */
function imageName(image: string): string {
  return image.split(/[=@]/, 1)[0]?.replace(/:[^/]*$/, '') ?? image;
}

/** The member without the items that are named; nothing to spread when it is not there. */
function listWithout<T extends object, K extends keyof T & string>(
  holder: T,
  member: K,
  names: readonly string[],
  nameOf: (item: ItemOf<T[K]>) => string,
  normalise: (name: string) => string = (name) => name,
): { [P in K]?: T[K] } {
  const list = holder[member] as readonly ItemOf<T[K]>[] | undefined;
  if (list === undefined || names.length === 0) return {};
  const gone = new Set(names.map(normalise));
  return { [member]: list.filter((item) => !gone.has(nameOf(item))) } as unknown as { [P in K]?: T[K] };
}

type ItemOf<L> = NonNullable<L> extends readonly (infer I)[] ? I : never;

/** The object without the members whose flag is set. */
function without<T extends object>(object: T, gone: Readonly<Record<string, boolean | undefined>>): T {
  return Object.fromEntries(Object.entries(object).filter(([name]) => gone[name] !== true)) as T;
}
