// The helper process of exec-helper.ts: reads requests from stdin, runs them, writes the results to stdout. It ends,
// with everything it runs, when its input ends: when whoever started it is gone, nothing is left behind.

import { messageOf } from './errors.ts';
import { systemExec } from './exec.ts';
import { encodeFrame, FrameReader } from './exec-frames.ts';
import { type HelperAnswer, type HelperRequest, isTellable } from './exec-helper.ts';

const running = new Map<number, AbortController>();
const reader = new FrameReader();

process.stdin.on('data', (chunk: Buffer) => {
  for (const { header, body } of reader.push(chunk)) receive(header as HelperRequest, body);
});
process.stdin.on('end', () => {
  for (const controller of running.values()) controller.abort();
  process.exitCode = 0;
});
// Ctrl-C in a terminal reaches the whole group; the starter decides when this process ends.
process.on('SIGINT', () => {});

function receive({ id, cancel, hasInput, request }: HelperRequest, body: Buffer): void {
  if (cancel === true) {
    running.get(id)?.abort();
    return;
  }
  if (request === undefined) return;
  const controller = new AbortController();
  running.set(id, controller);
  systemExec
    .run({ ...request, signal: controller.signal, ...(hasInput === true ? { input: body } : {}) })
    .then(
      ({ exitCode, stderr, stdout }) => answer({ id, result: { exitCode, stderr } }, stdout),
      (error: unknown) => {
        const told = isTellable(error) ? error : { code: 'EXEC_START' as const, retry: 'backoff' as const };
        answer({ id, error: { code: told.code, retry: told.retry, message: messageOf(error) } });
      },
    )
    .finally(() => running.delete(id));
}

function answer(header: HelperAnswer, stdout?: Uint8Array): void {
  for (const part of encodeFrame(header, stdout)) process.stdout.write(part);
}
