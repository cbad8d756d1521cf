// One move of a repository as its applications see it: who has to be looked at, who only learns a new commit's id,
// and whether history was rewritten. Commits are resolved and compared once for all applications.
import { messageOf } from '../../lib/index.ts';
import type { Application, ApplicationSource } from '../../model/index.ts';
import type { Snapshot } from '../repository/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';

export type MoveEffect =
  /** The same commit as before. */
  | { readonly kind: 'none' }
  /** Something it read changed, or nobody can tell: it is looked at now. */
  | { readonly kind: 'look' }
  /** A new commit that changed nothing it read. */
  | { readonly kind: 'untouched'; readonly revision: string };

export class RepositoryMove {
  readonly #deps: ApplicationDeps;
  readonly #snapshot: Snapshot;
  readonly #revisions = new Map<string, Promise<string | undefined>>();
  readonly #ranges = new Map<string, () => Promise<void>>();

  constructor(deps: ApplicationDeps, snapshot: Snapshot) {
    this.#deps = deps;
    this.#snapshot = snapshot;
  }

  async effectOn(app: Application, source: ApplicationSource, desired: Desired): Promise<MoveEffect> {
    const revision = await this.#resolve(app, source);
    if (revision === undefined) return { kind: 'look' };
    if (revision === desired.revision) return { kind: 'none' };
    const repository = this.#deps.repositoryFor(source.repoURL, app.spec.project);
    const range = `${desired.revision} ${revision}`;
    if (!this.#ranges.has(range))
      this.#ranges.set(range, () => this.#noteRewrite(app, source, desired.revision, revision));
    const changed = await this.#deps.changedPaths(repository, desired.revision, revision);
    if (changed === undefined || changed.touches(desired.set.input.reads)) return { kind: 'look' };
    return { kind: 'untouched', revision };
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
