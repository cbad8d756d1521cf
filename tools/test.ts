// Runs a group of tests with Node's own runner and ends with one line "N passed, N failed".
//   node tools/test.ts unit [FILTER]   tests beside the source (the page's too) and test/e2e: Node and git are enough
//   node tools/test.ts real [FILTER]   test/real: the same behaviour against real servers
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const GROUPS: Record<string, string[]> = {
  unit: [
    'src/**/*.test.ts',
    'ui/src/**/*.test.ts',
    'tools/**/*.test.ts',
    'test/support/**/*.test.ts',
    'test/e2e/**/*.test.ts',
  ],
  real: ['test/real/**/*.test.ts'],
};

const [group = 'unit', filter = ''] = process.argv.slice(2);
const patterns = GROUPS[group];
if (patterns === undefined)
  throw new Error(`Unknown group ${group}; choose one of ${Object.keys(GROUPS).join(', ')}`);

const files = globSync(patterns)
  .filter((file) => file.includes(filter))
  .sort();
let passed = 0;
let failed = 0;
const stream = run({ files, concurrency: availableParallelism(), timeout: 15 * 60_000 });
stream.on('test:pass', (event) => {
  if (event.details.type !== 'suite' && !isFile(event)) passed += 1;
});
stream.on('test:fail', (event) => {
  if (event.details.type === 'suite') return;
  failed += 1;
  process.exitCode = 1;
});
stream.compose(new spec()).pipe(process.stdout);
stream.on('end', () => {
  if (passed + failed === 0) process.exitCode = 1;
  setImmediate(() => console.log(`${passed} passed, ${failed} failed`));
});

/** The runner reports each file as a test around its tests; only the tests themselves count. */
function isFile(event: { nesting: number; name: string }): boolean {
  return event.nesting === 0 && event.name.endsWith('.test.ts');
}
