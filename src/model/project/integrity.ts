// What a project demands of a source's signatures. Pure: specification and address in, policy out.
import { globMatches } from './glob.ts';
import type { ProjectSpec, SigstorePolicy } from './schema.ts';

/** How much has to be signed. */
export type IntegrityMode =
  /** The commit, or the annotated tag it was named by. */
  | 'head'
  /** Also every commit before it, back to a sealing one or the first. */
  | 'strict';

/** Whom an identity provider knows under which name. In a policy, `*` and `**` stand for any text. */
export interface KeylessIdentity {
  /** URL of the identity provider. */
  readonly issuer: string;
  /** E-mail address or URI. */
  readonly subject: string;
}

/** Keyless signatures of Sigstore (gitsign). */
export interface KeylessPolicy {
  /** Member of config map argocd-sigstore-cm. */
  readonly trustedRoot: string;
  readonly identities: readonly KeylessIdentity[];
}

const DEFAULT_TRUSTED_ROOT = 'trusted_root.json';

export interface IntegrityPolicy {
  readonly mode: IntegrityMode;
  /** Ids or fingerprints of OpenPGP keys. */
  readonly gpgKeys: readonly string[];
  /** Fingerprints (`SHA256:…`) of SSH keys, or principals of the allowed signers. */
  readonly sshKeys: readonly string[];
  /** Without it no keyless signature is taken. */
  readonly sigstore?: KeylessPolicy;
}

/**
 * The policy for a repository: the first of `sourceIntegrity.git.policies` that names it, else `signatureKeys`.
 * Undefined: nothing has to be signed. A text: the policy cannot be read, and nothing of it may be used.
 * @param url normalised
 */
export function integrityPolicy(
  spec: ProjectSpec,
  url: string,
  normalize: (url: string) => string,
): IntegrityPolicy | string | undefined {
  const policy = (spec.sourceIntegrity?.git?.policies ?? []).find(({ repos }) =>
    names(repos, url, normalize),
  );
  if (policy !== undefined) {
    const modes = [policy.gpg?.mode, policy.ssh?.mode, policy.sigstore?.mode].filter(
      (mode) => mode !== undefined,
    );
    const wrong = modes.find((mode) => !['none', 'head', 'strict'].includes(mode));
    if (wrong !== undefined) {
      return `sourceIntegrity has mode ${JSON.stringify(wrong)}; write none, head or strict`;
    }
    if (modes.length === 0)
      return 'a policy of sourceIntegrity has none of gpg, ssh and sigstore; say what must be signed';
    if (modes.every((mode) => mode === 'none')) return undefined;
    const { sigstore } = policy;
    return {
      mode: modes.includes('strict') ? 'strict' : 'head',
      gpgKeys: policy.gpg?.mode === 'none' ? [] : (policy.gpg?.keys ?? []),
      sshKeys: policy.ssh?.mode === 'none' ? [] : (policy.ssh?.keys ?? []),
      ...(sigstore === undefined || sigstore.mode === 'none' ? {} : { sigstore: keylessPolicy(sigstore) }),
    };
  }
  const keys = (spec.signatureKeys ?? []).map(({ keyID }) => keyID);
  if (keys.length === 0) return undefined;
  const isSsh = (key: string): boolean => key.startsWith('SHA256:');
  return {
    mode: 'head',
    gpgKeys: keys.filter((key) => !isSsh(key)),
    sshKeys: keys.filter(isSsh),
  };
}

function keylessPolicy(sigstore: SigstorePolicy): KeylessPolicy {
  const { identities = [], trustedRoot = DEFAULT_TRUSTED_ROOT } = sigstore;
  return { trustedRoot, identities };
}

/** True when the project demands signatures of any source at all. */
export function demandsIntegrity(spec: ProjectSpec): boolean {
  return (spec.signatureKeys ?? []).length > 0 || (spec.sourceIntegrity?.git?.policies ?? []).length > 0;
}

function names(
  repos: readonly { readonly url: string }[],
  url: string,
  normalize: (url: string) => string,
): boolean {
  const matches = (pattern: string): boolean => pattern === '*' || globMatches(normalize(pattern), url, '/');
  const denied = repos.some((repo) => repo.url.startsWith('!') && matches(repo.url.slice(1)));
  return !denied && repos.some((repo) => !repo.url.startsWith('!') && matches(repo.url));
}
