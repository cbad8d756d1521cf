// One repository of an OCI registry (distribution specification 1.1, pull only): tags, manifests, blobs. Every digest
// is verified; credentials go through oci-token.ts.
import { createHttpClient, type HttpAnswer, type HttpClient, isRecord, sha256 } from '../../lib/index.ts';
import { authorizationOf } from './credential.ts';
import { PackageError, packageError, refusedStatus } from './errors.ts';
import { ARCHIVE_BYTES } from './helm-repository.ts';
import { RegistryTokens } from './oci-token.ts';
import type { PackageDeps, PackagePlace } from './types.ts';

const REQUEST_MS = 60_000;
const BLOB_MS = 120_000;
const MANIFEST_BYTES = 4 * 1024 * 1024;
const TAG_PAGE = 1_000;
const MAX_PAGES = 200;
const MAX_TAGS = 50_000;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export interface Layer {
  readonly mediaType: string;
  /** `sha256:…`. */
  readonly digest: string;
}

export interface Manifest {
  /** `sha256:…`. */
  readonly digest: string;
  readonly layers: readonly Layer[];
  readonly annotations: Readonly<Record<string, string>>;
}

export class OciRegistry {
  readonly #address: string;
  readonly #base: URL;
  readonly #name: string;
  readonly #http: HttpClient;
  readonly #tokens: RegistryTokens;

