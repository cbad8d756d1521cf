// Installs clients that others wrote into a folder of the user's cache, from the lock file beside this one. They are no
// dependencies of Fairlead: only the tests that drive them need them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FILES = ['package.json', 'package-lock.json'];

/** Where the clients of this lock file are, or are to be. */
export function clientsFolder(): string {
  const lock = createHash('sha256')
    .update(readFileSync(join(HERE, 'package-lock.json')))
    .digest('hex');
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(cache, 'fairlead', 'clients', lock.slice(0, 16));
}

/** Why the tests cannot run here, or false. Where real parts are demanded nothing is skipped. */
export function missingClients(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || existsSync(done())) return false;
  return 'needs clients of others; run node test/real/clients/install.ts';
}

function done(): string {
  return join(clientsFolder(), 'node_modules', '.package-lock.json');
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !existsSync(done())) {
  const folder = clientsFolder();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) copyFileSync(join(HERE, file), join(folder, file));
  execFileSync('npm', ['ci', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  });
}
