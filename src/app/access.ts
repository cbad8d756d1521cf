// Policies and identity providers over the watched settings: compiled when something changed, told when broken.
import {
  type CompiledPolicy,
  compileRbac,
  type Rbac,
  readAccounts,
  type Sso,
  singleSignOn,
} from '../access/index.ts';
import type { Settings } from '../controllers/index.ts';
import type { AddressGuard, Clock, Logger } from '../lib/index.ts';
import type { Policies } from '../server/index.ts';

const RBAC = 'argocd-rbac-cm';
const INHERITANCE = 'server.rbac.disableApplicationFineGrainedRBACInheritance';

/** Compiles on the first question after a change; a broken policy leaves the last good one in force. */
export function watchedPolicies(settings: Settings, log: Logger): Policies {
  let current: Rbac | undefined;
  let good: CompiledPolicy | undefined;
  let told = '';
  settings.onChange(({ kind }) => {
    if (kind === 'project' || kind === 'config') current = undefined;
  });
  const compile = (): Rbac => {
    const config = settings.configMap('argocd-cm');
    const compiled = compileRbac(
      {
        data: settings.configMap(RBAC),
        projects: settings
          .projects()
          .map(({ metadata, spec }) => ({ name: metadata.name ?? '', roles: spec.roles ?? [] })),
        accounts: readAccounts(config, {}).map(({ name }) => name),
        inheritsFineGrained: config[INHERITANCE] === 'false',
      },
      good,
    );
    if (!compiled.isDegraded) good = compiled.policy;
    const problems = compiled.problems.join('; ');
    if (problems !== told && problems !== '') {
      log.error(
        `${RBAC} or a role of a project has lines that cannot be used; what was in force before stays`,
        {
          problems: compiled.problems.slice(0, 20),
        },
      );
    }
    told = problems;
    return compiled;
  };
  return {
    may(who, resource, action, object) {
      current ??= compile();
      return current.may(who, resource, action, object);
    },
    admitsGuests: () => settings.config('users.anonymous.enabled') === 'true',
  };
}

/** Providers of argocd-cm, with `$secret:key` from the Secrets of the control namespace. */
export function watchedProviders(
  settings: Settings,
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly publicUrl: string | undefined;
    readonly guard?: AddressGuard | undefined;
  },
): Sso {
  return singleSignOn({
    ...deps,
    publicUrl: () => settings.config('url') || deps.publicUrl,
    source: () => ({
      config: { ...settings.configMap('argocd-cm'), scopes: settings.configMap(RBAC)['scopes'] ?? '' },
      secret: (name, key) => settings.secret(name)?.[key],
    }),
  });
}
