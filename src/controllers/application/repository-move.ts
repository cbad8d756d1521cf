// One move of a repository as its applications see it: who has to be looked at, who only learns a new commit's id,
// and whether history was rewritten. Commits are resolved and compared once for all applications.
import { messageOf } from '../../lib/index.ts';
import type { Application, ApplicationSource } from '../../model/index.ts';
import type { Snapshot } from '../repository/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';
import { movedTo } from './sources.ts';

export type MoveEffect =
  /** The same commit as before. */
  | { readonly kind: 'none' }
  /** Something it read changed, or nobody can tell: it is looked at now. */
  | { readonly kind: 'look' }
  /** A new commit that changed nothing it read. */
  | { readonly kind: 'untouched'; readonly desired: Desired };

export class RepositoryMove {
  readonly #deps: ApplicationDeps;
  readonly #key: string;
  readonly #snapshot: Snapshot;
  readonly #revisions = new Map<string, Promise<string | undefined>>();
  readonly #ranges = new Map<string, () => Promise<void>>();

  /** @param key the repository's key with the tracker */
  constructor(deps: ApplicationDeps, key: string, snapshot: Snapshot) {
    this.#deps = deps;
    this.#key = key;
    this.#snapshot = snapshot;
  }

  async effectOn(app: Application, desired: Desired): Promise<MoveEffect> {
    const revisions: string[] = [];
    for (const { source, revision: before } of desired.parts) {
      const isMoved = this.#deps.repositoryKey(source.repoURL) === this.#key;
      const revision = isMoved ? await this.#resolve(app, source) : before;
      if (revision === undefined) return { kind: 'look' };
      revisions.push(revision);
      const range = `${before} ${revision}`;
      if (revision !== before && !this.#ranges.has(range))
        this.#ranges.set(range, () => this.#noteRewrite(app, source, before, revision));
    }
    if (revisions.join(',') === desired.revision) return { kind: 'none' };
    const moved = await movedTo(this.#deps, app, desired, revisions);
    return moved === undefined ? { kind: 'look' } : { kind: 'untouched', desired: moved };
  }

  /** Writes down which of the moves did not go forward. Takes its time: nobody waits for it. */
  async noteRewrites(): Promise<void> {
    for (const note of this.#ranges.values()) await note();
  }

  #resolve(app: Application, source: ApplicationSource): Promise<string | undefined> {
    const target = `${source.targetRevision ?? ''}\n${source.tagPrefix ?? ''}`;
    const known = this.#revisions.get(target);
    if (known !== undefined) return known;
    const mirror = this.#deps.repositories.mirror(this.#deps.repositoryFor(source.repoURL, app.spec.project));
    const resolved = mirror
      .resolve(source.targetRevision ?? '', {
        snapshot: this.#snapshot.refs,
        ...(source.tagPrefix === undefined ? {} : { tagPrefix: source.tagPrefix }),
      })
      // What is wrong with it, each application finds out and says for itself.
      .then(
        ({ id }) => id,
        () => undefined,
      );
    this.#revisions.set(target, resolved);
    return resolved;
  }

  async #noteRewrite(
    app: Application,
    source: ApplicationSource,
    before: string,
    after: string,
  ): Promise<void> {
    try {
      const mirror = this.#deps.repositories.mirror(
        this.#deps.repositoryFor(source.repoURL, app.spec.project),
      );
      if (await mirror.isAncestor(before, after)) return;
      const target = source.targetRevision ?? 'HEAD';
      await this.#deps.journal.fact({
        actor: { kind: 'system', name: 'repository' },
        action: 'source.rewritten',
        object: { kind: 'Repository', name: mirror.repository },
        revision: after,
        reason: `${target} moved from ${before} to ${after}, which does not descend from it`,
      });
    } catch (error) {
      this.#deps.log.info('the ancestry of a move could not be told', { reason: messageOf(error) });
    }
  }
}
