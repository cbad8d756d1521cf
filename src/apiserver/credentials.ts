// The secrets a server is born with: the administrator's token, the key that signs service-account tokens, and the
// certificate it shows. Kept with the data so that kubeconfigs outlive a restart.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Random } from '../lib/index.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { StorageError } from './storage/storage-error.ts';

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

/** Those in the folder, made when there are none. A certificate for another host is made anew. */
export function storedCredentials(
  folder: string,
  from: { readonly random: Random; readonly nowMs: number; readonly host: string },
): Credentials {
  const path = join(folder, 'credentials.json');
  const known = readCredentials(path);
  if (known !== undefined && known.host === from.host) return known.credentials;
  const fresh = newCredentials(from);
  const credentials = known === undefined ? fresh : { ...known.credentials, certificate: fresh.certificate };
  // Written aside and renamed, so that a crash leaves either the old ones or the new ones.
  writeFileSync(`${path}.new`, JSON.stringify({ host: from.host, credentials }), {
    mode: 0o600,
    flush: true,
  });
  renameSync(`${path}.new`, path);
  return credentials;
}

function readCredentials(path: string): { host: string; credentials: Credentials } | undefined {
  if (!existsSync(path)) return undefined;
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (isRecord(value) && isRecord(value['credentials']) && typeof value['host'] === 'string') {
    const { adminToken, signingKey, certificate } = value['credentials'];
    if (typeof adminToken === 'string' && typeof signingKey === 'string' && isRecord(certificate)) {
      const { cert, key } = certificate;
      return {
        host: value['host'],
        credentials: { adminToken, signingKey, certificate: { cert: String(cert), key: String(key) } },
      };
    }
  }
  throw new StorageError(
    'STORE_DAMAGED',
    'on-change',
    `Cannot read ${path}: it does not hold credentials; remove it to make new ones (kubeconfigs change then)`,
  );
}

export function signingKeyOf(credentials: Credentials): KeyObject {
  return createPrivateKey(credentials.signingKey);
}
