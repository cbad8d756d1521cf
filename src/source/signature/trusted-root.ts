// The trusted root of a Sigstore instance (`trusted_root.json`): which authorities and logs count, with the keys they
// had and when. Read from configuration, never from the network.
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { messageOf } from '../../lib/index.ts';
import { SignatureError } from './errors.ts';

/** Where operators keep them. */
export const TRUSTED_ROOTS = 'argocd-sigstore-cm';

/** @throws SignatureError `BAD_POLICY` when there is no such root, or nothing could ever be verified with it */
export function readTrustedRoot(name: string, text: string | undefined): TrustMaterial {
  if (text === undefined) {
    throw wrong(
      name,
      `config map ${TRUSTED_ROOTS} has no such member`,
      'put the trusted_root.json of your Sigstore there',
    );
  }
  let material: TrustMaterial;
  try {
    const { mediaType, ...root } = JSON.parse(text) as Record<string, unknown>;
    material = toTrustMaterial(TrustedRoot.fromJSON({ mediaType: mediaType ?? '', ...root }));
  } catch (cause) {
    throw wrong(name, `it is no trusted root of Sigstore: ${messageOf(cause)}`, undefined, cause);
  }
  if (material.certificateAuthorities.length === 0) throw wrong(name, 'it has no certificateAuthorities');
  if (material.tlogs.length === 0) throw wrong(name, 'it has no tlogs');
  return material;
}

function wrong(
  name: string,
  why: string,
  remedy = `correct this member of config map ${TRUSTED_ROOTS}`,
  cause?: unknown,
): SignatureError {
  return new SignatureError('BAD_POLICY', `trusted root ${name} cannot be used: ${why}`, { cause, remedy });
}
