// The journal: what happened, who did it, and whether the record is whole.
import type { z } from 'zod';
import { type AuditPage, AuditQuery, AuditVerifyQuery } from '../../contract/index.ts';
import type { JournalFilters, JournalQuery } from '../../journal/index.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const read = { resource: 'audit', action: 'get', scope: 'object', objectOf: () => '*' } as const;
const KINDS = ['user', 'token', 'controller', 'agent', 'webhook', 'kubernetes', 'system'] as const;
const OUTCOMES = ['succeeded', 'failed', 'unknown'] as const;

export const auditRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/fairlead/audit',
    access: read,
    query: AuditQuery,
    async handle({ deps, query }): Promise<AuditPage> {
      const { records, next } = await deps.journal.query(journalQuery(query, applicationsOf(deps, query)));
      return { items: records, ...(next === undefined ? {} : { next }) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/fairlead/audit/verify',
    access: read,
    query: AuditVerifyQuery,
    handle({ deps, query: { from, headSeq, headHash = '' }, signal }) {
      if (headSeq !== undefined && headHash === '') {
        throw new ApiError('InvalidArgument', 'headSeq needs headHash');
      }
      return deps.journal.verify({
        ...(from === undefined ? {} : { from }),
        ...(headHash === ''
          ? {}
          : { head: { ...(headSeq === undefined ? {} : { seq: headSeq }), hash: headHash } }),
        signal,
      });
    },
  }),
];

/** Undefined: all of them. The record does not name projects, so a project means what is in it now. */
function applicationsOf(
  { applications, options }: ServerDeps,
  { application = '', project = '' }: z.output<typeof AuditQuery>,
): JournalFilters['applications'] {
  if (application === '' && project === '') return undefined;
  const [first = '', second] = application.split('/');
  const namespace = second === undefined ? options.controlNamespace : first;
  const name = second ?? first;
  if (project === '') return [{ namespace, name }];
  return applications
    .list()
    .filter(
      ({ metadata, spec }) =>
        spec.project === project &&
        (application === '' || (metadata.name === name && metadata.namespace === namespace)),
    )
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' }));
}

function journalQuery(
  query: z.output<typeof AuditQuery>,
  applications: JournalFilters['applications'],
): JournalQuery {
  const { limit, after, before } = query;
  return {
    filters: { ...filters(query), ...given('applications', applications) },
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  };
}

function filters(query: z.output<typeof AuditQuery>): JournalFilters {
  const since = timeOf(query.since, 'since');
  const until = timeOf(query.until, 'until');
  const actorKind = wordOf(query.actorKind, KINDS, 'actorKind');
  const outcome = wordOf(query.outcome, OUTCOMES, 'outcome');
  const actor = { ...given('kind', actorKind), ...given('name', query.actor) };
  const object = {
    ...given('kind', query.kind),
    ...given('namespace', query.namespace),
    ...given('name', query.name),
  };
  return {
    ...given('since', since),
    ...given('until', until),
    ...(Object.keys(actor).length === 0 ? {} : { actor }),
    ...given('action', query.action),
    ...(Object.keys(object).length === 0 ? {} : { object }),
    ...given('operation', query.operation),
    ...given('revision', query.revision),
    ...given('outcome', outcome),
    ...given('text', query.search),
  };
}

function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined || value === '' ? {} : { [key]: value }) as { readonly [P in K]?: T };
}

function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new ApiError('InvalidArgument', `${name}: "${text.slice(0, 40)}" is no time; write RFC 3339`);
  return time;
}

function wordOf<T extends string>(
  text: string | undefined,
  words: readonly T[],
  name: string,
): T | undefined {
  if (text === undefined || text === '') return undefined;
  const word = words.find((item) => item === text);
  if (word === undefined) throw new ApiError('InvalidArgument', `${name}: choose one of ${words.join(', ')}`);
  return word;
}
