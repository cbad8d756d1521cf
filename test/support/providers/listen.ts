// A small HTTP server of a test's own on a free port of this machine.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening extends AsyncDisposable {
  readonly url: string;
  /** What answers; may be set after the address is known. */
  handle: RequestListener;
}

export async function listenLocally(): Promise<Listening> {
  const listening = { handle: ((_request, response) => void response.end()) as RequestListener };
  const server = createServer((request, response) => listening.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(listening, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
