// Lets a person change a value as YAML in the editor of their choice. What is refused comes back with the reason on
// top, so that nothing typed is lost.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { jsonEqual, messageOf } from '../lib/index.ts';
import type { CliEnvironment } from './environment.ts';
import { CliError } from './errors.ts';

const MAX_ROUNDS = 20;

/**
 * Opens the editor until `save` takes the value.
 * @returns what `save` gave; undefined when nothing was changed
 */
export async function editUntilRight<T>(
  { edit, terminal }: Pick<CliEnvironment, 'edit' | 'terminal'>,
  value: unknown,
  save: (value: unknown) => Promise<T>,
): Promise<T | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-edit-'));
  const file = join(folder, 'edit.yaml');
  let text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  let refused: string | undefined;
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await writeFile(file, withReason(text, refused), { mode: 0o600 });
      await edit(file);
      const edited = withoutReason(await readFile(file, 'utf8'));
      const isSame = edited === text;
      text = edited;
      try {
        if (refused === undefined && (isSame || jsonEqual(parse(text), value))) return undefined;
        // The same text again: the person gave up on it.
        if (isSame) break;
        return await save(parse(text) as unknown);
      } catch (error) {
        refused = messageOf(error);
        // Nobody is there to correct it.
        if (!terminal.isInteractive) break;
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throw new CliError('FAILED', `Nothing was changed: ${refused ?? 'the text was never accepted'}`);
}

const MARK = '#! ';

function withReason(text: string, refused: string | undefined): string {
  if (refused === undefined) return text;
  return `${refused
    .split('\n')
    .map((line) => `${MARK}${line}`)
    .join('\n')}\n${MARK}Correct it, or leave it as it is to give up.\n${text}`;
}

function withoutReason(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(MARK))
    .join('\n');
}
