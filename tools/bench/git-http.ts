// Serves the bare repositories below a folder over smart HTTP on loopback, for the benchmark only: it is started
// outside the measured process, so that its cost is not counted.
//   node tools/bench/git-http.ts ROOT PORT
import { spawn } from 'node:child_process';
import http from 'node:http';

const [root = '.', port = '0'] = process.argv.slice(2);

http
  .createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const backend = spawn('git', ['http-backend'], {
      env: cgiEnvironment(url, request),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(backend.stdin);
    backend.stdin.on('error', () => {});
    let head: Buffer | undefined = Buffer.alloc(0);
    backend.stdout.on('data', (chunk: Buffer) => {
      if (head === undefined) {
        response.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const { status, headers } = parseHead(head.subarray(0, end).toString());
      response.writeHead(status, headers);
      response.write(head.subarray(end + 4));
      head = undefined;
    });
    backend.stdout.on('end', () => {
      if (head !== undefined) response.writeHead(500);
      response.end();
    });
  })
  .listen(Number(port), '127.0.0.1', () => console.log('ready'));

function cgiEnvironment(url: URL, request: http.IncomingMessage): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: String(request.headers['content-type'] ?? ''),
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_USER: 'bench',
    REMOTE_ADDR: '127.0.0.1',
  };
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  let status = 200;
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const [name = '', ...value] = line.split(':');
    if (name.toLowerCase() === 'status') status = Number.parseInt(value.join(':'), 10);
    else headers[name] = value.join(':').trim();
  }
  return { status, headers };
}
