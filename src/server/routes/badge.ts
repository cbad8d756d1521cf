// The status badge, for anybody, when `statusbadge.enabled` of argocd-cm says so. Off, missing and forbidden look alike.
import type { z } from 'zod';
import { BadgeQuery } from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { badge } from '../badge.ts';
import type { ServerDeps } from '../deps.ts';
import { RawAnswer, type Route, route } from '../route.ts';

const SHORT = 7;
/** Opened by itself it is a document, with words in it that others chose: it may do nothing at all. */
const PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

export const badgeRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/badge',
    access: 'public',
    query: BadgeQuery,
    handle({ deps, query }) {
      const apps = isOn(deps) ? subjects(deps, query) : [];
      const svg = badge({
        ...worst(apps),
        ...revisionOf(apps, query),
        ...(query.showAppName === true && apps.length > 0 ? { title: titleOf(query) } : {}),
        ...(query.width === undefined ? {} : { width: query.width }),
      });
      return new RawAnswer(
        200,
        {
          'content-type': 'image/svg+xml',
          'cache-control': 'private, no-store',
          'cross-origin-resource-policy': 'cross-origin',
          'content-security-policy': PICTURE_POLICY,
        },
        svg,
      );
    },
  }),
];

type Query = z.output<typeof BadgeQuery>;

function isOn({ information }: ServerDeps): boolean {
  return information.config('statusbadge.enabled') === 'true';
}

function subjects(deps: ServerDeps, { name = '', namespace = '', project }: Query): readonly Application[] {
  if (name !== '') {
    const app = deps.applications.get(namespace || deps.options.controlNamespace, name);
    return app === undefined ? [] : [app];
  }
  const projects = new Set(project);
  return projects.size === 0 ? [] : deps.applications.list().filter(({ spec }) => projects.has(spec.project));
}

const HEALTH_WORST_FIRST = ['Degraded', 'Unknown', 'Missing', 'Progressing', 'Suspended', 'Healthy'];
const SYNC_WORST_FIRST = ['OutOfSync', 'Unknown', 'Synced'];

function worst(apps: readonly Application[]): { health: string; sync: string } {
  const healths = new Set(apps.map(({ status }) => status?.health?.status ?? 'Unknown'));
  const syncs = new Set(apps.map(({ status }) => status?.sync?.status ?? 'Unknown'));
  return {
    health: HEALTH_WORST_FIRST.find((word) => healths.has(word)) ?? 'Unknown',
    sync: SYNC_WORST_FIRST.find((word) => syncs.has(word)) ?? 'Unknown',
  };
}

function revisionOf(apps: readonly Application[], query: Query): { revision?: string } {
  const [app] = apps;
  if (query.revision !== true || (query.name ?? '') === '' || app === undefined) return {};
  const { revision, revisions } = app.status?.operationState?.syncResult ?? app.status?.sync ?? {};
  const text = revision || revisions?.[0] || '';
  if (text === '') return {};
  return { revision: query.keepFullRevision === true ? text : text.slice(0, SHORT) };
}

function titleOf({ name = '', project }: Query): string {
  return name === '' ? project.join(', ') : name;
}
