// Bodies as kubectl 1.35 sent them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeProtobuf } from './protobuf.ts';

const CASES: Record<string, { body: string; want: unknown }> = {
  'a Secret with bytes': {
    body: 'azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=',
    want: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { a: 'Yg==' } },
  },
  'a ResourceQuota with quantities': {
    body: 'azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRIzChEKAXESABoAIgAqADIAOABCABIcCgoKA2NwdRIDCgExCg4KBm1lbW9yeRIECgIxRxoAGgAiAA==',
    want: {
      kind: 'ResourceQuota',
      apiVersion: 'v1',
      metadata: { name: 'q' },
      spec: { hard: { cpu: '1', memory: '1G' } },
      status: {},
    },
  },
  'an Ingress': {
    body: 'azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJFChEKAWkSABoAIgAqADIAOABCABIsGioKB2Zvby5jb20SHwodChsKAS8SDyINCgRzdmMxEgUKABCQPxoFRXhhY3QaAgoAGgAiAA==',
    want: {
      kind: 'Ingress',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: 'i' },
      spec: {
        rules: [
          {
            host: 'foo.com',
            http: {
              paths: [
                {
                  path: '/',
                  backend: { service: { name: 'svc1', port: { number: 8080 } } },
                  pathType: 'Exact',
                },
              ],
            },
          },
        ],
      },
      status: { loadBalancer: {} },
    },
  },
  'a TokenRequest': {
    body: 'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIAEgMgsAkaBAoAEgAaACIA',
    want: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec: { expirationSeconds: 1200 },
      status: { token: '', expirationTimestamp: null },
    },
  },
};

for (const [name, { body, want }] of Object.entries(CASES)) {
  test(`decodeProtobuf() reads ${name}`, () => {
    assert.deepEqual(decodeProtobuf(Buffer.from(body, 'base64')), want);
  });
}

test('decodeProtobuf() reads a Deployment: pointers keep zeros, plain members lose them', () => {
  const body =
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAISDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=';
  const { spec } = decodeProtobuf(Buffer.from(body, 'base64')) as {
    spec: { replicas: number; template: { spec: { containers: unknown } } };
  };
  assert.equal(spec.replicas, 2);
  assert.deepEqual(spec.template.spec.containers, [
    { name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} },
  ]);
});

const DAMAGED: Record<string, Buffer> = {
  'JSON text': Buffer.from('{"kind":"Secret"}'),
  'a message that is cut off': Buffer.from(CASES['an Ingress']?.body ?? '', 'base64').subarray(0, 60),
  'a kind nobody knows': Buffer.from('k8s\0\x0a\x0a\x0a\x02v1\x12\x04None\x12\x00', 'latin1'),
};

for (const [name, body] of Object.entries(DAMAGED)) {
  test(`decodeProtobuf() refuses ${name}`, () => {
    assert.throws(() => decodeProtobuf(body), { status: 400 });
  });
}
