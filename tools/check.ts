// npm run check: format and lint, types, layers, unused code. Runs all of them and says which failed.
import { spawnSync } from 'node:child_process';

const STEPS: readonly { name: string; command: string; args: string[] }[] = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'types of the page', command: 'tsc', args: ['-p', 'ui'] },
  { name: 'layers', command: 'node', args: ['tools/check-layers.ts'] },
  { name: 'unused code', command: 'knip', args: [] },
  { name: 'answers of the API', command: 'node', args: ['tools/print-openapi.ts', '--check'] },
  { name: 'page of the command line', command: 'node', args: ['tools/print-cli.ts', '--check'] },
];

const failed: string[] = [];
for (const { name, command, args } of STEPS) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.log(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
