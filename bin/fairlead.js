#!/usr/bin/env node
// Starts Fairlead's TypeScript source with the Node that npm installed beside it, whatever Node started this file.
// Plain JavaScript that any Node from 20 on understands; everything else lives in src/.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'src', 'cli', 'main.ts');

/** Path of the Node 26 that npm installed for this platform, or undefined. */
function pinnedNode() {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  // The registry has the same builds under two names; not every platform has both.
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    try {
      const file = join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
      if (existsSync(file)) return file;
    } catch {
      // Not installed under this name.
    }
  }
  return undefined;
}

/**
 * For commands that stay. V8 lets the young generation grow to 60 MiB and keeps it, and the C library keeps one arena
 * for each thread; both bounds together cost a few collections and save a quarter of the resident memory.
 */
const STAYING = ['up', 'serve', 'apiserver'];
const SMALL = ['--max-semi-space-size=8'];
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

const major = Number(process.versions.node.split('.')[0]);
if (major < 26) startWith(pinnedNode());
else if (
  STAYING.includes(process.argv[2]) &&
  !process.execArgv.includes(SMALL[0]) &&
  process.execve !== undefined
) {
  // The same process goes on with the flag and the variables, neither of which can be set later.
  const args = [...process.execArgv, ...SMALL, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.execve(process.execPath, [process.execPath, ...args], { ...ALLOCATOR, ...process.env });
} else {
  await import('./typescript.js');
  await import(main);
}

/** Runs the same command under `node`, passing signals and the exit code through. */
function startWith(node) {
  if (node === undefined) {
    process.stderr.write(
      `fairlead needs Node 26 and was started with ${process.versions.node}; no Node 26 for ${process.platform}-${process.arch} was installed beside it. Run "npm ci" without --omit=optional, or start it with Node 26.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to both processes; a supervisor signals only this one, so pass it on and wait.
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`Cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
