// Reads what `admin settings resource-overrides` works on: a manifest, and argocd-cm as a file.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { readOverrides } from '../../evaluate/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, messageOf, parseYaml } from '../../lib/index.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';

export const overrideOptions = {
  'argocd-cm-path': { type: 'string', value: 'file', describe: 'The config map argocd-cm as a file' },
} as const;

/** The object in a YAML or JSON file; `-` is stdin. */
export async function readObject(environment: CliEnvironment, path: string): Promise<KubeObject> {
  const value = await readYaml(environment, path);
  const { metadata } = isRecord(value) ? value : {};
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string') {
    throw new CliError('USAGE', `${path} has no apiVersion or kind: give the manifest of one object`);
  }
  return { ...value, metadata: isRecord(metadata) ? metadata : {} } as KubeObject;
}

/** The members of the config map; none when no file is named. */
export async function readConfigMap(
  environment: CliEnvironment,
  path: string | undefined,
): Promise<Record<string, string>> {
  if (path === undefined) return {};
  const value = await readYaml(environment, path);
  const { kind, data = {} } = isRecord(value) ? value : {};
  if (kind !== 'ConfigMap' || !isRecord(data)) {
    throw new CliError('USAGE', `${path} is no config map: give the file of argocd-cm`);
  }
  // `useOpenLibs…: true` without quotes is what Kubernetes would refuse; what is meant is clear.
  const texts = Object.entries(data).map(([key, member]) => [key, String(member)] as const);
  const read = Object.fromEntries(texts);
  const { problem } = readOverrides(read, 'health');
  if (problem !== undefined) throw new CliError('CONFIG', `${path}: ${problem}`);
  return read;
}

/** As YAML with sorted members, for showing and comparing. */
export function objectText(object: KubeObject): string {
  return stringify(object, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false });
}

async function readYaml(environment: CliEnvironment, path: string): Promise<unknown> {
  try {
    const text =
      path === '-' ? await environment.readStdin() : await readFile(resolve(environment.cwd, path), 'utf8');
    return parseYaml(text);
  } catch (error) {
    throw new CliError('CONFIG', `Cannot read ${path}: ${messageOf(error)}`, 20, { cause: error });
  }
}
