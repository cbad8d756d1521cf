// The real API server as one side of the comparison.
import { startControlPlane } from '../../support/control-plane.ts';
import { type RawClient, rawClient } from '../../support/raw-http.ts';

/** Workload controllers are off on both sides: they write to objects at moments of their own. */
const CONTROLLERS =
  'garbage-collector-controller,namespace-controller,serviceaccount-controller,root-ca-certificate-publisher-controller';

export interface Side {
  readonly client: RawClient;
  close(): Promise<void>;
}

/** Starts a real control plane without workload controllers. */
export async function startReal(): Promise<Side> {
  const server = await startControlPlane({ controllers: CONTROLLERS, serviceAccounts: true });
  const client = rawClient(server);
  return {
    client,
    async close() {
      client.close();
      await server.close();
    },
  };
}
