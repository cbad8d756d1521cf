// What a targetRevision means in one snapshot of a repository's refs. Pure: reference/argocd.md §2.8 as code.
import { digestOf, greatest, parseConstraint, parseVersion } from '../lib/index.ts';
import { GitError } from './errors.ts';

/** All branches and tags of a repository at one moment. */
export interface RefSnapshot {
  /** Address without credentials, for messages. */
  readonly repository: string;
  /** Full ref name → commit (annotated tags peeled), in the server's order. */
  readonly refs: ReadonlyMap<string, string>;
  /** Full ref name → tag object, of annotated tags. */
  readonly tags?: ReadonlyMap<string, string>;
  /** Commit of HEAD; undefined in an empty repository. */
  readonly head?: string;
  /** Branch HEAD points to, e.g. `refs/heads/main`, when known. */
  readonly headRef?: string;
  /** Equal digests mean equal refs and HEAD. */
  readonly digest: string;
  /** Wall clock of the answer, milliseconds since the epoch. */
  readonly takenAt: number;
}

/** `commit`: known to the snapshot. `pinned`: a full id, to be looked up. `abbreviated`: a prefix, to be completed. */
export type RefMatch =
  | { readonly kind: 'commit'; readonly sha: string; readonly ref: string }
  | { readonly kind: 'pinned'; readonly sha: string }
  | { readonly kind: 'abbreviated'; readonly prefix: string };

const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function refSnapshot(parts: Omit<RefSnapshot, 'digest'>): RefSnapshot {
  const refs = [...parts.refs].map(([name, sha]) => `${name} ${sha}`).sort();
  const tags = [...(parts.tags ?? [])].map(([name, id]) => `${name} ${id}`).sort();
  const digest = digestOf([parts.head ?? null, refs, tags]);
  return Object.freeze({ ...parts, digest });
}

/** Throws GIT_REF_NOT_FOUND. `tagPrefix` selects the tags a constraint is matched over. */
export function resolveRef(target: string, snapshot: RefSnapshot, tagPrefix = ''): RefMatch {
  if (FULL_ID.test(target)) return { kind: 'pinned', sha: target };
  if (target === '' || target === 'HEAD') return headOf(snapshot);
  const found = byTag(target, snapshot, tagPrefix) ?? byName(target, snapshot);
  if (found !== undefined) return { kind: 'commit', ...found };
  if (/^[0-9a-f]{7,63}$/i.test(target)) return { kind: 'abbreviated', prefix: target.toLowerCase() };
  throw refNotFound(target, snapshot.repository, snapshot);
}

export function refNotFound(target: string, repository: string, snapshot?: RefSnapshot): GitError {
  const constraint = parseVersion(target) === undefined && parseConstraint(target) !== undefined;
  const seen =
    snapshot === undefined
      ? 'the server has no such commit'
      : constraint
        ? `none of its ${countTags(snapshot)} tags satisfies the constraint`
        : `no branch, tag or commit has that name (${snapshot.refs.size} refs seen)`;
  return new GitError(
    'GIT_REF_NOT_FOUND',
    'on-change',
    `Unable to resolve ${JSON.stringify(target.slice(0, 200))} to a commit SHA in ${repository}: ${seen}; check targetRevision`,
  );
}

function headOf(snapshot: RefSnapshot): RefMatch {
  if (snapshot.head !== undefined)
    return { kind: 'commit', sha: snapshot.head, ref: snapshot.headRef ?? 'HEAD' };
  throw new GitError(
    'GIT_REF_NOT_FOUND',
    'on-change',
    `Unable to resolve HEAD in ${snapshot.repository}: the repository is empty or HEAD names a branch that does not exist; set targetRevision to a branch`,
  );
}

/** An exact tag, else the greatest tag a constraint allows. A plain version is a pin, never a constraint. */
function byTag(
  target: string,
  snapshot: RefSnapshot,
  prefix: string,
): { sha: string; ref: string } | undefined {
  const isPin = parseVersion(target) !== undefined;
  const constraint = isPin ? undefined : parseConstraint(target);
  if (!isPin && constraint === undefined) return undefined;
  for (const exact of [`refs/tags/${target}`, `refs/tags/${prefix}${target}`]) {
    const pinned = snapshot.refs.get(exact);
    if (pinned !== undefined) return { sha: pinned, ref: exact };
  }
  if (constraint === undefined) return undefined;
  const name = greatest(tagNames(snapshot, prefix), constraint);
  if (name === undefined) return undefined;
  const ref = `refs/tags/${prefix}${name}`;
  const sha = snapshot.refs.get(ref);
  return sha === undefined ? undefined : { sha, ref };
}

/** A full ref, else the first short name in the server's order (branches before tags). */
function byName(target: string, snapshot: RefSnapshot): { sha: string; ref: string } | undefined {
  for (const ref of [target, `refs/heads/${target}`, `refs/tags/${target}`, `refs/remotes/${target}`]) {
    const sha = snapshot.refs.get(ref);
    if (sha !== undefined) return { sha, ref };
  }
  return undefined;
}

function* tagNames(snapshot: RefSnapshot, prefix: string): Generator<string> {
  const start = `refs/tags/${prefix}`;
  for (const ref of snapshot.refs.keys()) if (ref.startsWith(start)) yield ref.slice(start.length);
}

function countTags(snapshot: RefSnapshot): number {
  let tags = 0;
  for (const ref of snapshot.refs.keys()) if (ref.startsWith('refs/tags/')) tags += 1;
  return tags;
}