  constructor({ clock, guard }: Pick<PackageDeps, 'clock' | 'guard'>, { address, repository }: PackagePlace) {
    const [host = '', ...name] = address.split('/');
    this.#address = address;
    this.#name = name.join('/');
    // Docker's registry answers under another name than people write.
    const server = host === 'docker.io' ? 'registry-1.docker.io' : host;
    this.#base = new URL(`${repository.forceHttp === true ? 'http' : 'https'}://${server}/`);
    this.#http = createHttpClient(this.#base.origin, repository, guard);
    this.#tokens = new RegistryTokens({
      clock,
      http: this.#http,
      registry: this.#base,
      scope: this.#name === '' ? '' : `repository:${this.#name}:pull`,
      authorization: authorizationOf(repository),
    });
  }

  /** Resolves when the registry lets the credential in; whether there is anything is another question. */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#get(`reach the registry of ${this.#address}`, { url: new URL('v2/', this.#base), signal });
  }

  /** All tags, in the registry's order. */
  async tags(signal?: AbortSignal): Promise<readonly string[]> {
    const what = `list the tags of ${this.#address}`;
    const tags = new Set<string>();
    let url: URL | undefined = this.#url(`tags/list?n=${TAG_PAGE}`);
    for (let pages = 0; url !== undefined; pages += 1) {
      const answer = await this.#get(what, { url, maxBytes: MANIFEST_BYTES, signal });
      const page = this.#json(what, answer);
      // A repository whose tags were all removed answers null.
      const list = page['tags'] ?? [];
      if (!Array.isArray(list)) throw malformed(what, 'the answer has no tags');
      for (const tag of list) if (typeof tag === 'string' && TAG.test(tag)) tags.add(tag);
      const next = this.#next(what, url, answer);
      if (pages >= MAX_PAGES || tags.size > MAX_TAGS)
        throw new PackageError(
          'PACKAGE_TOO_LARGE',
          'on-change',
          `Cannot ${what}: there are more than ${MAX_TAGS} of them, or the list has no end; name a tag or a digest as targetRevision`,
        );
      url = next?.href === url.href ? undefined : next;
    }
    return [...tags];
  }

  /** The digest that a tag stands for; undefined when there is no such tag. */
  async digestOf(tag: string, signal?: AbortSignal): Promise<string | undefined> {
    if (!TAG.test(tag)) return undefined;
    const what = `look up ${this.#address}:${tag}`;
    const answer = await this.#ask(what, { url: this.#url(`manifests/${tag}`), method: 'HEAD', signal });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusedStatus(what, this.#base.host, answer.status);
    const digest = answer.headers['docker-content-digest'] ?? '';
    return DIGEST.test(digest) ? digest : (await this.manifest(tag, signal))?.digest;
  }

  /** Undefined when there is no such tag or digest. */
  async manifest(reference: string, signal?: AbortSignal): Promise<Manifest | undefined> {
    if (!TAG.test(reference) && !DIGEST.test(reference)) return undefined;
    const what = `read the manifest of ${this.#address} at ${reference}`;
    const answer = await this.#ask(what, { url: this.#url(`manifests/${reference}`), signal });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusedStatus(what, this.#base.host, answer.status);
    const digest = `sha256:${sha256(answer.body)}`;
    for (const said of [reference, answer.headers['docker-content-digest'] ?? '']) {
      if (DIGEST.test(said) && said !== digest)
        throw mismatch(`the manifest of ${this.#address}`, digest, said);
    }
    return { digest, ...this.#manifest(what, this.#json(what, answer)) };
  }

  /** The bytes of a layer, verified. */
  async blob(digest: string, signal?: AbortSignal): Promise<Buffer> {
    const what = `fetch ${digest.slice(0, 19)} of ${this.#address}`;
    const answer = await this.#get(what, {
      url: this.#url(`blobs/${digest}`),
      maxBytes: ARCHIVE_BYTES,
      timeoutMs: BLOB_MS,
      signal,
    });
    const seen = `sha256:${sha256(answer.body)}`;
    if (seen !== digest) throw mismatch(`a layer of ${this.#address}`, seen, digest);
    return answer.body;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #url(rest: string): URL {
    return new URL(`v2/${this.#name}/${rest}`, this.#base);
  }

  #manifest(what: string, value: Record<string, unknown>): Omit<Manifest, 'digest'> {
    if (Array.isArray(value['manifests']))
      throw malformed(what, 'it is an index of several manifests; name one of them by its digest');
    const { layers, annotations } = value;
    if (!Array.isArray(layers)) throw malformed(what, 'it has no layers');
    return {
      layers: layers.map((layer: unknown) => {
        const { mediaType, digest } = isRecord(layer) ? layer : {};
        if (typeof mediaType !== 'string' || typeof digest !== 'string' || !DIGEST.test(digest))
          throw malformed(what, 'a layer of it has no media type or no SHA-256 digest');
        return { mediaType, digest };
      }),
      annotations: Object.fromEntries(
        Object.entries(isRecord(annotations) ? annotations : {}).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      ),
    };
  }

  /** The next page, which has to be one of the same list. */
  #next(what: string, from: URL, { headers }: HttpAnswer): URL | undefined {
    const link = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(headers['link'] ?? '')?.[1];
    if (link === undefined) return undefined;
    const next = URL.canParse(link, from) ? new URL(link, from) : undefined;
    if (next !== undefined && next.origin === from.origin && next.pathname === from.pathname) return next;
    throw malformed(what, 'the next page is said to be somewhere else');
  }

  #json(what: string, { body }: HttpAnswer): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(body.toString('utf8'));
      if (isRecord(value)) return value;
    } catch {
      // The parser's words would repeat the answer.
    }
    throw malformed(what, 'the answer is no JSON object');
  }

  async #get(what: string, call: Ask): Promise<HttpAnswer> {
    const answer = await this.#ask(what, call);
    if (answer.status === 200) return answer;
    throw refusedStatus(what, this.#base.host, answer.status);
  }

  async #ask(what: string, call: Ask): Promise<HttpAnswer> {
    const { url, method = 'GET', maxBytes = MANIFEST_BYTES, timeoutMs = REQUEST_MS, signal } = call;
    const send = (authorization: string | undefined): Promise<HttpAnswer> =>
      this.#http.send({
        url: url.href,
        method,
        headers: { accept: [...MANIFEST_TYPES, '*/*'].join(', ') },
        authorization,
        maxBytes,
        timeoutMs,
        signal,
      });
    try {
      const answer = await send(this.#tokens.current());
      if (answer.status !== 401) return answer;
      const authorization = await this.#tokens.answerTo(answer.headers['www-authenticate'] ?? '', signal);
      return authorization === undefined ? answer : await send(authorization);
    } catch (error) {
      throw packageError(what, error);
    }
  }
}

interface Ask {
  readonly url: URL;
  readonly method?: 'GET' | 'HEAD';
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

function malformed(what: string, why: string): PackageError {
  return new PackageError(
    'PACKAGE_MALFORMED',
    'on-change',
    `Cannot ${what}: ${why}; check repoURL, and that the server is an OCI registry`,
  );
}

function mismatch(what: string, seen: string, said: string): PackageError {
  return new PackageError(
    'PACKAGE_DIGEST_MISMATCH',
    'on-change',
    `What the registry gives as ${what} is refused: it has the digest ${seen}, not ${said}; somebody changed it on the way or in the registry, push it anew`,
  );
}
