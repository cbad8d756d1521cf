// Looks for secret values where none may be: in every text that leaves or stays behind, as they are, in base64, and
// escaped for addresses and JSON.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A value that occurs nowhere else, with characters that every escaping changes. */
export function canary(kind: string): string {
  return `canary/${kind}&"${randomBytes(12).toString('hex')}`;
}

/** The places in which a canary was found, as `canary in place`. */
export function leaksIn(
  places: Readonly<Record<string, string>>,
  canaries: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(canaries).flatMap(([kind, value]) => {
    const spellings = spellingsOf(value);
    return Object.entries(places)
      .filter(([, text]) => spellings.some((spelling) => text.includes(spelling)))
      .map(([place]) => `${kind} in ${place}`);
  });
}

function spellingsOf(value: string): string[] {
  // The random part alone: whatever cuts, quotes or joins around it.
  const core = /[0-9a-f]{24}/.exec(value)?.[0] ?? value;
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'x'.repeat(shift)}${core}`).toString('base64');
    // Without the groups that hold what stands before and after.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  return [value, core, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...base64];
}

/** Contents of the files below a folder, by path. */
export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (path) => [path, await readFile(path, 'latin1').catch(() => '')] as const),
  );
  return Object.fromEntries(texts);
}
