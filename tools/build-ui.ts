// Builds ui/dist with Vite. With --if-stale it does nothing when the bundle is newer than the sources.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';

const BUNDLE = 'ui/dist/index.html';

if (!existsSync('ui/package.json')) process.exit(0);
if (!(process.argv.includes('--if-stale') && isFresh())) {
  const { status } = spawnSync('vite', ['build', 'ui', '--logLevel', 'warn'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function isFresh(): boolean {
  if (!existsSync(BUNDLE)) return false;
  const built = statSync(BUNDLE).mtimeMs;
  const sources = globSync(['ui/src/**/*', 'ui/index.html', 'ui/vite.config.ts', 'src/contract/**/*.ts']);
  return sources.every((file) => statSync(file).mtimeMs <= built);
}
