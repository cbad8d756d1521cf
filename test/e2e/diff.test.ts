// Ownership comparison against the embedded API server: the same suite as against a real one.
import { startApiServer } from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { diffSuite } from '../support/diff-suite.ts';

diffSuite(async () => {
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    tls: false,
  });
  return { url: server.url, token: server.adminToken, close: () => server.close() };
});
