// A health check in Lua, as Argo CD runs it: `obj` in, a table with `status` and `message` out.
import type { Evaluator, LuaProgram } from '../../evaluate/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, type Json } from '../../lib/index.ts';
import { HEALTH_ORDER, type Health, type HealthStatus } from '../../model/index.ts';

const MAX_MESSAGE = 4_000;

/** Undefined: the program has no opinion. Rejects with EvaluateError. */
export async function judgeByLua(
  evaluator: Evaluator,
  program: LuaProgram,
  object: KubeObject,
): Promise<Health | undefined> {
  return healthOf(await evaluator.run(program, { obj: object }));
}

function healthOf(result: Json | undefined): Health | undefined {
  if (result === undefined) return undefined;
  if (!isRecord(result)) {
    const type = Array.isArray(result) ? 'table' : typeof result;
    return {
      status: 'Unknown',
      message: `Lua returned a ${type} where a table with status and message is expected`,
    };
  }
  const { status, message } = result;
  if (!HEALTH_ORDER.includes(status as HealthStatus)) {
    return { status: 'Unknown', message: 'Lua returned an invalid health status' };
  }
  return {
    status: status as HealthStatus,
    ...(typeof message === 'string' && message !== '' ? { message: message.slice(0, MAX_MESSAGE) } : {}),
  };
}
