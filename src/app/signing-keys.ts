// The OpenPGP keys of argocd-gpg-keys-cm for the server: reads what they are, adds and removes them. Verifies nothing.
import type { Key } from 'openpgp';
import type { SigningKey } from '../contract/index.ts';
import { GPG_KEYS, type Settings } from '../controllers/index.ts';
import type { KubeClient } from '../k8s/index.ts';
import { CodedError } from '../lib/index.ts';
import type { SigningKeys } from '../server/index.ts';
import { writeConfigMap } from './config-map.ts';

/** A config map holds a megabyte. */
const MAX_KEY_BYTES = 200_000;
const KEYS_AT_ONCE = 50;

export interface SigningKeysDeps {
  readonly home: KubeClient;
  readonly namespace: string;
  readonly settings: Settings;
}

class SigningKeyError extends CodedError<'INVALID' | 'NOT_FOUND'> {}

export function signingKeys(deps: SigningKeysDeps): SigningKeys {
  const stored = (): Readonly<Record<string, string>> => deps.settings.configMap(GPG_KEYS);
  return {
    async list() {
      return await Promise.all(Object.entries(stored()).map(([id, armored]) => describe(id, armored)));
    },
    async get(id) {
      const wanted = longId(id);
      const armored = stored()[wanted];
      return armored === undefined ? undefined : { ...(await describe(wanted, armored)), keyData: armored };
    },
    async add(text, existing) {
      const keys = await publicKeys(text);
      const known = stored();
      const created: SigningKey[] = [];
      const skipped: string[] = [];
      const data: Record<string, string> = {};
      for (const key of keys) {
        const id = idOf(key);
        if (known[id] !== undefined && existing === 'refuse') {
          skipped.push(id);
          continue;
        }
        data[id] = key.armor();
        created.push(await describe(id, data[id] ?? ''));
      }
      if (created.length > 0) await writeConfigMap(deps, GPG_KEYS, data);
      return { created, skipped };
    },
    async remove(id) {
      const wanted = longId(id);
      if (stored()[wanted] === undefined)
        throw new SigningKeyError('NOT_FOUND', 'on-change', `There is no OpenPGP key ${wanted}`);
      await writeConfigMap(deps, GPG_KEYS, { [wanted]: null });
    },
  };
}

/** Keys are listed by their id, which is the end of a fingerprint (of version 6: its beginning). */
function longId(text: string): string {
  const id = text.toUpperCase().replace(/^0X/, '').slice(0, 64);
  if (id.length === 40) return id.slice(-16);
  return id.length === 64 ? id.slice(0, 16) : id;
}

async function publicKeys(text: string): Promise<readonly Key[]> {
  const { readKeys } = await import('openpgp');
  if (Buffer.byteLength(text) > MAX_KEY_BYTES)
    throw new SigningKeyError('INVALID', 'on-change', `The keys are larger than ${MAX_KEY_BYTES} bytes`);
  const keys = await readKeys({ armoredKeys: text }).catch((): Key[] => []);
  if (keys.length === 0)
    throw new SigningKeyError('INVALID', 'on-change', 'The text is no armoured OpenPGP public key');
  if (keys.some((key) => key.isPrivate()))
    throw new SigningKeyError('INVALID', 'on-change', 'The text has a private key in it; it was not kept');
  if (keys.length > KEYS_AT_ONCE)
    throw new SigningKeyError('INVALID', 'on-change', `More than ${KEYS_AT_ONCE} keys at once`);
  return keys;
}

async function describe(id: string, armored: string): Promise<SigningKey> {
  const { readKey } = await import('openpgp');
  const key = await readKey({ armoredKey: armored }).catch((): undefined => undefined);
  const trust = 'unknown';
  if (key === undefined) return { keyID: id, fingerprint: '', owner: 'cannot be read', trust, subType: '' };
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  const subType = algorithm.startsWith('rsa')
    ? `RSA${bits ?? ''}`
    : (curve ?? algorithm).replace(/Legacy$/i, '');
  return {
    keyID: id,
    fingerprint: key.getFingerprint().toUpperCase(),
    owner: key.getUserIDs()[0] ?? '',
    trust,
    subType: subType.toUpperCase(),
  };
}

function idOf(key: Key): string {
  return key.getKeyID().toHex().toUpperCase();
}
