// Mirrors of repositories: one clone per repository, one fetch for everybody who asks meanwhile, and immutable
// snapshots of refs. A mirror belongs to one address and one credential; the objects are shared between credentials,
// but nothing is readable through a mirror whose own credential has not fetched.
import { join } from 'node:path';
import {
  type AddressGuard,
  type Clock,
  canonicalJson,
  defaultAddressGuard,
  type Exec,
  type Logger,
  Lru,
  limits,
  type Random,
  Semaphore,
  sha256,
} from '../lib/index.ts';
import type { CommitInfo, Repository, Revision } from '../model/index.ts';
import type { CatFile } from './cat-file.ts';
import { Clone, type CloneDeps, type FetchedRef } from './clone.ts';
import { type NetworkOptions, networkAccess, pinningOf, runGit } from './command.ts';
import { GitError, gitError } from './errors.ts';
import { GitHubTokens } from './github-app.ts';
import type { GitObjects } from './objects.ts';
import { redirectedTo } from './redirect.ts';
import { type RefMatch, type RefSnapshot, refNotFound, refSnapshot, resolveRef } from './refs.ts';
import { treeCache } from './tree.ts';
import { assertRepositoryUrl, normaliseUrl, redacted } from './url.ts';

export interface MirrorDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** PATH on which git and ssh are found. */
  readonly path: string;
  readonly dataDir: string;
  /** Says where git may connect; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

export interface MirrorOptions {
  /** Let file:// repositories through. */
  readonly allowFile?: boolean;
  /** Current known_hosts lines (argocd-ssh-known-hosts-cm); read at each SSH connection. */
  readonly knownHosts?: () => string;
}

export interface ResolveOptions {
  /** The snapshot to resolve in, so that several sources of one application see one moment. */
  readonly snapshot?: RefSnapshot;
  readonly tagPrefix?: string;
  readonly signal?: AbortSignal;
}

export interface Mirror {
  /** Normalised address. */
  readonly repository: string;
  /** The last snapshot fetched in this process; its commits are in the mirror. */
  readonly snapshot: RefSnapshot | undefined;
  readonly objects: GitObjects;
  /** A snapshot taken after this call. Callers that come while a fetch runs share the one after it. */
  fetch(signal?: AbortSignal): Promise<RefSnapshot>;
  /** Asks only for the refs, and fetches when they changed: cheap enough for polling. */
  poll(signal?: AbortSignal): Promise<RefSnapshot>;
  /** Asks for the refs and keeps nothing: proves that the repository can be read. */
  check(signal?: AbortSignal): Promise<void>;
  /** targetRevision → commit, which is in the mirror afterwards. Throws GIT_REF_NOT_FOUND and network errors. */
  resolve(targetRevision: string, options?: ResolveOptions): Promise<Revision>;
  commitInfo(commit: string): Promise<CommitInfo>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Paths that differ between two commits, sorted. */
  changedPaths(from: string, to: string): Promise<string[]>;
}

export interface Mirrors {
  /** The mirror of a repository. Throws GIT_URL_REFUSED; does no I/O. */
  get(repository: Repository): Mirror;
  /** Ends the reader processes. */
  close(): void;
}

/** Reader processes kept open over all repositories. */
const MAX_READERS = 48;
const MAX_MIRRORS = 10_000;
const MAX_EXTRA_REFS = 200;

