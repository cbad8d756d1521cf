// Stands between a control plane and an API server, counts the writes that come through, and makes one of them go
// wrong in a way that only a dying process or a dying connection can.
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens at the chosen write: `before`: the process dies and the write is not made; `after`: it is made, the
 * process dies and never hears of it; `lost-answer`: it is made, the process lives and only the connection ends.
 */
export type CrashMode = 'before' | 'after' | 'lost-answer';

export interface CrashPlan {
  /** Counted from 1 over the writes seen since `arm`. */
  readonly point: number;
  readonly mode: CrashMode;
  kill(): void;
}

export interface CrashProxy {
  readonly url: string;
  /** `METHOD path` of each write since `arm`, whatever became of it. */
  readonly writes: readonly string[];
  /** True once the fault happened. */
  hit(): boolean;
  /** Counts from 1 again, and lets the fault of `plan` happen. */
  arm(plan?: CrashPlan): void;
  close(): Promise<void>;
}

/** @param target an API server that speaks plain HTTP */
export async function startCrashProxy(target: string): Promise<CrashProxy> {
  let writes: string[] = [];
  let plan: CrashPlan | undefined;
  let wasHit = false;
  const server = createServer((incoming, outgoing) => {
    const fault = isWrite(incoming) ? faultOf(incoming) : undefined;
    if (fault?.mode === 'before') {
      fault.kill();
      incoming.socket.destroy();
    } else forward(target, incoming, outgoing, fault);
  });
  const faultOf = (incoming: IncomingMessage): CrashPlan | undefined => {
    writes.push(`${incoming.method} ${new URL(incoming.url ?? '/', target).pathname}`);
    if (wasHit || plan === undefined || writes.length !== plan.point) return undefined;
    wasHit = true;
    return plan;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get writes() {
      return writes;
    },
    hit: () => wasHit,
    arm(next) {
      plan = next;
      writes = [];
      wasHit = false;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Dry runs change nothing, reviews store nothing, and leases are renewed at any time. */
function isWrite({ method, url = '' }: IncomingMessage): boolean {
  return method !== 'GET' && !/dryRun=All|reviews|\/leases/.test(url);
}

function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: CrashPlan | undefined,
): void {
  const url = new URL(incoming.url ?? '/', target);
  const headers = { ...incoming.headers, host: url.host };
  const upstream = requestHttp(url, { method: incoming.method, headers }, (answer) => {
    if (fault !== undefined) {
      // Answered means done: the effect is in the store before the process dies.
      answer.resume().on('end', () => {
        if (fault.mode === 'after') fault.kill();
        outgoing.destroy();
      });
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  upstream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}
