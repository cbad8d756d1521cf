// One reading of what an API server serves: aggregated discovery (v2), or group by group where a server lacks it.
import { isRecord, mapLimited, messageOf } from '../lib/index.ts';
import type { ApiGroupVersion, ApiResource } from './catalog.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { groupVersionPath } from './resource-type.ts';
import type { HttpAnswer } from './transport.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** One of the two discovery documents, kept with its ETag so that asking again costs next to nothing. */
export interface DiscoveryPart {
  readonly etag: string;
  readonly groupVersions: readonly ApiGroupVersion[];
}

export interface DiscoveryParts {
  readonly core?: DiscoveryPart | undefined;
  readonly groups?: DiscoveryPart | undefined;
}

/** Asks for both documents. Throws KubeError when one cannot be had; a group that fails is inside the answer. */
export async function readDiscovery(
  client: KubeClient,
  known: DiscoveryParts,
  signal?: AbortSignal,
): Promise<{ readonly core: DiscoveryPart; readonly groups: DiscoveryPart }> {
  const [core, groups] = await Promise.all([
    readPart(client, '/api', known.core, signal),
    readPart(client, '/apis', known.groups, signal),
  ]);
  return { core, groups };
}

/**
 * A group version that was served before and is not named any more: asked for directly, because an answer cut on the
 * way looks the same as a type that was removed. Undefined when it is really gone.
 */
export async function readMissing(
  client: KubeClient,
  known: ApiGroupVersion,
  signal?: AbortSignal,
): Promise<ApiGroupVersion | undefined> {
  const { group, version } = known;
  const path = groupVersionPath(known);
  try {
    const answer = await client.raw({ path, signal });
    return { group, version, resources: parseResourceList(group, version, parse(answer, path)) };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.httpStatus === 404 ? undefined : { ...known, failure: error.message };
  }
}

async function readPart(
  client: KubeClient,
  path: '/api' | '/apis',
  known: DiscoveryPart | undefined,
  signal: AbortSignal | undefined,
): Promise<DiscoveryPart> {
  const headers = known === undefined || known.etag === '' ? {} : { 'if-none-match': known.etag };
  const answer = await client.raw({ path, accept: `${AGGREGATED},application/json`, headers, signal });
  if (answer.status === 304 && known !== undefined) return known;
  const document = parse(answer, path);
  if (document.kind === 'APIGroupDiscoveryList') {
    return { etag: String(answer.headers.etag ?? ''), groupVersions: parseAggregated(document) };
  }
  return { etag: '', groupVersions: await readOneByOne(client, path, document, signal) };
}

function parse(answer: HttpAnswer, path: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(answer.text);
    if (isRecord(document)) return document;
  } catch {
    // Falls through to the one message for everything that is no discovery document.
  }
  throw new KubeError('SERVER', `Cannot read ${path}: the answer is not a discovery document`);
}

/** apidiscovery.k8s.io/v2 APIGroupDiscoveryList. */
export function parseAggregated(document: Record<string, unknown>): ApiGroupVersion[] {
  const result: ApiGroupVersion[] = [];
  for (const group of records(document.items)) {
    const name = isRecord(group.metadata) ? String(group.metadata.name ?? '') : '';
    for (const entry of records(group.versions)) {
      const version = String(entry.version);
      const resources = records(entry.resources).flatMap((item) => aggregatedResource(name, version, item));
      const failure =
        entry.freshness === 'Stale' ? `the API service of ${name}/${version} does not answer` : undefined;
      result.push({ group: name, version, resources, failure });
    }
  }
  return result;
}

function aggregatedResource(group: string, version: string, item: Record<string, unknown>): ApiResource[] {
  const { responseKind } = item;
  const kind = isRecord(responseKind) ? String(responseKind.kind ?? '') : '';
  // A resource without a kind only carries sub-resources.
  if (kind === '') return [];
  return [
    {
      group,
      version,
      kind,
      resource: String(item.resource),
      namespaced: item.scope === 'Namespaced',
      singular: String(item.singularResource ?? ''),
      shortNames: texts(item.shortNames),
      categories: texts(item.categories),
      verbs: texts(item.verbs),
      subresources: records(item.subresources).map((sub) => String(sub.subresource)),
    },
  ];
}

async function readOneByOne(
  client: KubeClient,
  path: '/api' | '/apis',
  document: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<ApiGroupVersion[]> {
  const names =
    path === '/api'
      ? texts(document.versions).map((version) => ({ group: '', version }))
      : records(document.groups).flatMap(groupVersionsOf);
  return mapLimited(names, 10, async ({ group, version }) => {
    try {
      const answer = await client.raw({ path: groupVersionPath({ group, version }), signal });
      return { group, version, resources: parseResourceList(group, version, parse(answer, path)) };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return { group, version, resources: [], failure: messageOf(error) };
    }
  });
}

/** The versions of one meta/v1 APIGroup, the preferred one first. */
function groupVersionsOf(group: Record<string, unknown>): { group: string; version: string }[] {
  const preferred = isRecord(group.preferredVersion) ? group.preferredVersion.version : undefined;
  const versions = records(group.versions).map((entry) => String(entry.version));
  const ordered = [...versions].sort((a, b) => Number(b === preferred) - Number(a === preferred));
  return ordered.map((version) => ({ group: String(group.name), version }));
}

/** meta/v1 APIResourceList. */
export function parseResourceList(
  group: string,
  version: string,
  document: Record<string, unknown>,
): ApiResource[] {
  const all = records(document.resources);
  const subresources = new Map<string, string[]>();
  for (const item of all) {
    const [resource = '', sub] = String(item.name).split('/');
    if (sub !== undefined) subresources.set(resource, [...(subresources.get(resource) ?? []), sub]);
  }
  return all
    .filter((item) => !String(item.name).includes('/'))
    .map((item) => ({
      group,
      version,
      kind: String(item.kind),
      resource: String(item.name),
      namespaced: item.namespaced === true,
      singular: String(item.singularName ?? ''),
      shortNames: texts(item.shortNames),
      categories: texts(item.categories),
      verbs: texts(item.verbs),
      subresources: subresources.get(String(item.name)) ?? [],
    }));
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
