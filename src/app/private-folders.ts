// The folders below the data folder that only this process reads and writes: repositories, renders and Secrets in them
// are nothing for other users of the machine, whatever the data folder itself lets them do.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, messageOf } from '../lib/index.ts';

const FOLDERS = ['git', 'checkouts', 'renders', 'scratch', 'uploads', 'tools'] as const;

/** Makes them for the owner alone, those that are there already too. */
export async function makePrivateFolders(log: Logger, dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  for (const name of FOLDERS) {
    const path = join(dataDir, name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700).catch((error: unknown) =>
      log.warn('a folder of Fairlead belongs to somebody else, who can read what is in it', {
        path,
        reason: messageOf(error),
      }),
    );
  }
}
