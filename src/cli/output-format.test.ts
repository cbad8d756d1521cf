// Scripts read JSON: every command that says something can say it so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from './registry.ts';

/** Commands that run on, print a program's text, or have their own flag for the format. */
const WITHOUT = new Set([
  'up',
  'serve',
  'apiserver',
  'admin dashboard',
  // `-o` names the file, as it does for argocd.
  'admin export',
  // `--format jsonl|csv`.
  'audit export',
  'names',
  'completion',
]);

test('every command has -o json, but for those that run on or print files', () => {
  const missing = commands
    .filter(({ words, options }) => {
      const format = options['output'] ?? options['out'];
      const choices = format?.type === 'string' ? format.choices : undefined;
      return !WITHOUT.has(words) && choices?.includes('json') !== true;
    })
    .map(({ words }) => words);
  assert.deepEqual(missing, []);
});
