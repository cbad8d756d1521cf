// Requests to identity providers: no redirects, a deadline, a size, and no address that only a cloud's own machines
// use. Everything they answer is data of somebody else.
import { Agent, fetch as undiciFetch } from 'undici';
import { type AddressGuard, defaultAddressGuard } from '../../lib/index.ts';
import { SsoError } from './errors.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

export interface ProviderRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly link: string;
}

/** Fetches JSON. Rejects with `SSO_UNREACHABLE`, also for a redirect or an answer that is too large or no JSON. */
export type ProviderFetch = (url: string, request?: ProviderRequest) => Promise<ProviderAnswer>;

export interface ProviderTls {
  /** PEM of the authority to trust besides the usual ones. */
  readonly rootCa?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

export function providerFetch(
  tls: ProviderTls,
  guard: AddressGuard = defaultAddressGuard,
): ProviderFetch & { close(): Promise<void> } {
  const agent = new Agent({
    connect: {
      lookup: guard.lookup,
      ...(tls.rootCa === undefined ? {} : { ca: tls.rootCa }),
      ...(tls.insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
    },
    connectTimeout: TIMEOUT_MS,
  });
  const call = async (url: string, request: ProviderRequest = {}): Promise<ProviderAnswer> => {
    const target = checkedUrl(guard, url);
    try {
      const response = await undiciFetch(target, {
        method: request.method ?? 'GET',
        headers: { accept: 'application/json', 'user-agent': 'fairlead', ...request.headers },
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: 'error',
        dispatcher: agent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const link = response.headers.get('link') ?? '';
      return { status: response.status, link, body: parse(await bounded(response.body)) };
    } catch (error) {
      if (error instanceof SsoError) throw error;
      throw new SsoError('SSO_UNREACHABLE', `Cannot reach the identity provider at ${target.origin}`, {
        cause: error,
      });
    }
  };
  return Object.assign(call, { close: () => agent.close() });
}

function checkedUrl(guard: AddressGuard, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    guard.isRefused(url.hostname)
  ) {
    throw new SsoError(
      'SSO_CONFIG',
      'Cannot use the address of the identity provider: it must be an http(s) URL of a host other than a metadata service',
    );
  }
  return url;
}

async function bounded(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES)
      throw new SsoError('SSO_UNREACHABLE', 'The identity provider answers more than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new SsoError('SSO_UNREACHABLE', 'The identity provider answers no JSON', { cause: error });
  }
}
