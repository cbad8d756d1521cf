// The embedded API server as one side of the comparison.
import { startApiServer } from '../../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../../src/lib/index.ts';
import { rawClient } from '../../support/raw-http.ts';
import type { Side } from './real.ts';

/** Starts it without simulated workloads: they write to objects at moments of their own. */
export async function startEmbedded(): Promise<Side> {
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    simulateWorkloads: false,
  });
  // The kubeconfig is where clients find the certificate.
  const [, encoded = ''] = /certificate-authority-data: (\S+)/.exec(server.kubeconfig()) ?? [];
  const ca = Buffer.from(encoded, 'base64').toString();
  const client = rawClient({ url: server.url, token: server.adminToken, ca });
  return {
    client,
    async close() {
      client.close();
      await server.close();
    },
  };
}