export function createMirrors(deps: MirrorDeps, options: MirrorOptions = {}): Mirrors {
  const readers = new Set<CatFile>();
  const cloneDeps: CloneDeps = {
    ...deps,
    trees: treeCache(),
    housekeeping: new Semaphore(1),
    onReaderStart(catFile) {
      readers.delete(catFile);
      readers.add(catFile);
      for (const reader of readers) {
        if (readers.size <= MAX_READERS) break;
        if (reader.open && !reader.idle) continue;
        readers.delete(reader);
        reader.close();
      }
    },
  };
  const guard = deps.guard ?? defaultAddressGuard;
  const tokens = new GitHubTokens(deps.clock, guard);
  const pinning = pinningOf(cloneDeps);
  const clones = new Map<string, Clone>();
  const mirrors = new Lru<Mirror>(MAX_MIRRORS);
  const cloneOf = (repository: string): Clone => {
    const known = clones.get(repository);
    if (known !== undefined) return known;
    const gitDir = join(deps.dataDir, 'git', `${sha256(repository).slice(0, 32)}.git`);
    const clone = new Clone(cloneDeps, gitDir, repository);
    clones.set(repository, clone);
    return clone;
  };
  return {
    get(repository) {
      assertRepositoryUrl(repository.url, options);
      const normalised = redacted(normaliseUrl(repository.url));
      const key = sha256(canonicalJson(repository));
      const known = mirrors.get(key);
      if (known !== undefined) return known;
      const mirror = new RepositoryMirror(
        { ...cloneDeps, tokens, guard, pinning },
        cloneOf(normalised),
        repository,
        options,
      );
      mirrors.set(key, mirror);
      return mirror;
    },
    close() {
      for (const clone of clones.values()) clone.close();
    },
  };
}

type MirrorParts = CloneDeps & {
  readonly tokens: GitHubTokens;
  readonly guard: AddressGuard;
  readonly pinning: () => Promise<void>;
};

class RepositoryMirror implements Mirror {
  readonly repository: string;
  readonly #deps: MirrorParts;
  readonly #clone: Clone;
  readonly #source: Repository;
  readonly #allowFile: boolean;
  readonly #hosts: () => string;
  readonly #extraRefs = new Set<string>();
  #hasHead = true;
  #snapshot: RefSnapshot | undefined;
  #running: Promise<RefSnapshot> | undefined;
  #next: Promise<RefSnapshot> | undefined;

  constructor(deps: MirrorParts, clone: Clone, source: Repository, options: MirrorOptions) {
    this.#deps = deps;
    this.#clone = clone;
    this.#source = source;
    this.repository = redacted(normaliseUrl(source.url));
    this.#allowFile = options.allowFile === true;
    this.#hosts = options.knownHosts ?? (() => '');
  }

  get snapshot(): RefSnapshot | undefined {
    return this.#snapshot;
  }

  get objects(): GitObjects {
    if (this.#snapshot === undefined) {
      throw new GitError(
        'GIT_FAILED',
        'backoff',
        `${this.repository} was not fetched yet with this credential; fetch it first`,
      );
    }
    return this.#clone.objects;
  }

  fetch(signal?: AbortSignal): Promise<RefSnapshot> {
    return withSignal(this.#queueFetch(), signal);
  }

  async poll(signal?: AbortSignal): Promise<RefSnapshot> {
    const known = this.#snapshot;
    if (known === undefined || this.#clone.damaged) return await this.fetch(signal);
    const seen = await this.#lsRemote(signal);
    if (seen.digest === known.digest) {
      // The same refs, seen later.
      this.#snapshot = { ...known, takenAt: seen.takenAt };
      return this.#snapshot;
    }
    return await this.fetch(signal);
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#lsRemote(signal);
  }

  async resolve(targetRevision: string, options: ResolveOptions = {}): Promise<Revision> {
    let snapshot = options.snapshot ?? this.#snapshot ?? (await this.fetch(options.signal));
    if (this.#isForeignRef(targetRevision) && !snapshot.refs.has(targetRevision)) {
      this.#addExtraRef(targetRevision);
      snapshot = await this.fetch(options.signal);
    }
    const match = resolveRef(targetRevision, snapshot, options.tagPrefix);
    if (match.kind === 'commit') {
      const tag = snapshot.tags?.get(match.ref);
      const target = targetRevision === '' ? 'HEAD' : targetRevision;
      return { id: match.sha, target, ref: match.ref, ...(tag === undefined ? {} : { tag }) };
    }
    const id = await this.#findCommit(match, options.signal);
    if (id === undefined) throw refNotFound(targetRevision, this.repository);
    return { id, target: targetRevision };
  }

  async commitInfo(commit: string): Promise<CommitInfo> {
    const tags: string[] = [];
    for (const [ref, sha] of this.#snapshot?.refs ?? []) {
      if (sha === commit && ref.startsWith('refs/tags/')) tags.push(ref.slice('refs/tags/'.length));
    }
    return await this.objects.commitInfo(commit, tags);
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    if (ancestor === descendant) return true;
    const action = `compare commits of ${this.repository}`;
    const result = await this.#clone.run(action, [
      'merge-base',
      '--is-ancestor',
      assertId(ancestor),
      assertId(descendant),
    ]);
    if (result.exitCode > 1) throw gitError(action, result);
    return result.exitCode === 0;
  }

