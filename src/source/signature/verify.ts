// Whether a revision of a Git repository is signed as a policy demands. Reads the very objects that are rendered.
import { createHash } from 'node:crypto';
import { digestOf, type Lru } from '../../lib/index.ts';
import type { IntegrityPolicy, KeylessPolicy, Revision } from '../../model/index.ts';
import { type AllowedSigner, parseAllowedSigners } from './allowed-signers.ts';
import { SignatureError } from './errors.ts';
import { type PgpKey, verifyPgp } from './pgp.ts';
import { rawCommit, type SignedObject, signedCommit, signedTag } from './signed-object.ts';
import { verifySsh } from './ssh.ts';

/** Public keys that signatures may be verified with. */
export interface Keyring {
  readonly pgp: readonly PgpKey[];
  /** A file of allowed signers, as ssh-keygen reads it. */
  readonly allowedSigners: string;
  /** Trusted roots of Sigstore, JSON by name. */
  readonly trustedRoots: Readonly<Record<string, string>>;
}

export interface VerifyDeps {
  /** The raw object of an id, as Git stores it; undefined when there is none. */
  raw(id: string): Promise<{ readonly type: string; readonly body: Buffer } | undefined>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Ids found good before, under the digest of policy and keys. */
  readonly verified: Lru<true>;
}

export interface VerifyRequest {
  readonly repository: string;
  readonly revision: Revision;
  readonly policy: IntegrityPolicy;
  readonly keyring: Keyring;
  readonly signal: AbortSignal;
}

const REMEDY =
  "sign it with a key the project names, or change the project's signatureKeys or sourceIntegrity";
/** Longer histories need a sealing commit. */
const MAX_HISTORY = 20_000;
/** A signed commit with this trailer vouches for everything before it. */
const SEAL = /^Argocd-gpg-seal: *\S/m;
/** A key may expire while the process runs: what was found good is looked at again this often. */
const VALID_MS = 3_600_000;

/** Resolves when the revision is good. @throws SignatureError that names repository, object and remedy */
export async function verifyRevision(deps: VerifyDeps, request: VerifyRequest): Promise<void> {
  const { policy, repository, revision } = request;
  let at = revision.tag === undefined ? `commit ${revision.id}` : `tag ${revision.target}`;
  try {
    const checker = new Checker(deps, request);
    if (revision.tag === undefined) await checker.commit(revision.id);
    else await checker.tag(revision.tag);
    if (policy.mode === 'strict') {
      await checker.history((commit) => {
        at = `commit ${commit}`;
      });
    }
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new SignatureError(
      error.code,
      `${at} of ${repository} is not trusted: ${error.message}; ${error.remedy ?? REMEDY}`,
      { cause: error },
    );
  }
}

class Checker {
  readonly #deps: VerifyDeps;
  readonly #request: VerifyRequest;
  readonly #signers: readonly AllowedSigner[];
  readonly #digest: string;
  /** Verifies keyless signatures; made when the first one is met. */
  #keyless: Promise<(payload: Buffer, signature: string) => string> | undefined;

  constructor(deps: VerifyDeps, request: VerifyRequest) {
    const { keyring, policy } = request;
    this.#deps = deps;
    this.#request = request;
    this.#signers = parseAllowedSigners(keyring.allowedSigners);
    const hour = Math.floor(deps.now() / VALID_MS);
    const pgp = keyring.pgp.map(({ id, armored }) => [id, armored]);
    const root = policy.sigstore && keyring.trustedRoots[policy.sigstore.trustedRoot];
    const { gpgKeys, sshKeys, sigstore } = policy;
    this.#digest = digestOf([gpgKeys, sshKeys, sigstore, pgp, keyring.allowedSigners, root, hour]);
  }

  async tag(id: string): Promise<void> {
    const { revision } = this.#request;
    const name = (revision.ref ?? '').replace(/^refs\/tags\//, '');
    await this.#once(`${id} ${name} ${revision.id}`, async () =>
      this.#verify(signedTag(await this.#body(id, 'tag'), { commit: revision.id, name })),
    );
  }

  async commit(id: string): Promise<void> {
    await this.#once(id, async () => this.#verify(signedCommit(await this.#body(id, 'commit'))));
  }

  /** Every commit back to the first or to a seal. @param onCommit told before each one is looked at */
  async history(onCommit: (id: string) => void): Promise<void> {
    const seen = new Set<string>();
    const todo = [this.#request.revision.id];
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      onCommit(id);
      this.#request.signal.throwIfAborted();
      if (seen.size > MAX_HISTORY) {
        throw new SignatureError(
          'BAD_POLICY',
          `its history has more than ${MAX_HISTORY} commits; add a signed commit with the trailer "Argocd-gpg-seal: REASON"`,
        );
      }
      await this.commit(id);
      const { message, parents } = rawCommit(await this.#body(id, 'commit'));
      if (!SEAL.test(message)) todo.push(...parents);
    }
  }

  async #once(what: string, check: () => Promise<void>): Promise<void> {
    const key = `${this.#digest} ${what}`;
    if (this.#deps.verified.get(key) === true) return;
    await check();
    this.#deps.verified.set(key, true);
  }

  async #verify({ format, payload, signature }: SignedObject): Promise<void> {
    const { keyring, policy } = this.#request;
    const now = this.#deps.now();
    switch (format) {
      case 'ssh':
        verifySsh(payload, signature, this.#signers, policy.sshKeys, now);
        break;
      case 'pgp':
        await verifyPgp(payload, signature, keyring.pgp, policy.gpgKeys, now);
        break;
      case 'x509':
        this.#keyless ??= keylessVerifier(policy.sigstore, keyring);
        (await this.#keyless)(payload, signature);
    }
  }

  async #body(id: string, type: 'commit' | 'tag'): Promise<Buffer> {
    const object = await this.#deps.raw(id);
    if (object?.type !== type) throw new SignatureError('MALFORMED', `object ${id} is no ${type}`);
    // The bytes that are verified are those of the id that is rendered, whatever handed them over.
    const hash = createHash(id.length === 40 ? 'sha1' : 'sha256');
    hash.update(`${type} ${object.body.length}\0`).update(object.body);
    if (hash.digest('hex') !== id) throw new SignatureError('MALFORMED', `object ${id} is damaged`);
    return object.body;
  }
}

async function keylessVerifier(
  policy: KeylessPolicy | undefined,
  { trustedRoots }: Keyring,
): Promise<(payload: Buffer, signature: string) => string> {
  if (policy === undefined) {
    throw new SignatureError(
      'UNKNOWN_KEY',
      'it is signed with an X.509 certificate, and the project names no keyless identities',
      { remedy: "sign it with a key the project names, or add sigstore to the project's sourceIntegrity" },
    );
  }
  // Modules that only projects with keyless signatures need.
  const [{ readTrustedRoot }, { verifySigstore }] = await Promise.all([
    import('./trusted-root.ts'),
    import('./sigstore.ts'),
  ]);
  const root = readTrustedRoot(policy.trustedRoot, trustedRoots[policy.trustedRoot]);
  return (payload, signature) => verifySigstore(payload, signature, root, policy);
}
