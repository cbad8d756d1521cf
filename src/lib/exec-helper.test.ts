import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemExec } from './exec.ts';
import { encodeFrame, FrameReader } from './exec-frames.ts';
import { helperExec } from './exec-helper.ts';

const exec = helperExec(systemExec);
after(() => exec.close());
const env = { PATH: '/usr/bin:/bin' };

test('helperExec() brings exit code, stdout and stderr back', async () => {
  const { exitCode, stderr, stdout } = await exec.run({
    command: 'sh',
    args: ['-c', 'cat; echo no >&2; exit 3'],
    env,
    input: 'in',
    timeoutMs: 5_000,
  });
  assert.deepEqual([exitCode, stdout.toString(), stderr], [3, 'in', 'no\n']);
});

test('helperExec() gives the child exactly the environment of the request', async () => {
  const { stdout } = await exec.run({
    command: 'env',
    args: [],
    env: { ...env, A: 'b c' },
    timeoutMs: 5_000,
  });
  assert.deepEqual(
    stdout
      .toString()
      .split('\n')
      .filter((line) => !line.startsWith('_='))
      .sort(),
    ['', 'A=b c', 'PATH=/usr/bin:/bin'],
  );
});

test('helperExec() passes large output of many processes at once', async () => {
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      exec.run({
        command: 'head',
        args: ['-c', '3000000', '/dev/zero'],
        env,
        input: `${i}`,
        timeoutMs: 20_000,
      }),
    ),
  );
  assert.deepEqual(
    results.map(({ stdout }) => stdout.length),
    Array(8).fill(3_000_000),
  );
});

const FAILURES: Record<string, { request: Parameters<typeof exec.run>[0]; code: string }> = {
  'a program that is not there': {
    request: { command: 'no-such-program', args: [], env, timeoutMs: 5_000 },
    code: 'EXEC_NOT_FOUND',
  },
  'a run without end': {
    request: { command: 'sleep', args: ['60'], env, timeoutMs: 50 },
    code: 'EXEC_TIMEOUT',
  },
  'too much output': {
    request: {
      command: 'head',
      args: ['-c', '1000', '/dev/zero'],
      env,
      maxOutputBytes: 10,
      timeoutMs: 5_000,
    },
    code: 'EXEC_OUTPUT_LIMIT',
  },
};
for (const [name, { request, code }] of Object.entries(FAILURES)) {
  test(`helperExec() rejects ${name} with ${code}`, () => assert.rejects(exec.run(request), { code }));
}

test('helperExec() ends a run when its signal aborts', async () => {
  const controller = new AbortController();
  const run = exec.run({ command: 'sleep', args: ['60'], env, timeoutMs: 30_000, signal: controller.signal });
  controller.abort();
  await assert.rejects(run, { code: 'EXEC_ABORTED' });
});

test('FrameReader puts frames together from single bytes', () => {
  const bytes = Buffer.concat([...encodeFrame({ a: 1 }, Buffer.from('xyz')), ...encodeFrame('two')]);
  const reader = new FrameReader();
  const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  assert.deepEqual(
    frames.map(({ header, body }) => [header, body.toString()]),
    [
      [{ a: 1 }, 'xyz'],
      ['two', ''],
    ],
  );
});
