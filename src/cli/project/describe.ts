// A project as lines and cells, in argocd's words. Pure.
import type { AppProject, DetailedProject } from '../../contract/index.ts';
import { type ProjectSpec, type SyncWindow, SyncWindows } from '../../model/index.ts';
import { table } from '../output.ts';

const NONE = '<none>';
const LABEL_WIDTH = 29;

export function projectTable(projects: readonly AppProject[]): string {
  const headings = [
    'NAME',
    'DESCRIPTION',
    'DESTINATIONS',
    'SOURCES',
    'CLUSTER-RESOURCE-WHITELIST',
    'NAMESPACE-RESOURCE-BLACKLIST',
    'SIGNATURE-KEYS',
    'ORPHANED-RESOURCES',
    'DESTINATION-SERVICE-ACCOUNTS',
  ];
  const rows = projects.map(({ metadata, spec }) => [
    metadata.name ?? '',
    spec.description ?? '',
    cell(destinations(spec), 'destinations'),
    cell(spec.sourceRepos ?? [], 'repos'),
    cell(kinds(spec.clusterResourceWhitelist), 'resources'),
    cell(kinds(spec.namespaceResourceBlacklist), 'resources'),
    (spec.signatureKeys ?? []).length === 0 ? NONE : `${spec.signatureKeys?.length} key(s)`,
    orphanedText(spec),
    cell(accounts(spec), 'service accounts'),
  ]);
  return table(headings, rows);
}

/** Everything `proj get` prints, one line each. */
export function projectLines({ project, globalProjects, repositories, clusters }: DetailedProject): string[] {
  const { metadata, spec } = project;
  return [
    ...lines('Name:', [metadata.name ?? ''], ''),
    ...lines('Description:', [spec.description ?? ''], ''),
    ...lines('Destinations:', destinations(spec)),
    ...lines('Destination Service Accounts:', accounts(spec)),
    ...lines('Repositories:', spec.sourceRepos ?? []),
    ...lines('Source Namespaces:', spec.sourceNamespaces ?? []),
    ...lines(
      'Scoped Repositories:',
      repositories.map(({ repo }) => repo),
    ),
    ...lines('Allowed Cluster Resources:', kinds(spec.clusterResourceWhitelist)),
    ...lines(
      'Scoped Clusters:',
      clusters.map(({ server }) => server),
    ),
    ...lines('Denied Namespaced Resources:', kinds(spec.namespaceResourceBlacklist)),
    ...lines(
      'Signature keys:',
      (spec.signatureKeys ?? []).map(({ keyID }) => keyID),
    ),
    ...lines('Orphaned Resources:', [orphanedText(spec)]),
    ...(globalProjects.length === 0
      ? []
      : lines(
          'Global Projects:',
          globalProjects.map((item) => item.metadata.name ?? ''),
        )),
  ];
}

/** @param now milliseconds */
export function windowTable(windows: readonly SyncWindow[], now: number): string {
  const headings = [
    'ID',
    'STATUS',
    'KIND',
    'SCHEDULE',
    'DURATION',
    'APPLICATIONS',
    'NAMESPACES',
    'CLUSTERS',
    'MANUALSYNC',
    'TIMEZONE',
    'USEANDOPERATOR',
    'SYNCOVERRUN',
  ];
  const list = (items: readonly string[] | undefined): string =>
    items === undefined || items.length === 0 ? '-' : items.join(',');
  const enabled = (value: boolean | undefined): string => (value === true ? 'Enabled' : 'Disabled');
  const rows = windows.map((window, id) => [
    String(id),
    windowStatus(window, now),
    window.kind ?? '',
    window.schedule ?? '',
    window.duration ?? '',
    list(window.applications),
    list(window.namespaces),
    list(window.clusters),
    enabled(window.manualSync),
    window.timeZone ?? 'UTC',
    enabled(window.andOperator),
    enabled(window.syncOverrun),
  ]);
  return table(headings, rows);
}

function windowStatus(window: SyncWindow, now: number): string {
  const windows = new SyncWindows([window]);
  if (windows.problems().length > 0) return 'Invalid';
  return windows.openAt(now).length > 0 ? 'Active' : 'Inactive';
}

function lines(label: string, values: readonly string[], none = NONE): string[] {
  const [first = none, ...rest] = values;
  return [`${label} `.padEnd(LABEL_WIDTH) + first, ...rest.map((value) => ' '.repeat(LABEL_WIDTH) + value)];
}

function cell(items: readonly string[], what: string): string {
  return items.length === 0 ? NONE : items.length === 1 ? (items[0] ?? '') : `${items.length} ${what}`;
}

function destinations({ destinations: list = [] }: ProjectSpec): string[] {
  return list.map(({ server, name, namespace = '' }) => `${server || name || ''},${namespace}`);
}

function accounts({ destinationServiceAccounts: list = [] }: ProjectSpec): string[] {
  return list.map(
    ({ server, namespace = '', defaultServiceAccount }) => `${server},${namespace},${defaultServiceAccount}`,
  );
}

function kinds(list: ProjectSpec['clusterResourceWhitelist'] = []): string[] {
  return list.map(({ group, kind, name }) => `${group}/${kind}${name === undefined ? '' : `/${name}`}`);
}

function orphanedText({ orphanedResources }: ProjectSpec): string {
  if (orphanedResources === undefined) return 'disabled';
  const ignored = orphanedResources.ignore?.length ?? 0;
  return `enabled (warn=${orphanedResources.warn !== false})${ignored === 0 ? '' : ` (ignored ${ignored})`}`;
}
