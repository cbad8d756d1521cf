// How to reach one cluster and prove who we are. Builds it from plain settings; kubeconfig.ts reads files.
import { KubeError } from './errors.ts';

/** TLS material of one moment; PEM text. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Do not check the server's certificate. */
  readonly insecure?: boolean;
  /** Name to expect in the certificate instead of the URL's host. */
  readonly serverName?: string;
}

/** One cluster and our identity there. */
export interface ClusterConnection {
  /** `https://host:port[/prefix]` without credentials and without a slash at the end. */
  readonly server: string;
  /** May change when credentials do: a new value is used for the connections opened after it. */
  readonly tls: TlsMaterial;
  /** HTTP proxy to go through. */
  readonly proxy?: string;
  /** Adds the authorization header. Returns nothing when it could do so at once. */
  authorize(headers: Record<string, string>): Promise<void> | undefined;
  /** Forgets cached credentials after the server refused them; absent when there is nothing to renew. */
  forget?(): void;
}

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
  readonly proxyUrl?: string;
}

/** A connection with fixed credentials. Throws KubeError `CONFIG` for a server that is not a URL. */
export function connectionOf(settings: ClusterSettings): ClusterConnection {
  const tls = settings.tlsClientConfig ?? {};
  const header = staticAuthorization(settings);
  return {
    server: serverUrl(settings.server),
    tls: {
      ...pem('ca', tls.caData),
      ...pem('cert', tls.certData),
      ...pem('key', tls.keyData),
      ...(tls.insecure === true ? { insecure: true } : {}),
      ...(tls.serverName === undefined || tls.serverName === '' ? {} : { serverName: tls.serverName }),
    },
    ...(settings.proxyUrl === undefined || settings.proxyUrl === '' ? {} : { proxy: settings.proxyUrl }),
    authorize(headers) {
      if (header !== undefined) headers.authorization = header;
      return undefined;
    },
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
    throw new KubeError('CONFIG', `Cannot use cluster address ${url.host}: ${url.protocol} is not http or https`);
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

function pem(name: 'ca' | 'cert' | 'key', base64: string | undefined): Partial<TlsMaterial> {
  return base64 === undefined || base64 === '' ? {} : { [name]: Buffer.from(base64, 'base64').toString('utf8') };
}
