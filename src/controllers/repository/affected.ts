// Which applications a range of commits touches: changed paths held against what each render read. Pure.
import type { InputRead } from '../../model/index.ts';

/** Changed paths with all their ancestors, ready to be asked. */
export class ChangedPaths {
  readonly #paths = new Set<string>(['']);
  readonly count: number;

  constructor(paths: readonly string[]) {
    this.count = paths.length;
    for (const path of paths) {
      for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
        if (this.#paths.has(at)) break;
        this.#paths.add(at);
      }
    }
  }

  /**
   * True when any read is touched: a directory by anything below it, a file by itself, an absent path by its
   * appearance. The repository root ('') is touched by everything.
   */
  touches(reads: readonly InputRead[]): boolean {
    return this.count > 0 && reads.some(({ path }) => this.#paths.has(path));
  }
}
