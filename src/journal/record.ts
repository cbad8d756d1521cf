// The journal record: its shape, its bounds and its hash. No I/O.
import { canonicalJson, isRecord, type Json, sha256 } from '../lib/index.ts';
import { JournalError } from './errors.ts';

/** Who did it. `kubernetes` = somebody else's write seen in a cluster (drift), named by its field manager. */
export type ActorKind = 'user' | 'token' | 'controller' | 'agent' | 'webhook' | 'kubernetes' | 'system';

export interface Actor {
  readonly kind: ActorKind;
  readonly name: string;
}

/** What it was done to. Members that do not apply are left out. */
export interface JournalObject {
  readonly group?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Server URL or name of the target cluster, for objects outside the control cluster. */
  readonly cluster?: string;
  readonly uid?: string;
}

export type Outcome = 'succeeded' | 'failed' | 'unknown';

interface Common {
  readonly actor: Actor;
  /** A dotted verb, e.g. `application.sync`, `object.apply`, `session.login`. */
  readonly action: string;
  readonly object: JournalObject;
  /** Network address of the caller, for writes that came in by API. */
  readonly sourceAddress?: string;
  /** Id of the operation (sync, promotion, request) the record belongs to. */
  readonly operation?: string;
  /** Git commit, chart version or digest concerned. */
  readonly revision?: string;
  /** Why, in one sentence. */
  readonly reason?: string;
  /** Anything else worth keeping; bounded by DETAIL_BYTES and redacted. */
  readonly detail?: Json;
}

/** Something that is true now and needed no effect of ours, or whose effect is already over. */
export interface FactEntry extends Common {
  readonly kind: 'fact';
  readonly outcome?: Outcome;
}

/** What is about to be done; written before the effect. */
export interface IntentEntry extends Common {
  readonly kind: 'intent';
}

/** How the intent with sequence number `intent` ended; written after the effect. */
export interface OutcomeEntry extends Common {
  readonly kind: 'outcome';
  readonly intent: number;
  readonly outcome: Outcome;
}

export type JournalEntry = FactEntry | IntentEntry | OutcomeEntry;

/** One link of the chain. `hash` = SHA-256 over `prevHash`, a line feed and the canonical JSON of the rest. */
export interface JournalRecord extends Common {
  readonly seq: number;
  /** RFC 3339 with milliseconds, UTC. */
  readonly time: string;
  readonly kind: JournalEntry['kind'];
  readonly intent?: number;
  readonly outcome?: Outcome;
  readonly prevHash: string;
  readonly hash: string;
}

/** The newest link: keep it outside the database to notice a cut tail. `seq` 0 = an empty journal. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** The link before the first one. */
export const GENESIS: Head = { seq: 0, hash: '0'.repeat(64) };

/** Longest canonical JSON of `detail`; what is longer is replaced by its digest and beginning. */
export const DETAIL_BYTES = 16 * 1024;
/** Longest single text member (reason, names). */
const TEXT_CHARS = 4 * 1024;
const DETAIL_HEAD_CHARS = 2 * 1024;

/** An entry with its time, bounded and well-formed: what becomes part of the hash. */
export type BoundEntry = JournalEntry & { readonly time: string };

/**
 * Checks and bounds an entry: cut texts end in a marker, a detail that is too long becomes
 * `{truncated, bytes, sha256, head}`, and text that no database could store (NUL, lone surrogates) is replaced.
 */
export function boundEntry(entry: JournalEntry, epochMs: number): BoundEntry {
  if (entry.action === '' || entry.actor.name === '' || entry.object.kind === '') {
    throw new JournalError(
      'JOURNAL_INVALID_RECORD',
      'never',
      'Cannot write a journal record without action, actor and object',
    );
  }
  const { detail, ...rest } = entry;
  const texts = storable(rest, TEXT_CHARS) as Omit<JournalEntry, 'detail'>;
  const bounded = detail === undefined ? {} : { detail: boundDetail(storable(detail, DETAIL_BYTES)) };
  return { ...texts, ...bounded, time: new Date(epochMs).toISOString() } as BoundEntry;
}

/** Makes the entry the link after `previous`; also returns the text that was hashed. */
export function seal(entry: BoundEntry, previous: Head): { record: JournalRecord; text: string } {
  const body = { ...entry, seq: previous.seq + 1 };
  const text = canonicalJson(body);
  return { record: { ...body, prevHash: previous.hash, hash: linkHash(previous.hash, text) }, text };
}

/** The hash of a link. */
export function linkHash(prevHash: string, text: string): string {
  return sha256(`${prevHash}\n${text}`);
}

function boundDetail(detail: unknown): Json {
  const text = canonicalJson(detail);
  const bytes = Buffer.byteLength(text);
  if (bytes <= DETAIL_BYTES) return detail as Json;
  return {
    truncated: true,
    bytes,
    sha256: sha256(text),
    head: text.slice(0, DETAIL_HEAD_CHARS).toWellFormed(),
  };
}

/** A copy that every database can hold: texts cut to `maxChars`, no NUL, no half surrogate pairs. */
function storable(value: unknown, maxChars: number): unknown {
  if (typeof value === 'string') return storableText(value, maxChars);
  if (Array.isArray(value)) return value.map((item) => storable(item, maxChars));
  if (!isRecord(value)) return typeof value === 'number' && !Number.isFinite(value) ? null : value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) copy[storableText(key, maxChars)] = storable(member, maxChars);
  }
  return copy;
}

function storableText(text: string, maxChars: number): string {
  const cut =
    text.length > maxChars
      ? `${text.slice(0, maxChars)}…[truncated ${text.length - maxChars} characters]`
      : text;
  return cut.toWellFormed().replaceAll('\0', '\ufffd');
}
