// Which sources are no Git repositories, and where they come from. Pure but for remembering what was answered.
import { canonicalJson, Lru, sha256 } from '../../lib/index.ts';
import type { ApplicationSource, Repository } from '../../model/index.ts';
import { PackageError } from './errors.ts';
import type { PackagePlace } from './types.ts';

const MAX_PLACES = 20_000;
/** As Helm has them: no path, no scheme, nothing that could leave a repository. */
const CHART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_ADDRESS = 500;

type Source = Pick<ApplicationSource, 'repoURL' | 'chart' | 'targetRevision' | 'helm'>;

export class Places {
  readonly #places = new Lru<PackagePlace>(MAX_PLACES);
  /** Numbers stand for credentials in keys, which are shown. */
  readonly #credentials = new Lru<number>(MAX_PLACES);
  #nextCredential = 0;

  /** Undefined for a Git repository. The same object for the same question. Throws PackageError. */
  of(source: Source, repository: Repository): PackagePlace | undefined {
    const { repoURL, chart = '', targetRevision = '', helm } = source;
    if (chart === '' && !isOciUrl(repoURL)) return undefined;
    if (chart !== '' && !CHART.test(chart))
      throw refused(
        `chart ${JSON.stringify(chart.slice(0, 100))} is no name of a chart`,
        'use the name that the repository has',
      );
    if (isOci(repoURL, repository)) return this.#oci(repository, repoURL, chart, targetRevision);
    return this.#helm(repository, repoURL, chart, helm?.passCredentials === true);
  }

  /** A repository as such, whatever is wanted of it. Throws PackageError. */
  whole(repository: Repository): PackagePlace {
    const { url } = repository;
    if (!isOci(url, repository)) return this.#helm(repository, url, '', false);
    return this.#oci(repository, url, '', '', 'registry');
  }

  #helm(repository: Repository, url: string, chart: string, passCredentials: boolean): PackagePlace {
    const address = helmAddress(url);
    const key = `helm ${address}${this.#credentialMark(repository)}${passCredentials ? ' everywhere' : ''}`;
    const made = {
      kind: 'helm',
      key,
      server: key,
      address,
      repository,
      chart,
      passCredentials,
      target: '',
    } as const;
    return this.#same(`${key} ${chart}`, made);
  }

  #oci(
    repository: Repository,
    url: string,
    chart: string,
    target: string,
    of: 'artifact' | 'registry' = 'artifact',
  ): PackagePlace {
    const address = ociAddress(chart === '' ? url : `${url.replace(/\/+$/, '')}/${chart}`, of);
    const server = `oci ${address}${this.#credentialMark(repository)}`;
    const key = `${server} ${chart === '' ? 'artifact' : 'chart'} ${target}`;
    return this.#same(key, {
      kind: 'oci',
      key,
      server,
      address,
      repository,
      chart,
      passCredentials: false,
      target,
    });
  }

  #same(key: string, made: PackagePlace): PackagePlace {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, made);
    return made;
  }

  /** What tells two ways to reach one address apart: credential, TLS and proxy. */
  #credentialMark({ url: _, ...way }: Repository): string {
    const digest = sha256(canonicalJson(way));
    const number = this.#credentials.get(digest) ?? this.#nextCredential++;
    this.#credentials.set(digest, number);
    return ` #${number}`;
  }
}

export function isOciUrl(url: string): boolean {
  return /^oci:\/\//i.test(url.trim());
}

/** As Argo CD tells them apart: an address without a scheme is one of a registry. */
function isOci(url: string, { type, enableOci }: Repository): boolean {
  return isOciUrl(url) || !url.includes('://') || type === 'oci' || enableOci === true;
}

function helmAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || url.length > 2_000)
    throw refused(`${shown(url)} is no address`, 'use https://host/path');
  if (parsed.username !== '' || parsed.password !== '')
    throw refused(
      `the address of Helm repository ${parsed.host} holds a user or password`,
      'put them into the repository Secret',
    );
  if (parsed.search !== '' || parsed.hash !== '')
    throw refused(`the address of Helm repository ${parsed.host} has a query`, 'use the address without it');
  return parsed.href.replace(/\/+$/, '');
}

/** `host/path`; a registry may be named by its host alone. */
function ociAddress(url: string, of: 'artifact' | 'registry'): string {
  const text = url
    .trim()
    .replace(/^(?:oci|https?):\/\//i, '')
    .replace(/\/+$/, '');
  const [host = '', ...parts] = text.split('/');
  if (host.includes('@'))
    throw refused(
      'the address of the registry holds a user or password',
      'put them into the repository Secret',
    );
  if (text.length > MAX_ADDRESS || !HOST.test(host) || (parts.length === 0 && of === 'artifact'))
    throw refused(
      `${shown(url)} is no address of an artifact`,
      'use oci://host/path, or host/path with chart',
    );
  const wrong = parts.find((part) => !PART.test(part));
  if (wrong !== undefined)
    throw refused(
      `${shown(url)} is no address of an artifact: ${JSON.stringify(wrong.slice(0, 100))} is no name in a registry`,
      'use lower-case letters and digits, and the tag as targetRevision',
    );
  return [host.toLowerCase(), ...parts].join('/');
}

function shown(url: string): string {
  const plain = url.replace(/^((?:[A-Za-z][A-Za-z0-9+.-]*:\/\/)?)[^/@]*@/, '$1');
  return JSON.stringify(plain.slice(0, 200));
}

function refused(what: string, remedy: string): PackageError {
  return new PackageError(
    'PACKAGE_URL_REFUSED',
    'on-change',
    `The source cannot be used: ${what}; ${remedy}`,
  );
}
