// What the server says about itself: version, settings, health, metrics.
import type { Settings, VersionInfo } from '../../contract/index.ts';
import type { ServerDeps } from '../deps.ts';
import { RawAnswer, type Route, route } from '../route.ts';

/** @param publicMetrics scrapers need no session */
export function metaRoutes(publicMetrics: boolean): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/version',
      access: 'public',
      // Strangers learn no version to look up weaknesses of.
      handle: ({ deps, caller }): VersionInfo => (caller === undefined ? {} : deps.information.version()),
    }),
    route({
      method: 'GET',
      path: '/api/v1/settings',
      access: 'public',
      handle({ deps, caller }): Settings {
        const authDisabled = deps.options.auth === 'off';
        const connectors = deps.sso.connectors();
        if (caller !== undefined) return { ...deps.information.settings(), connectors, authDisabled };
        const { statusBadgeEnabled } = deps.information.settings();
        return {
          authDisabled,
          connectors,
          userLoginsDisabled: false,
          execEnabled: false,
          statusBadgeEnabled,
        };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/settings/plugins',
      access: { resource: 'applications', action: 'get', scope: 'list' },
      // Plugins would be tools of their own beside Helm and Kustomize; none can be installed.
      handle: () => ({ plugins: [] }),
    }),
    route({
      method: 'GET',
      path: '/healthz',
      access: 'public',
      handle({ deps }) {
        const problem = deps.information.problem();
        return new RawAnswer(
          problem === undefined ? 200 : 503,
          plain,
          problem === undefined ? 'ok' : 'not ready',
        );
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      access: publicMetrics
        ? 'public'
        : { resource: 'metrics', action: 'get', scope: 'object', objectOf: () => '*' },
      handle: ({ deps }) => metrics(deps),
    }),
  ];
}

const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

async function metrics({ metrics: registry }: ServerDeps): Promise<RawAnswer> {
  return new RawAnswer(
    200,
    { 'content-type': registry.contentType, 'cache-control': 'no-store' },
    await registry.metrics(),
  );
}
