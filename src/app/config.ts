// The only reader of the environment: variables become values with names here, and nowhere else.

import type { LogLevel } from '../lib/index.ts';

export interface Environment {
  readonly cwd: string;
  readonly home: string;
  /** `FAIRLEAD_CONFIG`, else below `XDG_CONFIG_HOME`, else below `~/.config`. */
  readonly cliConfigFile: string;
  /** `FAIRLEAD_SERVER`, else `ARGOCD_SERVER`. */
  readonly server?: string;
  /** `FAIRLEAD_AUTH_TOKEN`, else `ARGOCD_AUTH_TOKEN`. */
  readonly authToken?: string;
  /** `FAIRLEAD_OPTS`, else `ARGOCD_OPTS`: flags as on a command line. */
  readonly cliOptions?: string;
  readonly kubeconfig?: string;
  /** Where programs are looked for. */
  readonly path: string;
  /** Where a Pod finds its cluster; empty outside of one. */
  readonly inCluster: { readonly host: string; readonly port: string };
  /** `FAIRLEAD_EDITOR`, `KUBE_EDITOR`, `VISUAL` or `EDITOR`, else vi, and what an editor may see of the environment. */
  readonly editor: { readonly command: string; readonly env: Readonly<Record<string, string>> };
  /** All of it, for programs that the person runs through this one. */
  readonly variables: Readonly<Record<string, string>>;
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: where traces go. */
  readonly otlpEndpoint?: string;
  /** `FAIRLEAD_LOG_LEVEL`; default `warn`, so that a terminal shows what matters. */
  readonly logLevel: LogLevel;
}

/** Reads the process's environment once, at the start. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => variables[name]).find((value) => value !== undefined && value !== '');
  const home = first('HOME', 'USERPROFILE') ?? '/';
  const configHome = first('XDG_CONFIG_HOME') ?? `${home}/.config`;
  const server = first('FAIRLEAD_SERVER', 'ARGOCD_SERVER');
  const authToken = first('FAIRLEAD_AUTH_TOKEN', 'ARGOCD_AUTH_TOKEN');
  const cliOptions = first('FAIRLEAD_OPTS', 'ARGOCD_OPTS');
  const kubeconfig = first('KUBECONFIG');
  const otlpEndpoint = first('OTEL_EXPORTER_OTLP_ENDPOINT');
  return {
    cwd: process.cwd(),
    home,
    cliConfigFile: first('FAIRLEAD_CONFIG') ?? `${configHome}/fairlead/config`,
    ...(server === undefined ? {} : { server }),
    ...(authToken === undefined ? {} : { authToken }),
    ...(cliOptions === undefined ? {} : { cliOptions }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint }),
    editor: {
      command: first('FAIRLEAD_EDITOR', 'KUBE_EDITOR', 'VISUAL', 'EDITOR') ?? 'vi',
      env: withoutTokens(variables),
    },
    variables: defined(variables),
    path: first('PATH') ?? '/usr/local/bin:/usr/bin:/bin',
    inCluster: {
      host: first('KUBERNETES_SERVICE_HOST') ?? '',
      port: first('KUBERNETES_SERVICE_PORT') ?? '443',
    },
    logLevel: logLevel(first('FAIRLEAD_LOG_LEVEL')),
  };
}

function defined(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Everything but what signs in. */
function withoutTokens(variables: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined && !/^(FAIRLEAD|ARGOCD)_/.test(name)) kept[name] = value;
  return kept;
}

function logLevel(text: string | undefined): LogLevel {
  return text === 'debug' || text === 'info' || text === 'error' ? text : 'warn';
}
