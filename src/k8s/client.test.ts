// The Kubernetes layer against the embedded API server. test/real runs the same sentences against a real one.
import { kubeSuite } from '../../test/support/kube-suite.ts';
import { startApiServer } from '../apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../lib/index.ts';

kubeSuite('src/k8s against the embedded API server', async () => {
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: false,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  return { url: server.url, token: server.adminToken, close: () => server.close() };
});
