// The packed package, installed as users install it: what is published starts from node_modules, where Node itself
// refuses to run TypeScript. Takes packages from npm's cache when they are there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { freePortRange, ROOT, runFairlead, startFairlead } from '../support/fairlead-process.ts';

const run = promisify(execFile);
const INSTALL_MS = 5 * 60_000;

suite('the packed package', () => {
  let folder: string;
  let launcher: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
    const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
      maxBuffer: 64 * 1024 * 1024,
    });
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const flags = ['--prefer-offline', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...flags, `./${filename}`], { cwd: folder, timeout: INSTALL_MS });
    launcher = join(folder, 'node_modules', 'fairlead', 'bin', 'fairlead.js');
  });
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

  test('holds what runs and nothing of the tests', async () => {
    const root = join(folder, 'node_modules', 'fairlead');
    for (const file of [
      'bin/fairlead.js',
      'src/cli/main.ts',
      'examples/sample/README.md',
      'LICENSE',
      'README.md',
    ]) {
      assert.ok(existsSync(join(root, file)), file);
    }
    const files = await readdir(root, { recursive: true });
    assert.deepEqual(
      files.filter((file) => /(^|\/)test\/|\.test\.ts$|^tools\/|\.env$/.test(file)),
      [],
    );
  });

  test('npx fairlead version tells the version of the package', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { stdout } = await run('npx', ['--no-install', 'fairlead', 'version', '--client'], { cwd: folder });
    assert.equal(stdout, `fairlead: v${version}\n`);
  });

  test('npx fairlead apiserver starts and ends', async () => {
    const server = startFairlead(['apiserver', '--listen', '127.0.0.1:0', '--kubeconfig-out', 'kubeconfig'], {
      cwd: folder,
      launcher,
    });
    await server.until(/kubeconfig: /);
    const { code, stderr } = await server.end();
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('npx fairlead up brings the sample to Synced and Healthy', async () => {
    const port = await freePortRange(3);
    const up = startFairlead(['up', '--port', String(port), '--data-dir', '.fairlead'], {
      cwd: folder,
      launcher,
    });
    try {
      await up.until(/Ctrl-C stops everything/);
      const wait = ['app', 'wait', 'web-dev', 'api-prod', '--sync', '--health', '--timeout', '60'];
      const waited = await runFairlead(wait, { cwd: folder, launcher });
      assert.equal(waited.code, 0, waited.stdout + waited.stderr);
    } finally {
      await up.end();
    }
  });
});
