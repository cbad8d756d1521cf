import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import { networkingOf } from './networking.ts';

function object(apiVersion: string, kind: string, more: object): KubeObject {
  return { apiVersion, kind, metadata: { name: 'x', namespace: 'shop' }, ...more } as unknown as KubeObject;
}

const service = (name: string, namespace = 'shop') => ({ version: '', kind: 'Service', namespace, name });

test('services say whom they select, routes where they lead, pods what they are selected by', () => {
  const backend = (name: string) => ({ backend: { service: { name, port: { number: 80 } } } });
  const cases: [string, KubeObject, unknown][] = [
    [
      'a pod has its labels',
      object('v1', 'Pod', { metadata: { name: 'x', namespace: 'shop', labels: { app: 'web' } } }),
      { labels: { app: 'web' } },
    ],
    [
      'a service its selector and its load balancer',
      object('v1', 'Service', {
        spec: { selector: { app: 'web' } },
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }, {}] } },
      }),
      { targetLabels: { app: 'web' }, ingress: [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }] },
    ],
    [
      'an ingress the services behind it, each once',
      object('networking.k8s.io/v1', 'Ingress', {
        spec: {
          defaultBackend: { service: { name: 'home' } },
          rules: [
            {
              host: 'shop.example.com',
              http: {
                paths: [
                  { path: '/', ...backend('web') },
                  { path: '/b', ...backend('web') },
                ],
              },
            },
          ],
        },
      }),
      {
        targetRefs: [service('home'), service('web')],
        externalURLs: ['http://shop.example.com/', 'http://shop.example.com/b'],
      },
    ],
    [
      'an old ingress, too',
      object('extensions/v1beta1', 'Ingress', { spec: { backend: { serviceName: 'old', servicePort: 80 } } }),
      { targetRefs: [service('old')] },
    ],
    [
      'a route its backends, also of other namespaces',
      object('gateway.networking.k8s.io/v1', 'HTTPRoute', {
        spec: { rules: [{ backendRefs: [{ name: 'web' }, { name: 'bank', namespace: 'bank' }] }] },
      }),
      { targetRefs: [service('web'), service('bank', 'bank')] },
    ],
    [
      'a gateway its addresses',
      object('gateway.networking.k8s.io/v1', 'Gateway', {
        status: { addresses: [{ type: 'Hostname', value: 'gw' }, { value: '192.0.2.2' }] },
      }),
      { ingress: [{ hostname: 'gw' }, { ip: '192.0.2.2' }] },
    ],
    [
      'a virtual service its destinations',
      object('networking.istio.io/v1', 'VirtualService', {
        spec: {
          http: [
            {
              route: [
                { destination: { host: 'web' } },
                { destination: { host: 'bank.bank.svc.cluster.local' } },
              ],
            },
          ],
        },
      }),
      { targetRefs: [service('web'), service('bank', 'bank')] },
    ],
    ['nothing to say of a ConfigMap', object('v1', 'ConfigMap', { data: { a: 'b' } }), undefined],
    ['nor of a service nobody selects with', object('v1', 'Service', { spec: {} }), undefined],
    [
      'whatever stands in an ingress',
      object('networking.k8s.io/v1', 'Ingress', { spec: { rules: [null, { http: { paths: 'x' } }, 3] } }),
      undefined,
    ],
  ];
  for (const [what, given, want] of cases) assert.deepEqual(networkingOf(given), want, what);
});
