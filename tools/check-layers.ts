// Holds the import table of .dependency-cruiser.mjs. Fails when nothing was read: dependency-cruiser reports
// "no violations" over zero modules when it finds no TypeScript compiler it can use.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const roots = ['src', 'ui/src', 'test'].filter((folder) => existsSync(folder));
const { status, stdout, stderr } = spawnSync('depcruise', ['--config', '.dependency-cruiser.mjs', ...roots], {
  encoding: 'utf8',
});
process.stdout.write(stdout);
process.stderr.write(stderr);
const modules = Number(/(\d+) modules/.exec(stdout)?.[1] ?? 0);
if (status !== 0 || modules === 0) {
  console.log(modules === 0 ? 'No module was read; is typescript 6 installed?' : '');
  process.exitCode = 1;
}
