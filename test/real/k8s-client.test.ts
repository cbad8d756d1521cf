// The Kubernetes layer against a real control plane, and quantities against the server's own spelling of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalQuantity,
  connectionOf,
  createKubeClient,
  type KubeObject,
  parseQuantity,
} from '../../src/k8s/index.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { kubeSuite } from '../support/kube-suite.ts';
import { fc } from '../support/property.ts';
import { missingControlPlane } from './controlplane/build.ts';

const missing = missingControlPlane();
if (missing === false) kubeSuite('src/k8s against a real kube-apiserver', () => startControlPlane());
else test('src/k8s against a real kube-apiserver', { skip: missing });

const digits = fc.integer({ min: 0, max: 99_999 }).map(String);
const quantity = fc
  .tuple(
    digits,
    fc.option(digits, { nil: undefined }),
    fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2', 'E4'),
  )
  .map(([whole, fraction, suffix]) => `${whole}${fraction === undefined ? '' : `.${fraction}`}${suffix}`)
  .filter((text) => (parseQuantity(text)?.nano ?? 0n) > 0n);

test('canonicalQuantity() spells as kube-apiserver does', { skip: missing, timeout: 60_000 }, async () => {
  await using server = await startControlPlane();
  const caData = Buffer.from(server.ca).toString('base64');
  const settings = { server: server.url, bearerToken: server.token, tlsClientConfig: { caData } };
  const client = createKubeClient(connectionOf(settings));
  // Lists of resources are rounded to milli-units by their defaulting; metric targets are stored as they are.
  const type = {
    ...{ group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', namespaced: true },
    resource: 'horizontalpodautoscalers',
  };
  await fc.assert(
    fc.asyncProperty(fc.array(quantity, { minLength: 1, maxLength: 10 }), async (texts) => {
      const stored = await client.create(type, autoscaler(texts), { dryRun: true });
      for (const [i, spelled] of targetsOf(stored).entries()) {
        const text = texts[i] ?? '';
        // The server leaves some spellings alone (1.0E4) that its own formatter would change.
        assert.equal(spelled === text ? canonicalQuantity(spelled) : spelled, canonicalQuantity(text), text);
      }
    }),
    { numRuns: 150 },
  );
  await client.close();
});

function autoscaler(targets: readonly string[]): KubeObject {
  const metrics = targets.map((value, i) => ({
    type: 'External',
    external: { metric: { name: `m${i}` }, target: { type: 'Value', value } },
  }));
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      maxReplicas: 2,
      metrics,
    },
  };
}

function targetsOf(object: KubeObject): string[] {
  const { metrics } = object.spec as { metrics: { external: { target: { value: string } } }[] };
  return metrics.map(({ external }) => external.target.value);
}