  async changedPaths(from: string, to: string): Promise<string[]> {
    const { objects } = this;
    return await objects.changedPaths(await objects.rootTree(from), await objects.rootTree(to));
  }

  /** At most one fetch runs and one waits; everybody else joins the one that waits. */
  #queueFetch(): Promise<RefSnapshot> {
    if (this.#running === undefined) return this.#startFetch();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#startFetch();
      });
    return this.#next;
  }

  #startFetch(): Promise<RefSnapshot> {
    const flight = this.#fetchNow().finally(() => {
      this.#running = undefined;
    });
    this.#running = flight;
    return flight;
  }

  async #fetchNow(): Promise<RefSnapshot> {
    for (;;) {
      const startedAt = this.#deps.clock.now();
      try {
        const refs = await this.#reach(({ env, url }) =>
          this.#clone.fetch({
            url,
            env,
            refspecs: this.#refspecs(),
            action: `fetch ${redacted(this.#source.url)}`,
          }),
        );
        this.#snapshot = this.#snapshotOf(refs, startedAt);
        this.#hasHead = true; // asked again next time: an empty repository gets a HEAD with its first push
        return this.#snapshot;
      } catch (error) {
        if (!this.#dropMissingRef(error)) throw error;
      }
    }
  }

  /** After "couldn't find remote ref X": leaves X out, so that one vanished ref does not stop all others. */
  #dropMissingRef(error: unknown): boolean {
    if (!(error instanceof GitError) || error.code !== 'GIT_REF_NOT_FOUND') return false;
    const ref = /couldn't find remote ref (\S+?)[;,]?(?:\s|$)/i.exec(error.message)?.[1];
    if (ref === 'HEAD' && this.#hasHead) {
      this.#hasHead = false;
      return true;
    }
    return ref !== undefined && this.#extraRefs.delete(ref);
  }

  #refspecs(): string[] {
    const refspecs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    if (this.#hasHead) refspecs.unshift(`+HEAD:${HEAD_REF}`);
    for (const ref of this.#extraRefs) refspecs.push(`+${ref}:${ref}`);
    return refspecs;
  }

  #snapshotOf(fetched: readonly FetchedRef[], takenAt: number): RefSnapshot {
    const refs = new Map<string, string>();
    let head: string | undefined;
    const tags = new Map<string, string>();
    for (const { name, sha, tag } of fetched) {
      if (tag !== undefined) tags.set(name, tag);
      if (name === HEAD_REF) head = this.#hasHead ? sha : undefined;
      else if (!name.startsWith('refs/fairlead/')) refs.set(name, sha);
    }
    const candidates = [...refs].filter(([name, sha]) => sha === head && name.startsWith('refs/heads/'));
    const headRef = candidates.length === 1 ? candidates[0]?.[0] : undefined;
    return refSnapshot({
      repository: this.repository,
      refs,
      tags,
      ...(head === undefined ? {} : { head }),
      ...(headRef === undefined ? {} : { headRef }),
      takenAt,
    });
  }

  async #lsRemote(signal?: AbortSignal): Promise<RefSnapshot> {
    const takenAt = this.#deps.clock.now();
    const action = `list the refs of ${redacted(this.#source.url)}`;
    return await this.#reach(async ({ env, url }) => {
      const result = await runGit(this.#deps, {
        action,
        args: ['ls-remote', '--quiet', '--', url, 'HEAD', 'refs/heads/*', 'refs/tags/*', ...this.#extraRefs],
        env,
        timeoutMs: limits.gitNetworkTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      if (result.exitCode !== 0) throw gitError(action, result);
      return this.#snapshotOf(parseLsRemote(result.stdout.toString('utf8')), takenAt);
    });
  }

  async #findCommit(
    match: Exclude<RefMatch, { kind: 'commit' }>,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    if (this.#snapshot === undefined) await this.fetch(signal);
    const name = match.kind === 'pinned' ? match.sha : match.prefix;
    const known = await this.objects.findCommit(name);
    if (known !== undefined) return known;
    await this.fetch(signal);
    const fetched = await this.objects.findCommit(name);
    if (fetched !== undefined || match.kind === 'abbreviated') return fetched;
    return await this.#fetchCommit(match.sha);
  }

  /** A commit no branch or tag holds: many servers give it when asked by its full id. */
  async #fetchCommit(sha: string): Promise<string | undefined> {
    try {
      await this.#reach(({ env, url }) =>
        this.#clone.fetch({
          url,
          env,
          refspecs: [`+${sha}:refs/fairlead/pinned/${sha}`],
          action: `fetch commit ${sha} of ${redacted(this.#source.url)}`,
        }),
      );
    } catch (error) {
      if (error instanceof GitError && error.code === 'GIT_REF_NOT_FOUND') return undefined;
      throw error;
    }
    return await this.objects.findCommit(sha);
  }

  /** Runs git with what it takes to reach the repository, at the place its server names when it has moved. */
  async #reach<T>(work: (access: Access) => Promise<T>): Promise<T> {
    const usable = await this.#deps.tokens.usable(this.#source);
    try {
      return await this.#at(usable, work);
    } catch (error) {
      if (error instanceof GitError && error.code === 'GIT_AUTH') this.#deps.tokens.forget(this.#source);
      if (!(error instanceof GitError) || error.code !== 'GIT_REDIRECTED') throw error;
    }
    return await this.#at(await redirectedTo(this.#deps.guard, usable), work);
  }

  async #at<T>(repository: Repository, work: (access: Access) => Promise<T>): Promise<T> {
    const access = await networkAccess(this.#deps, repository, this.#network());
    try {
      return await work({ env: access.env, url: withoutPassword(repository.url) });
    } finally {
      await access.dispose();
    }
  }

  #network(): NetworkOptions {
    const { guard, pinning } = this.#deps;
    return { allowFile: this.#allowFile, knownHosts: this.#hosts(), guard, pinning };
  }

  #isForeignRef(target: string): boolean {
    return (
      /^refs\/(?!heads\/|tags\/|fairlead\/)[A-Za-z0-9._/+@=-]+$/.test(target) &&
      !/\.\.|\/\/|@\{|\.lock$/.test(target)
    );
  }

  #addExtraRef(ref: string): void {
    const oldest = this.#extraRefs.values().next().value;
    if (this.#extraRefs.size >= MAX_EXTRA_REFS && oldest !== undefined) this.#extraRefs.delete(oldest);
    this.#extraRefs.add(ref);
  }
}

