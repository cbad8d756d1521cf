import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubeconfigOfSecret } from './kubeconfig-of-secret.ts';

test('kubeconfigOfSecret() gives kubectl what the Secret of a cluster says', () =>
  assert.deepEqual(
    kubeconfigOfSecret({
      server: 'https://k8s.test',
      name: 'production',
      config: JSON.stringify({
        bearerToken: 'token',
        proxyUrl: 'http://proxy.test',
        tlsClientConfig: { caData: 'Y2E=', serverName: 'k8s' },
      }),
    }),
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'production',
          cluster: {
            server: 'https://k8s.test',
            'certificate-authority-data': 'Y2E=',
            'tls-server-name': 'k8s',
            'proxy-url': 'http://proxy.test',
          },
        },
      ],
      users: [{ name: 'production', user: { token: 'token' } }],
      contexts: [{ name: 'production', context: { cluster: 'production', user: 'production' } }],
      'current-context': 'production',
    },
  ));

for (const config of ['{"bearerToken": hunter2', '[]', '{"bearerToken": {"hunter2": 1}}']) {
  test(`kubeconfigOfSecret() repeats nothing of a config that cannot be read: ${config.length} characters`, () =>
    assert.throws(
      () => kubeconfigOfSecret({ server: 'https://k8s.test', name: 'production', config }),
      (error: Error) =>
        error.message.includes('the Secret of cluster production') && !error.message.includes('hunter2'),
    ));
}
