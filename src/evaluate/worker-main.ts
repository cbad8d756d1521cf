// The thread that runs users' programs, one after the other. It has no file, network or process to hand out; what it
// does not give back in time, it loses together with its life.
import { parentPort, workerData } from 'node:worker_threads';
import { CelRunner } from './cel.ts';
import { runJq } from './jq.ts';
import { loadLua } from './lua-module.ts';
import { luaRunner } from './lua-state.ts';
import {
  ProgramFailure,
  type WorkerAnswer,
  type WorkerLimits,
  type WorkerMessage,
  type WorkerTask,
} from './protocol.ts';

const limits = workerData as WorkerLimits;
const lua = luaRunner(await loadLua(), limits);
const cel = new CelRunner(limits);
const send = (given: WorkerAnswer): void => {
  const { user, system } = process.threadCpuUsage();
  const message: WorkerMessage = { ...given, cpuMs: (user + system) / 1000 };
  parentPort?.postMessage(message);
};

// The next task comes after the answer to this one.
parentPort?.on('message', (task: WorkerTask) => void answer(task).then(send));
send({ kind: 'ready' });

async function answer(task: WorkerTask): Promise<WorkerAnswer> {
  const { id } = task;
  try {
    if (task.checkOnly) {
      if (task.kind === 'jq') await runJq(`def given: ${task.source}; empty`, null, limits.memoryBytes);
      else (task.kind === 'lua' ? lua : cel).check(task.source);
      return { kind: 'done', id };
    }
    const globals = JSON.parse(task.globals) as Record<string, unknown>;
    const value = await run(task, globals);
    if (value === undefined) return { kind: 'done', id };
    const text = JSON.stringify(value);
    if (text.length <= limits.outputBytes) return { kind: 'done', id, value: text };
    const message = `its result is larger than ${limits.outputBytes} bytes`;
    return { kind: 'failed', id, code: 'TOO_LARGE', message, spoilt: false };
  } catch (error) {
    if (error instanceof ProgramFailure) {
      const { code, message, spoilt } = error;
      return { kind: 'failed', id, code, message, spoilt };
    }
    // The interpreter gave up half-way: an abort, a trap, a full stack.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', id, code: 'CRASHED', message: message.slice(0, 500), spoilt: true };
  }
}

function run(task: WorkerTask, globals: Record<string, unknown>): unknown {
  switch (task.kind) {
    case 'lua':
      return lua.run(task.source, globals, task.openLibs);
    case 'cel':
      return cel.run(task.source, globals);
    case 'jq':
      return runJq(task.source, globals['input'], limits.memoryBytes);
  }
}
