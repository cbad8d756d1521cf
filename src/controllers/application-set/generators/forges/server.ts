// The server of a forge as an author names it: whether it may be asked, the credential and the authority that the
// set's own namespace has for it. No token is read before the address is allowed.
import type { GeneratorContext } from '../generator.ts';
import { configMapTexts, secretText } from '../secret-text.ts';
import { type ForgeServer, invalid } from './client.ts';

/** A key of a Secret in the namespace of the set. */
export interface SecretRef {
  readonly secretName: string;
  readonly key: string;
}

/** A key of a ConfigMap there, with certificates. */
export interface ConfigMapKeyRef {
  readonly configMapName: string;
  readonly key: string;
}

export interface NamedServer {
  /** As written; undefined or empty: the one that `fallback` is the API of. */
  readonly api: string | undefined;
  /** Undefined: the forge has no public server. */
  readonly fallback?: string;
  /** The path of the API below the address that was written. */
  apiPath(url: URL): string;
  readonly insecure?: boolean | undefined;
  readonly caRef?: ConfigMapKeyRef | undefined;
  readonly credential: Credential;
}

/** How a request says who asks. The first one that is given counts. */
export type Credential = readonly (
  | { readonly scheme: 'Bearer' | 'token'; readonly ref: SecretRef | undefined }
  | { readonly scheme: 'Basic'; readonly username: string; readonly ref: SecretRef | undefined }
)[];

/** Rejects with ApplicationSetError SET_INVALID when the set's author has to mend something. */
export async function openServer(named: NamedServer, context: GeneratorContext): Promise<ForgeServer> {
  const api = apiOf(named, context);
  const [authorization, tlsCertificates] = await Promise.all([
    authorizationOf(named.credential, context),
    named.caRef === undefined ? undefined : authorityOf(named.caRef, context),
  ]);
  return { api, authorization, options: { insecure: named.insecure, tlsCertificates } };
}

function apiOf({ api = '', fallback, apiPath }: NamedServer, { deps, set }: GeneratorContext): string {
  const refusal = deps.scmProviderRefusal(api, set.metadata.namespace ?? '');
  if (refusal !== undefined) throw invalid(`Cannot ask the forge of the generator: ${refusal}`);
  if (api === '' && fallback !== undefined) return fallback;
  const url = URL.canParse(api) ? new URL(api) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === '';
  if (url === undefined || !isPlain || !/^https?:$/.test(url.protocol))
    throw invalid(
      'Cannot ask the forge of the generator: api must be an address such as https://git.example.com, without user, query or fragment',
    );
  return `${url.origin}${apiPath(url)}`.replace(/\/+$/, '');
}

async function authorizationOf(
  credential: Credential,
  context: GeneratorContext,
): Promise<string | undefined> {
  const given = credential.find(({ ref }) => ref !== undefined);
  if (given?.ref === undefined) return undefined;
  const secret = await secretText(context, given.ref.secretName, given.ref.key);
  if (given.scheme === 'Basic' && secret !== '')
    return `Basic ${Buffer.from(`${given.username}:${secret}`).toString('base64')}`;
  if (given.scheme !== 'Basic' && /^[\x21-\x7e]+$/.test(secret)) return `${given.scheme} ${secret}`;
  throw invalid(
    `Key ${given.ref.key} of Secret ${given.ref.secretName} holds no token or password: it is empty or has spaces, line ends or other than ASCII letters in it; write it alone`,
  );
}

async function authorityOf(
  { configMapName, key }: ConfigMapKeyRef,
  context: GeneratorContext,
): Promise<string> {
  const texts = await configMapTexts(context, configMapName);
  const value = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (value?.includes('-----BEGIN CERTIFICATE-----') === true) return value;
  throw invalid(
    `Key ${key} of ConfigMap ${configMapName} holds no certificate in PEM form; add it, or correct caRef of the generator`,
  );
}
