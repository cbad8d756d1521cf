// Credentials from a client-go exec plugin (`client.authentication.k8s.io` ExecCredential), run through lib's Exec.
// Nothing runs unless the caller hands over an Exec: a kubeconfig alone must not start programs.
import { type Clock, type Exec, isRecord, SingleFlight } from '../lib/index.ts';
import type { ClusterConnection, TlsMaterial } from './connection-types.ts';
import { KubeError } from './errors.ts';

/** The `exec` part of a kubeconfig user, or Argo CD's `execProviderConfig`. */
export interface ExecPlugin {
  readonly command: string;
  readonly args?: readonly string[];
  /** A kubeconfig has a list of name and value, an Argo CD Secret an object. */
  readonly env?:
    | readonly { readonly name: string; readonly value: string }[]
    | Readonly<Record<string, string>>;
  readonly apiVersion?: string;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

export interface ExecPluginDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  /** Environment of the plugin, PATH and HOME above all; the plugin's own `env` is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder a relative command is looked up in. */
  readonly folder?: string;
}

interface Credential {
  readonly header: string | undefined;
  readonly tls: TlsMaterial;
  /** Epoch milliseconds; a credential without an end lasts until the server refuses it. */
  readonly expiresAt: number;
}

const TIMEOUT_MS = 60_000;
/** Renewed this long before its end, so that it does not run out on the way. */
const MARGIN_MS = 30_000;

/** A connection whose token or client certificate comes from a plugin, cached until it expires. */
export function execConnection(
  base: { readonly server: string; readonly tls: TlsMaterial; readonly proxy?: string },
  plugin: ExecPlugin,
  deps: ExecPluginDeps | undefined,
): ClusterConnection {
  if (deps === undefined) {
    throw new KubeError(
      'CONFIG',
      `Cannot use the credentials of ${base.server}: they come from the program ${plugin.command}, and exec plugins are not allowed here`,
    );
  }
  let credential: Credential | undefined;
  const flights = new SingleFlight<Credential>();
  const renew = async (headers: string[]): Promise<void> => {
    credential = await flights.run('', () => runPlugin(base, plugin, deps));
    if (credential.header !== undefined) headers.push('authorization', credential.header);
  };
  return {
    ...base,
    get tls() {
      return credential?.tls ?? base.tls;
    },
    authorize(headers) {
      if (credential === undefined || deps.clock.now() > credential.expiresAt - MARGIN_MS)
        return renew(headers);
      if (credential.header !== undefined) headers.push('authorization', credential.header);
      return undefined;
    },
    forget() {
      credential = undefined;
    },
  };
}

async function runPlugin(
  base: { readonly server: string; readonly tls: TlsMaterial },
  plugin: ExecPlugin,
  deps: ExecPluginDeps,
): Promise<Credential> {
  const apiVersion = plugin.apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = {
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo === true ? { cluster: clusterInfo(base) } : {}),
    },
  };
  const result = await deps.exec
    .run({
      command: plugin.command,
      args: plugin.args ?? [],
      env: { ...deps.env, ...pluginEnv(plugin), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      ...(deps.folder === undefined ? {} : { cwd: deps.folder }),
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: 1024 * 1024,
    })
    .catch((cause: unknown) => {
      throw failure(
        base.server,
        plugin,
        cause instanceof Error ? cause.message : 'it could not start',
        cause,
      );
    });
  if (result.exitCode !== 0) {
    const said = result.stderr.trim().split('\n').at(-1) ?? '';
    throw failure(base.server, plugin, `it exited ${result.exitCode}${said === '' ? '' : `: ${said}`}`);
  }
  return parseCredential(base, plugin, result.stdout.toString('utf8'));
}

function parseCredential(
  base: { readonly server: string; readonly tls: TlsMaterial },
  plugin: ExecPlugin,
  text: string,
): Credential {
  let status: unknown;
  try {
    const answer: unknown = JSON.parse(text);
    status = isRecord(answer) && answer.kind === 'ExecCredential' ? answer.status : undefined;
  } catch {
    status = undefined;
  }
  if (!isRecord(status))
    throw failure(base.server, plugin, 'it did not print an ExecCredential with a status');
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  const hasCertificate = typeof cert === 'string' && typeof key === 'string';
  if (typeof token !== 'string' && !hasCertificate) {
    throw failure(base.server, plugin, 'it printed neither a token nor a client certificate');
  }
  const end = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    header: typeof token === 'string' ? `Bearer ${token}` : undefined,
    tls: hasCertificate ? { ...base.tls, cert, key } : base.tls,
    expiresAt: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end,
  };
}

function failure(server: string, plugin: ExecPlugin, seen: string, cause?: unknown): KubeError {
  const hint = plugin.installHint === undefined ? '' : `; ${plugin.installHint.trim()}`;
  return new KubeError(
    'CONFIG',
    `Cannot get credentials for ${server} from ${plugin.command}: ${seen}${hint}`,
    {
      cause,
    },
  );
}

function pluginEnv(plugin: ExecPlugin): Record<string, string> {
  const { env = [] } = plugin;
  if (!Array.isArray(env)) return { ...(env as Record<string, string>) };
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function clusterInfo(base: { readonly server: string; readonly tls: TlsMaterial }): Record<string, unknown> {
  const { ca, insecure, serverName } = base.tls;
  return {
    server: base.server,
    'insecure-skip-tls-verify': insecure,
    'tls-server-name': serverName,
    'certificate-authority-data': ca === undefined ? undefined : Buffer.from(ca).toString('base64'),
  };
}
