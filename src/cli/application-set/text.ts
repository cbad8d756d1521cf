// What is printed of ApplicationSets. Pure.
import type { ApplicationSet } from '../../contract/index.ts';
import { visibleLine } from '../../lib/index.ts';
import { table } from '../output.ts';

/** `argocd/web`. */
export function qualifiedSetName({ metadata }: ApplicationSet): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** One line a set. */
export function setTable(sets: readonly ApplicationSet[], isWide: boolean): string {
  const headings = ['NAME', 'PROJECT', 'SYNCPOLICY', 'CONDITIONS'];
  const rows = sets.map((set) => {
    const { repoURL = '', path, chart, targetRevision = '' } = sourceOf(set);
    return [
      qualifiedSetName(set),
      set.spec.template.spec.project,
      set.spec.syncPolicy?.applicationsSync ?? '<none>',
      (set.status?.conditions ?? [])
        .filter(({ status }) => status === 'True')
        .map(({ type }) => type)
        .join(',') || '<none>',
      ...(isWide ? [repoURL, path ?? chart ?? '', targetRevision] : []),
    ];
  });
  return table(isWide ? [...headings, 'REPO', 'PATH', 'TARGET'] : headings, rows);
}

/** What `appset get` prints: label and value, one per line, as argocd prints them, then the conditions. */
export function describeSet(set: ApplicationSet, withParameters: boolean): string {
  const { destination, project, syncPolicy } = set.spec.template.spec;
  const { repoURL = '', targetRevision = '', path, chart } = sourceOf(set);
  const { automated } = syncPolicy ?? {};
  const prune = automated?.prune === true ? ' (Prune)' : '';
  const applications = set.status?.resources ?? [];
  const lines = [
    ['Name:', qualifiedSetName(set)],
    ['Project:', project],
    ['Server:', destination.server || (destination.name ?? '')],
    ['Namespace:', destination.namespace ?? ''],
    ['Repo:', repoURL],
    ['Target:', targetRevision],
    ['Path:', path ?? chart ?? ''],
    ['SyncPolicy:', automated === undefined || automated === null ? '<none>' : `Automated${prune}`],
    ['Applications:', String(set.status?.resourcesCount ?? applications.length)],
  ];
  const text = lines
    .map(([label = '', value = '']) => `${label.padEnd(19)} ${visibleLine(value)}`.trimEnd())
    .join('\n');
  return [text, conditionTable(set), withParameters ? parameterTable(set) : '']
    .filter((part) => part !== '')
    .join('\n\n');
}

function conditionTable({ status }: ApplicationSet): string {
  const rows = (status?.conditions ?? []).map(({ type, status: state, message, lastTransitionTime }) => [
    type,
    state,
    message,
    lastTransitionTime ?? '',
  ]);
  return rows.length === 0 ? '' : table(['CONDITION', 'STATUS', 'MESSAGE', 'LAST TRANSITION'], rows);
}

/** The parameters for Helm that the template sets. */
function parameterTable(set: ApplicationSet): string {
  const parameters = sourceOf(set).helm?.parameters ?? [];
  const rows = parameters.map(({ name = '', value = '' }) => [name, value]);
  return rows.length === 0 ? '' : table(['NAME', 'VALUE'], rows);
}

type Source = NonNullable<ApplicationSet['spec']['template']['spec']['source']>;

function sourceOf({ spec }: ApplicationSet): Partial<Source> {
  const { source, sources } = spec.template.spec;
  return sources?.[0] ?? source ?? {};
}
