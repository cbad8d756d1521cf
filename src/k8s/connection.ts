// How to reach one cluster and prove who we are. Builds it from plain settings; kubeconfig.ts reads files.

import type { ClusterConnection, TlsMaterial } from './connection-types.ts';
import { KubeError } from './errors.ts';
import { type ExecPlugin, type ExecPluginDeps, execConnection } from './exec-plugin.ts';

/** Settings of a cluster as an Argo CD cluster Secret has them (`server` and the JSON of `config`). */
export interface ClusterSettings {
  readonly server: string;
  readonly bearerToken?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tlsClientConfig?: {
    readonly insecure?: boolean;
    readonly serverName?: string;
    /** Base64 of PEM text, as in the Secret. */
    readonly caData?: string;
    readonly certData?: string;
    readonly keyData?: string;
  };
  readonly execProviderConfig?: ExecPlugin;
  readonly proxyUrl?: string;
}

/**
 * The connection these settings describe. Throws KubeError `CONFIG` for a server that is not a URL, and for an exec
 * plugin when `plugins` is not given.
 */
export function connectionOf(settings: ClusterSettings, plugins?: ExecPluginDeps): ClusterConnection {
  const { caData, certData, keyData, insecure, serverName = '' } = settings.tlsClientConfig ?? {};
  const server = serverUrl(settings.server);
  const tls: TlsMaterial = {
    ...pem('ca', caData),
    ...pem('cert', certData),
    ...pem('key', keyData),
    ...(insecure === true ? { insecure: true } : {}),
    ...(serverName === '' ? {} : { serverName }),
  };
  const proxy = settings.proxyUrl ?? '';
  const base = { server, tls, ...(proxy === '' ? {} : { proxy }) };
  if (settings.execProviderConfig !== undefined) {
    return execConnection(base, settings.execProviderConfig, plugins);
  }
  return { ...base, authorize: fixedHeader(staticAuthorization(settings)) };
}

/** `authorize` for a header that never changes. */
export function fixedHeader(value: string | undefined): ClusterConnection['authorize'] {
  return (headers) => {
    if (value !== undefined) headers.push('authorization', value);
    return undefined;
  };
}

/** The value of the authorization header for fixed credentials; undefined when there are none. */
export function staticAuthorization(credentials: {
  readonly bearerToken?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}): string | undefined {
  const { bearerToken = '', username = '', password = '' } = credentials;
  if (bearerToken !== '') return `Bearer ${bearerToken}`;
  if (username === '') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The URL without credentials and without a slash at the end. */
export function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`);
  } catch (cause) {
    throw new KubeError('CONFIG', `Cannot use cluster address ${JSON.stringify(text)}: not a URL`, { cause });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new KubeError(
      'CONFIG',
      `Cannot use cluster address ${url.host}: ${url.protocol} is not http or https`,
    );
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

function pem(name: 'ca' | 'cert' | 'key', base64: string | undefined): Partial<TlsMaterial> {
  return base64 === undefined || base64 === ''
    ? {}
    : { [name]: Buffer.from(base64, 'base64').toString('utf8') };
}
