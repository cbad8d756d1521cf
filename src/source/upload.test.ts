// Archives as people and attackers write them: what is read, what is refused, what is left on disk.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tarEntry } from '../../test/support/tar.ts';
import { systemRandom } from '../lib/index.ts';
import { uploadedArtifact } from './index.ts';

const LONG = `${'deep/'.repeat(40)}file.yaml`;
const archive = (...entries: Buffer[]): Buffer => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

async function open(bytes: Uint8Array, scratchDir = '/nonexistent') {
  return await uploadedArtifact({ scratchDir, random: systemRandom }, bytes);
}

test('files of an archive are read, listed and told apart by content', async () => {
  const { tree } = await open(
    archive(
      tarEntry('./chart/', '', { type: '5' }),
      tarEntry('./chart/Chart.yaml', 'name: c\n'),
      tarEntry('chart/templates/a.yaml', 'a'),
      tarEntry('chart/templates/b.yaml', 'a'),
      tarEntry('.git/config', 'x'),
    ),
  );
  assert.deepEqual(
    (await tree.list('')).map(({ name, kind }) => [name, kind]),
    [['chart', 'directory']],
  );
  const [a, b] = await tree.list('chart/templates');
  assert.deepEqual([a?.name, b?.name, a?.id === b?.id], ['a.yaml', 'b.yaml', true]);
  assert.equal(Buffer.from(await tree.read('chart/Chart.yaml')).toString(), 'name: c\n');
  assert.equal(await tree.stat('chart/nothing'), undefined);
  assert.equal((await tree.stat('chart'))?.kind, 'directory');
  await assert.rejects(tree.read('chart/nothing'), { code: 'UPLOAD_PATH_NOT_FOUND' });
  await assert.rejects(tree.read('chart/Chart.yaml', 2), { code: 'UPLOAD_TOO_LARGE' });
});

test('long names are read as GNU and POSIX tar write them', async () => {
  const gnu = await open(
    archive(tarEntry('././@LongLink', `${LONG}\0`, { type: 'L' }), tarEntry('short', 'x')),
  );
  assert.equal((await gnu.tree.stat(LONG))?.kind, 'file');
  const record = `path=${LONG}\n`;
  const length = record.length + 4;
  const pax = await open(
    archive(tarEntry('PaxHeader', `${length} ${record}`, { type: 'x' }), tarEntry('short', 'x')),
  );
  assert.equal((await pax.tree.stat(LONG))?.kind, 'file');
});

const BAD: Record<string, { bytes: Buffer; code: string }> = {
  'no archive': { bytes: Buffer.from('hello'), code: 'UPLOAD_INVALID' },
  'no tar': { bytes: gzipSync(Buffer.alloc(2048, 'x')), code: 'UPLOAD_INVALID' },
  'a path that climbs out': { bytes: archive(tarEntry('../etc/passwd', 'x')), code: 'UPLOAD_INVALID' },
  'an absolute path': { bytes: archive(tarEntry('/etc/passwd', 'x')), code: 'UPLOAD_INVALID' },
  'a backslash': { bytes: archive(tarEntry('a\\..\\b', 'x')), code: 'UPLOAD_INVALID' },
  'a symbolic link': { bytes: archive(tarEntry('link', '', { type: '2' })), code: 'UPLOAD_INVALID' },
  'a hard link': { bytes: archive(tarEntry('link', '', { type: '1' })), code: 'UPLOAD_INVALID' },
  'a device': { bytes: archive(tarEntry('dev', '', { type: '3' })), code: 'UPLOAD_INVALID' },
  'a file that is a directory, too': {
    bytes: archive(tarEntry('a', 'x'), tarEntry('a/b', 'x')),
    code: 'UPLOAD_INVALID',
  },
  'a size that lies': { bytes: archive(tarEntry('a', 'x', { size: 900_000 })), code: 'UPLOAD_INVALID' },
  'a bomb': { bytes: gzipSync(Buffer.alloc(80 * 1024 * 1024)), code: 'UPLOAD_TOO_LARGE' },
  'one huge file': { bytes: archive(tarEntry('a', 'x'.repeat(11 * 1024 * 1024))), code: 'UPLOAD_TOO_LARGE' },
};

for (const [name, { bytes, code }] of Object.entries(BAD)) {
  test(`an upload is refused: ${name}`, async () => {
    await assert.rejects(open(bytes), { code });
  });
}

test('laid out on disk it is whole, and gone when it is released', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'fairlead-upload-'));
  try {
    const artifact = await open(archive(tarEntry('a/b.yaml', 'x: 1\n')), scratch);
    const checkout = await artifact.materialise(['a']);
    assert.equal(await readFile(join(checkout.directory, 'a/b.yaml'), 'utf8'), 'x: 1\n');
    checkout.release();
    const deadline = Date.now() + 60_000;
    while (existsSync(checkout.directory) && Date.now() < deadline)
      await new Promise((next) => setImmediate(next));
    assert.deepEqual(await readdir(scratch), []);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});
