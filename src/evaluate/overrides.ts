// Finds in argocd-cm which text of a user is for which kind: `resource.customizations.<what>.<group>_<kind>` and the
// members of the older combined `resource.customizations`. Kinds and groups may be wildcards. What the texts mean is
// for those who ask.
import { isRecord, messageOf, parseYaml } from '../lib/index.ts';

export interface Override {
  /** Where it was found, e.g. `resource.customizations.health.cert-manager.io_Certificate`. */
  readonly source: string;
  readonly text: string;
}

export interface Overrides {
  /** The text that is closest to the kind: its own, else that of the longest wildcard. */
  find(group: string, kind: string): Override | undefined;
  readonly isEmpty: boolean;
  /** Why the combined key could not be read. */
  readonly problem?: string;
}

const PREFIX = 'resource.customizations.';
const COMBINED = 'resource.customizations';
/** Names in the combined form differ. */
const COMBINED_NAMES: Readonly<Record<string, string>> = {
  health: 'health.lua',
  useOpenLibs: 'health.lua.useOpenLibs',
};

const MAX_ANSWERS = 5_000;

interface Entry extends Override {
  /** `group/Kind`, `Kind` for the core group; with `*` or not. */
  readonly pattern: string;
}

/** @param what `health`, `actions`, `useOpenLibs`, … */
export function readOverrides(data: Readonly<Record<string, string>>, what: string): Overrides {
  const combined = readCombined(data[COMBINED] ?? '', what);
  const entries = [...combined.entries, ...readSplit(data, what)];
  // The split form comes later and wins.
  const exact = new Map(entries.map((entry) => [entry.pattern, entry]));
  const wild = [...exact.values()]
    .filter(({ pattern }) => /[*?]/.test(pattern))
    .sort((a, b) => b.pattern.length - a.pattern.length)
    .map((entry) => ({ entry, matches: globMatcher(entry.pattern) }));
  // Asked for every object again and again; there are only so many kinds.
  const answers = new Map<string, Override | undefined>();
  return {
    isEmpty: exact.size === 0,
    ...(combined.problem === undefined ? {} : { problem: combined.problem }),
    find(group, kind) {
      const key = group === '' ? kind : `${group}/${kind}`;
      if (exact.size === 0) return undefined;
      if (!answers.has(key)) {
        if (answers.size >= MAX_ANSWERS) answers.clear();
        answers.set(key, exact.get(key) ?? wild.find(({ matches }) => matches(key))?.entry);
      }
      return answers.get(key);
    },
  };
}

function readSplit(data: Readonly<Record<string, string>>, what: string): Entry[] {
  const prefix = `${PREFIX}${what}.`;
  return Object.entries(data).flatMap(([source, text]) => {
    if (!source.startsWith(prefix)) return [];
    const [group = '', kind] = splitAtLast(source.slice(prefix.length));
    const pattern = kind === undefined ? group : group === '' ? kind : `${group}/${kind}`;
    return [{ source, text, pattern }];
  });
}

function splitAtLast(name: string): [string, string | undefined] {
  const at = name.lastIndexOf('_');
  return at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
}

function readCombined(text: string, what: string): { entries: Entry[]; problem?: string } {
  if (text.trim() === '') return { entries: [] };
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    return { entries: [], problem: `${COMBINED} cannot be read: ${messageOf(error)}` };
  }
  if (!isRecord(value)) return { entries: [], problem: `${COMBINED} is not a map of group/Kind` };
  const name = COMBINED_NAMES[what] ?? what;
  const entries = Object.entries(value).flatMap(([pattern, members]): Entry[] => {
    const member = isRecord(members) ? members[name] : undefined;
    if (typeof member !== 'string' && typeof member !== 'boolean') return [];
    return [{ source: `${COMBINED} (${pattern}: ${name})`, text: String(member), pattern }];
  });
  return { entries };
}

function globMatcher(pattern: string): (text: string) => boolean {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  const expression = new RegExp(`^${parts.join('').replace(/(\.\*)+/g, '.*')}$`);
  return (text) => expression.test(text);
}
