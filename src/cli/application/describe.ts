// What `app get` prints: where it comes from, which commit runs, why, and what is wrong. Pure.
import type { Application, ApplicationWindows, CommitMetadata, ResourceTree } from '../../contract/index.ts';
import { visibleLine } from '../../lib/index.ts';
import { table } from '../output.ts';
import { age, destinationText, firstLine, qualifiedName, shortRevision, syncPolicyText } from './text.ts';

export interface Facts {
  readonly app: Application;
  /** The commit the cluster is compared with, when the server knows it. */
  readonly commit?: CommitMetadata;
  /** Has the health of each resource, which the status leaves out. */
  readonly tree?: ResourceTree;
  /** Sync windows, when the server knows them. */
  readonly windows?: ApplicationWindows;
  readonly url: string;
  readonly now: number;
}

type Line = readonly [label: string, text: string];

/** Label and value, one per line, as argocd prints them, and what it leaves out: commit and cause. */
export function describeApplication(facts: Facts): string {
  const { app, url } = facts;
  const lines: Line[] = [
    ['Name:', qualifiedName(app)],
    ['Project:', app.spec.project],
    ['Server:', destinationText(app)],
    ['Namespace:', app.spec.destination.namespace ?? ''],
    ['URL:', url],
    ...sourceLines(app),
    ...windowLines(facts.windows),
    ['Sync Policy:', syncPolicyText(app)],
    ['Sync Status:', syncText(app)],
    ...commitLine(facts),
    ['Health Status:', withMessage(app.status?.health?.status ?? 'Unknown', app.status?.health?.message)],
    ...operationLine(facts),
  ];
  const text = lines
    .map(([label, value]) => `${label.padEnd(19)} ${visibleLine(value)}`.trimEnd())
    .join('\n');
  return [text, conditionTable(facts), resourceTable(app, facts.tree)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** argocd's words, and why. */
function windowLines(windows: ApplicationWindows | undefined): Line[] {
  if (windows === undefined) return [];
  const { assignedWindows, canAutoSync, canSync, nextOpening, reason } = windows;
  const state = canAutoSync ? 'Sync Allowed' : canSync ? 'Manual Allowed' : 'Sync Denied';
  const next = nextOpening === undefined ? '' : `; next opening: ${nextOpening}`;
  const lines: Line[] = [['SyncWindow:', reason === undefined ? state : `${state} (${reason}${next})`]];
  const texts = assignedWindows.map(({ kind, schedule, duration }) => `${kind}:${schedule}:${duration}`);
  if (texts.length > 0) lines.push(['Assigned Windows:', texts.join(',')]);
  return lines;
}

/** Every resource with its state and, where the last operation said something about it, that. */
export function resourceTable(app: Application, tree?: ResourceTree): string {
  const healths = new Map((tree?.nodes ?? []).map((node) => [identity(node), node.health]));
  const results = new Map(
    (app.status?.operationState?.syncResult?.resources ?? []).map((item) => [identity(item), item]),
  );
  const resources = app.status?.resources ?? [];
  const live = resources.map((item) => {
    const result = results.get(identity(item));
    results.delete(identity(item));
    const state = item.requiresPruning === true ? 'OutOfSync (prune)' : (item.status ?? '');
    const known = item.health ?? healths.get(identity(item));
    const health = withMessage(known?.status ?? '', known?.message);
    return [
      item.group ?? '',
      item.kind ?? '',
      item.namespace ?? '',
      item.name ?? '',
      state,
      health,
      item.hook === true ? 'hook' : '',
      result?.message ?? '',
    ];
  });
  const others = [...results.values()].map((item) => [
    item.group,
    item.kind,
    item.namespace,
    item.name,
    item.hookPhase ?? item.status ?? '',
    '',
    item.hookType ?? '',
    item.message ?? '',
  ]);
  const rows = [...live, ...others];
  return rows.length === 0
    ? ''
    : table(['GROUP', 'KIND', 'NAMESPACE', 'NAME', 'STATUS', 'HEALTH', 'HOOK', 'MESSAGE'], rows);
}

/** What `app sync` prints at the end. */
export function describeOperation(app: Application): string {
  const state = app.status?.operationState;
  if (state === undefined) return '';
  const seconds = (Date.parse(state.finishedAt ?? '') - Date.parse(state.startedAt)) / 1000;
  const lines: Line[] = [
    ['Operation:', 'Sync'],
    ['Sync Revision:', state.syncResult?.revision || (state.syncResult?.revisions ?? []).join(', ')],
    ['Phase:', state.phase],
    ['Start:', state.startedAt],
    ['Finished:', state.finishedAt ?? ''],
    ['Duration:', Number.isNaN(seconds) ? '' : `${seconds}s`],
    ['Message:', state.message ?? ''],
  ];
  return lines.map(([label, value]) => `${label.padEnd(19)} ${visibleLine(value)}`.trimEnd()).join('\n');
}

function sourceLines({ spec }: Application): Line[] {
  const { sourceHydrator } = spec;
  if (sourceHydrator !== undefined) {
    const { drySource, syncSource } = sourceHydrator;
    return [
      ['Dry Source:', `${drySource.repoURL} ${drySource.targetRevision} ${drySource.path}`],
      [
        'Sync Source:',
        `${syncSource.repoURL ?? drySource.repoURL} ${syncSource.targetBranch} ${syncSource.path}`,
      ],
    ];
  }
  const isMany = (spec.sources ?? []).length > 0;
  const sources = isMany ? (spec.sources ?? []) : spec.source === undefined ? [] : [spec.source];
  const heading: Line = [isMany ? 'Sources:' : 'Source:', ''];
  return [
    heading,
    ...sources.flatMap((source): Line[] => [
      ['- Repo:', source.repoURL],
      ['  Target:', source.targetRevision ?? 'HEAD'],
      ...(source.path === undefined ? [] : [['  Path:', source.path] as const]),
      ...(source.chart === undefined ? [] : [['  Chart:', source.chart] as const]),
      ...(source.ref === undefined ? [] : [['  Ref:', source.ref] as const]),
    ]),
  ];
}

function syncText(app: Application): string {
  const { status = 'Unknown', revision, revisions } = app.status?.sync ?? {};
  const tracked = app.spec.source?.targetRevision || 'HEAD';
  const at =
    revisions !== undefined && revisions.length > 0
      ? revisions.map(shortRevision).join(', ')
      : shortRevision(revision);
  if (at === '') return status;
  const word = status === 'Synced' ? 'to' : 'from';
  return revisions !== undefined && revisions.length > 0
    ? `${status} ${word} ${at}`
    : `${status} ${word} ${tracked} (${at})`;
}

function commitLine({ commit, now }: Facts): Line[] {
  if (commit === undefined) return [];
  const when = age(commit.date, now);
  return [
    [
      'Commit:',
      `${shortRevision(commit.revision)} ${commit.author}, ${when} ago: ${firstLine(commit.message)}`,
    ],
  ];
}

function operationLine({ app, now }: Facts): Line[] {
  const state = app.status?.operationState;
  if (state === undefined) return app.operation === undefined ? [] : [['Operation:', 'Sync waits to begin']];
  const by = state.operation.initiatedBy;
  const who = by?.automated === true ? 'automated sync' : (by?.username ?? 'unknown');
  const when =
    state.finishedAt === undefined
      ? `since ${age(state.startedAt, now)}`
      : `${age(state.finishedAt, now)} ago`;
  const what = withMessage(`${state.phase} ${when}, by ${who}`, state.message);
  return [['Last Sync:', what]];
}

function conditionTable({ app }: Facts): string {
  const conditions = app.status?.conditions ?? [];
  if (conditions.length === 0) return '';
  return table(
    ['CONDITION', 'LAST TRANSITION', 'MESSAGE'],
    conditions.map(({ type, message, lastTransitionTime }) => [type, lastTransitionTime ?? '', message]),
  );
}

function withMessage(word: string, message: string | undefined): string {
  return message === undefined || message === '' ? word : `${word} (${firstLine(message)})`;
}

function identity(item: {
  group?: string | undefined;
  kind?: string | undefined;
  namespace?: string | undefined;
  name?: string | undefined;
}): string {
  return [item.group, item.kind, item.namespace, item.name].map((part) => part ?? '').join('/');
}
