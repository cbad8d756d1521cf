// The secrets a server is born with: the administrator's token, the key that signs service-account tokens, and the
// certificate it shows. Kept with the data so that kubeconfigs outlive a restart.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Random } from '../lib/index.ts';
import { type Certificate, selfSigned } from './certificate.ts';

export interface Credentials {
  readonly adminToken: string;
  /** PKCS#8 PEM, P-256. */
  readonly signingKey: string;
  readonly certificate: Certificate;
}

/** Names and addresses the certificate is good for besides the one the server listens on. */
const HOSTS = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '::1',
  '10.96.0.1',
];

export function newCredentials(from: {
  readonly random: Random;
  readonly nowMs: number;
  readonly host: string;
}): Credentials {
  const { random, nowMs, host } = from;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    adminToken: Buffer.from(random.bytes(32)).toString('base64url'),
    certificate: selfSigned({ hosts: [...new Set([...HOSTS, host])], nowMs, random }),
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export function signingKeyOf(credentials: Credentials): KeyObject {
  return createPrivateKey(credentials.signingKey);
}