interface Access {
  readonly env: Readonly<Record<string, string>>;
  /** Where the repository is. */
  readonly url: string;
}

/** A password inside the address stays out of the arguments; the credential travels on its own. */
function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)([^/@:]*)(?::[^/@]*)?@/i, '$1');
}

const HEAD_REF = 'refs/fairlead/head';

function parseLsRemote(text: string): FetchedRef[] {
  const refs = new Map<string, { sha: string; tag?: string }>();
  for (const line of text.split('\n')) {
    const [sha, name] = line.split('\t');
    if (sha === undefined || name === undefined) continue;
    if (name === 'HEAD') refs.set(HEAD_REF, { sha });
    // `^{}` lines follow their tag and name the commit it stands for.
    else if (name.endsWith('^{}')) {
      const tag = refs.get(name.slice(0, -3))?.sha;
      refs.set(name.slice(0, -3), tag === undefined ? { sha } : { sha, tag });
    } else refs.set(name, { sha });
  }
  return [...refs].map(([name, ids]) => ({ name, ...ids })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function assertId(id: string): string {
  if (/^[0-9a-f]{40,64}$/.test(id)) return id;
  throw new GitError('GIT_REF_NOT_FOUND', 'never', `${JSON.stringify(id.slice(0, 100))} is not a commit id`);
}

/** The shared work goes on when one of those waiting for it gives up. */
function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
