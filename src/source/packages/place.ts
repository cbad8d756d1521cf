// Which sources are no Git repositories, and where they come from. Pure but for remembering what was answered.
import { canonicalJson, Lru, sha256 } from '../../lib/index.ts';
import type { ApplicationSource, Repository } from '../../model/index.ts';
import { PackageError } from './errors.ts';
import type { PackagePlace } from './types.ts';

const MAX_PLACES = 20_000;
/** As Helm has them: no path, no scheme, nothing that could leave a repository. */
const CHART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

export class Places {
  readonly #places = new Lru<PackagePlace>(MAX_PLACES);
  /** Numbers stand for credentials in keys, which are shown. */
  readonly #credentials = new Lru<number>(MAX_PLACES);
  #nextCredential = 0;

  /** Undefined for a Git repository. The same object for the same question. Throws PackageError. */
  of(source: ApplicationSource, repository: Repository): PackagePlace | undefined {
    const chart = source.chart ?? '';
    if (chart === '') return undefined;
    if (!CHART.test(chart))
      throw refused(
        `chart ${JSON.stringify(chart.slice(0, 100))} is no name of a chart`,
        'use the name that the index of the repository has',
      );
    return this.#helm(repository, source.repoURL, chart, source.helm?.passCredentials === true);
  }

  /** A repository as such, whatever chart is wanted of it. Throws PackageError. */
  whole(repository: Repository): PackagePlace {
    return this.#helm(repository, repository.url, '', false);
  }

  #helm(repository: Repository, url: string, chart: string, passCredentials: boolean): PackagePlace {
    const address = helmAddress(url);
    const key = `helm ${address}${this.#credentialMark(repository)}${passCredentials ? ' everywhere' : ''}`;
    const known = this.#places.get(`${key} ${chart}`);
    if (known !== undefined) return known;
    const place: PackagePlace = {
      kind: 'helm',
      key,
      address,
      repository,
      chart,
      passCredentials,
      target: '',
    };
    this.#places.set(`${key} ${chart}`, place);
    return place;
  }

  /** What tells two ways to reach one address apart: credential, TLS and proxy. */
  #credentialMark({ url: _, ...way }: Repository): string {
    const digest = sha256(canonicalJson(way));
    const number = this.#credentials.get(digest) ?? this.#nextCredential++;
    this.#credentials.set(digest, number);
    return ` #${number}`;
  }
}

function helmAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || url.length > 2_000)
    throw refused(`${JSON.stringify(withoutUser(url).slice(0, 200))} is no address`, 'use https://host/path');
  if (parsed.username !== '' || parsed.password !== '')
    throw refused(
      `the address of Helm repository ${parsed.host} holds a user or password`,
      'put them into the repository Secret',
    );
  if (parsed.search !== '' || parsed.hash !== '')
    throw refused(`the address of Helm repository ${parsed.host} has a query`, 'use the address without it');
  return parsed.href.replace(/\/+$/, '');
}

function withoutUser(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@]*@/, '$1');
}

function refused(what: string, remedy: string): PackageError {
  return new PackageError(
    'PACKAGE_URL_REFUSED',
    'on-change',
    `The source cannot be used: ${what}; ${remedy}`,
  );
}
