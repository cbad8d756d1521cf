// One bare repository on disk: made in a temporary place and renamed when whole, recognised as damaged or half made,
// and made anew then. Knows nothing of revisions or who asked.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, limits, Semaphore } from '../lib/index.ts';
import { CatFile } from './cat-file.ts';
import { type GitDeps, gitEnvironment, runGit } from './command.ts';
import { GitError, gitError } from './errors.ts';
import { GitObjects } from './objects.ts';
import type { TreeCache } from './tree.ts';

export interface CloneDeps extends GitDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly trees: TreeCache;
  /** Called when a reader process starts, so that the number of them stays bounded. */
  readonly onReaderStart: (catFile: CatFile) => void;
  /** At most this many repacks at once, over all clones. */
  readonly housekeeping: Semaphore;
}

export interface FetchRequest {
  /** The URL git is given: with the user part, without any password. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly refspecs: readonly string[];
  readonly action: string;
}

/** Written last: a directory without it is a clone that never became whole. */
const MARKER = 'fairlead-complete';
const FORMAT = '1';
/** Small fetches leave loose objects; this many of them are worth one repack. */
const FETCHES_PER_REPACK = 200;
const REPACK_TIMEOUT_MS = 600_000;

export class Clone {
  readonly gitDir: string;
  readonly objects: GitObjects;
  readonly #deps: CloneDeps;
  readonly #catFile: CatFile;
  /** One change of the clone at a time. */
  readonly #turn = new Semaphore(1);
  #ready = false;
  #damaged = false;
  #fetches = 0;

  constructor(deps: CloneDeps, gitDir: string, repository: string) {
    this.#deps = deps;
    this.gitDir = gitDir;
    this.#catFile = new CatFile(
      { exec: deps.exec, clock: deps.clock, env: gitEnvironment(deps), onStart: deps.onReaderStart },
      gitDir,
    );
    this.objects = new GitObjects(this.#catFile, deps.trees, repository, () => {
      this.#damaged = true;
    });
  }

  /** An object was found missing or unreadable: the next fetch clones anew. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Fetches into the clone, making or remaking it first when needed, and lists its refs as they are then. */
  fetch(request: FetchRequest): Promise<FetchedRef[]> {
    return this.#turn.run(async () => {
      await this.#open();
      if (!this.#ready || this.#damaged) await this.#remake(request);
      else await this.#update(request);
      const refs = await this.#refs();
      this.#housekeep();
      return refs;
    });
  }

  async run(
    action: string,
    args: readonly string[],
  ): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const result = await runGit(this.#deps, { action, args: [`--git-dir=${this.gitDir}`, ...args] });
    return { ...result, stdout: result.stdout.toString('utf8') };
  }

  close(): void {
    this.#catFile.close();
  }

  /** Trusts what a former process left only when it was finished, and clears locks it may have died with. */
  async #open(): Promise<void> {
    if (this.#ready) return;
    const marker = await readFile(join(this.gitDir, MARKER), 'utf8').catch(() => undefined);
    if (marker?.trim() !== FORMAT) return;
    await removeLeftovers(this.gitDir);
    this.#ready = true;
  }

  async #update(request: FetchRequest): Promise<void> {
    try {
      await this.#fetchInto(this.gitDir, request);
    } catch (error) {
      if (!(error instanceof GitError) || !['GIT_CORRUPT', 'GIT_LOCKED'].includes(error.code)) throw error;
      this.#deps.log.warn('git mirror is damaged or locked; cloning anew', {
        repository: request.action,
        code: error.code,
      });
      await this.#remake(request);
    }
  }

  async #remake(request: FetchRequest): Promise<void> {
    const suffix = Buffer.from(this.#deps.random.bytes(6)).toString('hex');
    const fresh = `${this.gitDir}.new-${suffix}`;
    const old = `${this.gitDir}.old-${suffix}`;
    try {
      await mkdir(fresh, { recursive: true });
      const init = await runGit(this.#deps, {
        action: request.action,
        args: ['init', '--quiet', '--bare', '--template=', fresh],
      });
      if (init.exitCode !== 0) throw gitError(request.action, init);
      await this.#fetchInto(fresh, request);
      await writeFile(join(fresh, MARKER), `${FORMAT}\n`);
      this.#catFile.close();
      await rename(this.gitDir, old).catch(ignoreMissing);
      await rename(fresh, this.gitDir);
      this.#ready = true;
      this.#damaged = false;
    } finally {
      await rm(fresh, { recursive: true, force: true });
      await rm(old, { recursive: true, force: true });
    }
  }

  async #fetchInto(gitDir: string, request: FetchRequest): Promise<void> {
    const result = await runGit(this.#deps, {
      action: request.action,
      args: [
        `--git-dir=${gitDir}`,
        'fetch',
        '--quiet',
        '--prune',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--no-show-forced-updates',
        '--',
        request.url,
        ...request.refspecs,
      ],
      env: request.env,
      timeoutMs: limits.gitNetworkTimeoutMs,
    });
    if (result.exitCode !== 0) throw gitError(request.action, result);
  }

  async #refs(): Promise<FetchedRef[]> {
    const format = '%(refname)%00%(objectname)%00%(*objectname)';
    const result = await this.run('list refs', ['for-each-ref', `--format=${format}`]);
    if (result.exitCode !== 0) throw gitError('list refs', result);
    const refs: FetchedRef[] = [];
    for (const line of result.stdout.split('\n')) {
      const [name, id, peeled] = line.split('\0');
      if (name !== undefined && id !== undefined)
        refs.push(peeled === undefined || peeled === '' ? { name, sha: id } : { name, sha: peeled, tag: id });
    }
    return refs;
  }

  #housekeep(): void {
    this.#fetches += 1;
    if (this.#fetches % FETCHES_PER_REPACK !== 0) return;
    const { housekeeping, log } = this.#deps;
    const repack = async (): Promise<void> => {
      const result = await runGit(this.#deps, {
        action: 'repack a mirror',
        args: [`--git-dir=${this.gitDir}`, 'gc', '--quiet', '--prune=2.weeks.ago'],
        timeoutMs: REPACK_TIMEOUT_MS,
      });
      if (result.exitCode !== 0) throw gitError('repack a mirror', result);
    };
    // Fetches go on meanwhile: git allows both, and a failure costs disk space only.
    housekeeping.run(repack).catch((error: unknown) => log.warn('cannot repack a git mirror', { error }));
  }
}

export interface FetchedRef {
  readonly name: string;
  /** Annotated tags are peeled. */
  readonly sha: string;
  /** The tag object of an annotated tag. */
  readonly tag?: string;
}

/** Lock files and half-written packs of a process that was killed. */
async function removeLeftovers(gitDir: string): Promise<void> {
  const names = await readdir(gitDir, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    if (!entry.isFile() || !/\.lock$|^tmp_(?:pack|idx|obj|rev|mtimes)_|^\.tmp-/.test(entry.name)) continue;
    await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
