// Texts of Secrets and ConfigMaps that generators refer to: always of the set's own namespace.
import { type KubeClient, wellKnown } from '../../../k8s/index.ts';
import { isRecord } from '../../../lib/index.ts';
import { ApplicationSetError } from '../errors.ts';
import type { GeneratorContext } from './generator.ts';

/** A member of a Secret. Rejects with `SET_INVALID` naming Secret and key when it is not there. */
export async function secretText(context: GeneratorContext, name: string, key: string): Promise<string> {
  const data = (await dataOf(context, wellKnown.secrets, name)) ?? {};
  const text = Object.hasOwn(data, key) ? data[key] : undefined;
  if (text !== undefined) return Buffer.from(text, 'base64').toString('utf8').trim();
  throw missing('Secret', context, name, key);
}

/** All members of a Secret. Rejects with `SET_INVALID` when there is none. */
export async function secretTexts(
  context: GeneratorContext,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const data = await dataOf(context, wellKnown.secrets, name);
  if (data === undefined) throw missing('Secret', context, name);
  const texts = Object.entries(data).map(([key, text]) => [
    key,
    Buffer.from(text, 'base64').toString('utf8').trim(),
  ]);
  return Object.fromEntries(texts);
}

/** All members of a ConfigMap. Rejects with `SET_INVALID` when there is none. */
export async function configMapTexts(
  context: GeneratorContext,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const data = await dataOf(context, wellKnown.configMaps, name);
  if (data !== undefined) return data;
  throw missing('ConfigMap', context, name);
}

async function dataOf(
  { deps, set, signal }: GeneratorContext,
  type: Parameters<KubeClient['find']>[0],
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const namespace = set.metadata.namespace ?? deps.controlNamespace;
  const found = await deps.home.find(type, { namespace, name }, { signal });
  if (found === undefined) return undefined;
  return (isRecord(found['data']) ? found['data'] : {}) as Readonly<Record<string, string>>;
}

function missing(
  kind: 'Secret' | 'ConfigMap',
  { deps, set }: GeneratorContext,
  name: string,
  key?: string,
): ApplicationSetError {
  const namespace = set.metadata.namespace ?? deps.controlNamespace;
  const what = key === undefined ? `${kind} ${name}` : `key "${key}" of ${kind} ${name}`;
  return new ApplicationSetError(
    'SET_INVALID',
    'on-change',
    `There is no ${what} in namespace ${namespace}; create it, or correct the name in the generator`,
  );
}
