// A resolved revision and what is known of it.

export interface Revision {
  /** 40 lower-case hex digits for Git; a chart version or an OCI digest otherwise. */
  readonly id: string;
  /** The name it was resolved from, e.g. `main`, `v1.2.0`, `HEAD`; equals `id` for a pinned commit. */
  readonly target: string;
  /** The full ref it was found under, e.g. `refs/tags/v1.2.0`; absent for a pinned commit. */
  readonly ref?: string;
  /** Id of the tag object, when the ref is an annotated tag. */
  readonly tag?: string;
}

/** What people want to know of a commit. */
export interface CommitInfo {
  readonly sha: string;
  readonly author: string;
  /** RFC 3339. */
  readonly date: string;
  /** The whole message. */
  readonly message: string;
  readonly parents: readonly string[];
  readonly tags: readonly string[];
}
