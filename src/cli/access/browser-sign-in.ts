// Signs in through the browser of this machine: opens the server's sign-in, waits on a port of this machine for a code,
// and exchanges it with a secret that only this process knows (PKCE), so that nobody else can use the code.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '../../client/index.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';
import type { Output } from '../output.ts';

/** A person who does not finish within this time has left. */
const WAIT_MS = 5 * 60_000;
const HOST = '127.0.0.1';
const PAGE = (text: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Fairlead</title><p>${text}</p>`;
const DONE = PAGE('You are signed in. This page can be closed.');
const REFUSED = PAGE('This is not the sign-in that the command line waits for.');

export interface BrowserSignIn {
  /** Of the identity provider. */
  readonly connector: string;
  /** 0: any free one. */
  readonly port: number;
  readonly launchBrowser: boolean;
}

/** @returns the session token. Rejects with `TIMED_OUT` when nobody comes back, `USAGE` when the port is taken */
export async function signInByBrowser(
  environment: CliEnvironment,
  client: Client,
  out: Output,
  { connector, port, launchBrowser }: BrowserSignIn,
): Promise<string> {
  const { random, clock, signal } = environment;
  const secret = (): string => Buffer.from(random.bytes(32)).toString('base64url');
  const [verifier, state] = [secret(), secret()];
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const { server, code } = callbackServer(state);
  const listening = await listen(server, port);
  const late = new AbortController();
  const timer = clock.after(WAIT_MS, () => late.abort());
  const stop = AbortSignal.any([signal, late.signal]);
  try {
    const query = new URLSearchParams({
      connector,
      cli_port: String(listening),
      cli_challenge: challenge,
      cli_state: state,
    });
    const url = `${client.server}/auth/login?${query}`;
    const isOpened = launchBrowser && (await environment.openBrowser(url));
    out.note(
      isOpened ? `Opened the browser at ${url}` : `Open this address in a browser of this machine:\n${url}`,
    );
    return (await client.session.exchange(await untilAborted(code, stop), verifier)).token;
  } catch (error) {
    if (late.signal.aborted && !signal.aborted)
      throw new CliError('TIMED_OUT', 'Nobody finished the sign-in within five minutes; try again');
    throw error;
  } finally {
    timer.cancel();
    server.close();
    server.closeAllConnections();
  }
}

function callbackServer(state: string): { server: Server; code: Promise<string> } {
  let found: (code: string) => void = () => {};
  const code = new Promise<string>((resolve) => {
    found = resolve;
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${HOST}`);
    const given = url.searchParams.get('code') ?? '';
    const isOurs =
      url.pathname === '/callback' && isSame(url.searchParams.get('state') ?? '', state) && given !== '';
    response.writeHead(isOurs ? 200 : 400, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(isOurs ? DONE : REFUSED, () => {
      if (isOurs) found(given);
    });
  });
  return { server, code };
}

function isSame(given: string, wanted: string): boolean {
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

async function listen(server: Server, port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CliError(
          'USAGE',
          `Cannot wait for the browser on port ${port} of this machine; choose another: --sso-port`,
          1,
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
