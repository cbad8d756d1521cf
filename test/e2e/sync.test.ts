// Whole syncs against the embedded API server: the same suite as against a real one.
import { startApiServer } from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { syncSuite } from '../support/sync-suite.ts';

syncSuite(async () => {
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    tls: false,
  });
  return { url: server.url, token: server.adminToken, close: () => server.close() };
}, true);
