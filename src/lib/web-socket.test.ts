// The WebSocket frames against Node's own client and byte by byte: what is said, what is refused, how it ends.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { systemRandom } from './random.ts';
import { WebSocketConnection, webSocketAccept, webSocketOffer, writeWebSocketAnswer } from './web-socket.ts';

const MAX_BYTES = 100_000;

/** A server that says everything back, and what it saw of each connection's end. */
async function startEcho() {
  const ends: string[] = [];
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const offer = webSocketOffer(request.method, request.headers);
    if (offer.kind === 'wrong') {
      socket.end(`HTTP/1.1 400 Bad Request\r\n\r\n${offer.reason}`);
      return;
    }
    writeWebSocketAnswer(socket, offer.key, { protocol: offer.protocols[0] });
    const options = {
      clock: systemClock,
      random: systemRandom,
      role: 'server',
      maxMessageBytes: MAX_BYTES,
      head,
    } as const;
    const connection = new WebSocketConnection(socket, options, {
      message(data, isText) {
        const text = data.toString('utf8');
        if (text === 'bye') connection.close(4001, 'as asked');
        else connection.send(isText ? text : data);
      },
      closed: (code, reason) => ends.push(`${code} ${reason}`),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ends,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function open(port: number, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, protocols);
  socket.binaryType = 'arraybuffer';
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('the handshake failed'));
  });
  return socket;
}

const said = (socket: WebSocket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(data);
  });
const closed = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
  });

test('texts and bytes of every length of header come back whole', async () => {
  await using server = await startEcho();
  const socket = await open(server.port, ['v5.channel.k8s.io']);
  assert.equal(socket.protocol, 'v5.channel.k8s.io');
  for (const length of [0, 1, 125, 126, 65_535, 65_536, MAX_BYTES]) {
    const text = 'x'.repeat(length);
    const answer = said(socket);
    socket.send(text);
    assert.equal(await answer, text, `${length}`);
  }
  const bytes = said(socket);
  socket.send(Uint8Array.of(0, 255, 128));
  assert.deepEqual(new Uint8Array((await bytes) as ArrayBuffer), Uint8Array.of(0, 255, 128));
  const end = closed(socket);
  socket.close(1000, 'done');
  assert.match(await end, /^1000/);
  assert.deepEqual(server.ends, ['1000 done']);
});

test('a server ends with its own code and reason', async () => {
  await using server = await startEcho();
  const socket = await open(server.port);
  const end = closed(socket);
  socket.send('bye');
  assert.equal(await end, '4001 as asked');
});

test('a message that is too long ends the connection with 1009', async () => {
  await using server = await startEcho();
  const socket = await open(server.port);
  const end = closed(socket);
  socket.send('x'.repeat(MAX_BYTES + 1));
  assert.match(await end, /^1009/);
});

/** A connection after a handshake by hand; `read` gives what came after it once the server has ended it. */
async function raw(port: number): Promise<{ socket: Socket; read(): Promise<Buffer> }> {
  const socket = connect(port, '127.0.0.1');
  const key = Buffer.alloc(16).toString('base64');
  let seen: Buffer = Buffer.alloc(0);
  let opened: () => void = () => {};
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    seen = Buffer.concat([seen, Buffer.from(chunk)]);
    if (seen.includes('\r\n\r\n')) opened();
  });
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await isOpen;
  assert.ok(seen.includes(webSocketAccept(key)));
  return {
    socket,
    async read() {
      await ended;
      return seen.subarray(seen.indexOf('\r\n\r\n') + 4);
    },
  };
}

/** A frame of a client whose mask is zero, so that its payload reads as it is. */
const frame = (first: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

test('a message in pieces, with a ping between them and cut anywhere, is one message', async () => {
  await using server = await startEcho();
  const { socket, read } = await raw(server.port);
  const bytes = Buffer.concat([
    frame(0x01, 'he'),
    frame(0x89, 'p'),
    frame(0x00, 'l'),
    frame(0x80, 'lo'),
    frame(0x88, '\u0003\u00e8'.slice(0, 0)),
  ]);
  for (const byte of bytes) socket.write(Buffer.from([byte]));
  assert.equal((await read()).toString('latin1'), '\u008a\u0001p\u0081\u0005hello\u0088\u0002\u0003\u00e8');
});

const FAULTS: Record<string, Buffer> = {
  'a frame that is not masked': Buffer.from([0x81, 1, 120]),
  'a frame of an extension': frame(0xc1, 'x'),
  'an unknown kind': frame(0x83, 'x'),
  'a piece of nothing': frame(0x80, 'x'),
  'a message within a message': Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]),
  'a ping in pieces': frame(0x09, 'x'),
  'a ping that is too long': Buffer.from([0x89, 0xfe, 0, 200, 0, 0, 0, 0]),
};
for (const [name, bytes] of Object.entries(FAULTS)) {
  test(`${name} ends the connection with 1002`, async () => {
    await using server = await startEcho();
    const { socket, read } = await raw(server.port);
    socket.write(bytes);
    const answer = await read();
    assert.equal(answer[0], 0x88);
    assert.equal(answer.readUInt16BE(2), 1002);
    assert.match(server.ends[0] ?? '', /^1002 /);
  });
}

test('a connection that breaks is an end, told once', async () => {
  await using server = await startEcho();
  const { socket, read } = await raw(server.port);
  socket.resetAndDestroy();
  await read();
  while (server.ends.length === 0) await systemClock.sleep(5);
  assert.equal(server.ends.length, 1);
  assert.match(server.ends[0] ?? '', /^1006/);
});

test('requests that are no handshake are told why', () => {
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
  assert.equal(webSocketOffer('GET', headers).kind, 'offer');
  for (const [method, wrong] of [
    ['POST', headers],
    ['GET', { ...headers, upgrade: 'h2c' }],
    ['GET', { ...headers, 'sec-websocket-version': '8' }],
    ['GET', { ...headers, 'sec-websocket-key': 'short' }],
  ] as const)
    assert.equal(webSocketOffer(method, wrong).kind, 'wrong');
});
