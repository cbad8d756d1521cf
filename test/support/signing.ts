// Signed Git objects made in this process: OpenPGP and SSH keys, commits and tags that carry their signatures. For tests
// on machines that have git and Node alone.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createMessage, generateKey, type PrivateKey, sign as signPgp } from 'openpgp';
import { wireString } from '../../src/source/signature/ssh-wire.ts';

export interface Signer {
  /** An armoured signature over the bytes. */
  sign(payload: Buffer): Promise<string>;
  /** What a project names the key by. */
  readonly id: string;
  /** The armoured key, or the line of the allowed signers. */
  readonly publicKey: string;
}

export async function pgpSigner(
  options: { readonly date?: Date; readonly expiresSeconds?: number } = {},
): Promise<Signer & { readonly key: PrivateKey }> {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Ada', email: 'ada@example.com' }],
    format: 'object',
    ...(options.date === undefined ? {} : { date: options.date }),
    ...(options.expiresSeconds === undefined ? {} : { keyExpirationTime: options.expiresSeconds }),
  });
  return {
    key: privateKey,
    id: publicKey.getFingerprint().toUpperCase(),
    publicKey: publicKey.armor(),
    async sign(payload) {
      const armored = await signPgp({
        message: await createMessage({ binary: payload }),
        signingKeys: privateKey,
        detached: true,
        ...(options.date === undefined ? {} : { date: options.date }),
      });
      return String(armored).replaceAll('\r\n', '\n').trimEnd();
    },
  };
}

/** @param namespace what the signature is for; Git reads `git` only */
export function sshSigner(type: 'ed25519' | 'nistp256' | 'rsa', namespace = 'git', options = ''): Signer {
  const pair =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicBytes(type, pair.publicKey);
  const name = { ed25519: 'ssh-ed25519', nistp256: 'ecdsa-sha2-nistp256', rsa: 'ssh-rsa' }[type];
  return {
    id: `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`,
    publicKey: `ada@example.com ${options}${options === '' ? '' : ' '}${name} ${key.toString('base64')}`,
    async sign(payload) {
      const hash = createHash('sha512').update(payload).digest();
      const head = [wireString(namespace), wireString(''), wireString('sha512')];
      const data = Buffer.concat([Buffer.from('SSHSIG'), ...head, wireString(hash)]);
      const blob = wireString(signature(type, pair.privateKey, data));
      const version = Buffer.from([0, 0, 0, 1]);
      const bytes = Buffer.concat([Buffer.from('SSHSIG'), version, wireString(key), ...head, blob]);
      const lines = bytes.toString('base64').match(/.{1,70}/g) ?? [];
      return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----'].join('\n');
    },
  };
}

export interface CommitParts {
  readonly tree: string;
  readonly parents?: readonly string[];
  readonly message?: string;
}

export interface RawObject {
  readonly id: string;
  readonly type: 'commit' | 'tag';
  readonly body: Buffer;
}

/** A commit as Git stores it, signed when a signer is given. */
export async function commitObject(parts: CommitParts, signer?: Signer): Promise<RawObject> {
  const { tree, parents = [], message = 'a change' } = parts;
  const who = 'Ada <ada@example.com> 1700000000 +0000';
  const head = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  const plain = Buffer.from(`${head.join('\n')}\n\n${message}\n`);
  if (signer === undefined) return rawObject('commit', plain);
  const gpgsig = `gpgsig ${(await signer.sign(plain)).replaceAll('\n', '\n ')}`;
  return rawObject('commit', Buffer.from(`${[...head, gpgsig].join('\n')}\n\n${message}\n`));
}

/** An annotated tag, signed when a signer is given. */
export async function tagObject(commit: string, name: string, signer?: Signer): Promise<RawObject> {
  const plain = Buffer.from(
    `object ${commit}\ntype commit\ntag ${name}\ntagger Ada <ada@example.com> 1700000000 +0000\n\nrelease\n`,
  );
  if (signer === undefined) return rawObject('tag', plain);
  return rawObject('tag', Buffer.concat([plain, Buffer.from(`${await signer.sign(plain)}\n`)]));
}

export function rawObject(type: 'commit' | 'tag', body: Buffer): RawObject {
  const id = createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
  return { id, type, body };
}

function publicBytes(type: string, key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (type === 'ed25519') return Buffer.concat([wireString('ssh-ed25519'), wireString(bytes(jwk.x))]);
  if (type === 'rsa') {
    const n = Buffer.concat([Buffer.from([0]), bytes(jwk.n)]);
    return Buffer.concat([wireString('ssh-rsa'), wireString(bytes(jwk.e)), wireString(n)]);
  }
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  return Buffer.concat([wireString('ecdsa-sha2-nistp256'), wireString('nistp256'), wireString(point)]);
}

function signature(type: string, key: KeyObject, data: Buffer): Buffer {
  if (type === 'ed25519')
    return Buffer.concat([wireString('ssh-ed25519'), wireString(sign(null, data, key))]);
  if (type === 'rsa')
    return Buffer.concat([wireString('rsa-sha2-512'), wireString(sign('sha512', data, key))]);
  const raw = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  const number = (bytes: Buffer): Buffer => wireString(Buffer.concat([Buffer.from([0]), bytes]));
  const pair = Buffer.concat([number(raw.subarray(0, 32)), number(raw.subarray(32))]);
  return Buffer.concat([wireString('ecdsa-sha2-nistp256'), wireString(pair)]);
}
