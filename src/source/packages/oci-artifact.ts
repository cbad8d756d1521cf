// What a target means in a registry, and the one layer of a manifest that holds files: a chart, or plain files.
import { parseConstraint, parseVersion, sha256 } from '../../lib/index.ts';
import { PackageError } from './errors.ts';
import { findVersion } from './helm-index.ts';
import type { Manifest, OciRegistry } from './oci-registry.ts';
import type { Fetched, PackagePlace, PackageSnapshot } from './types.ts';

const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
/** Signatures of charts come as layers of their own. */
const PROVENANCE_LAYER = 'application/vnd.cncf.helm.chart.provenance.v1.prov';
const FILE_LAYERS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
]);
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** True for a target that can only ever mean one thing. */
export function isDigest(target: string): boolean {
  return DIGEST.test(target);
}

/** Versions have a `+` where tags may not. */
export function tagOf(version: string): string {
  return version.replaceAll('+', '_');
}

/** What the target of the place means now. Rejects with PackageError. */
export async function offeredBy(
  registry: OciRegistry,
  place: PackagePlace,
  signal?: AbortSignal,
): Promise<PackageSnapshot> {
  const revision =
    place.chart === ''
      ? await artifactRevision(registry, place, signal)
      : await chartVersion(registry, place, signal);
  return { digest: sha256(revision), resolve: () => revision };
}

async function chartVersion(
  registry: OciRegistry,
  { address, target }: PackagePlace,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (parseVersion(target) !== undefined && (await registry.digestOf(tagOf(target), signal)) !== undefined)
    return target;
  const tags = await registry.tags(signal);
  return findVersion(
    `Chart ${address}`,
    tags.map((tag) => tag.replaceAll('_', '+')).filter((version) => parseVersion(version) !== undefined),
    target,
  );
}

/** The digest of a tag, or of the greatest tag in a range; '' is the newest release, else `latest`. */
async function artifactRevision(
  registry: OciRegistry,
  { address, target }: PackagePlace,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (isDigest(target)) return target;
  const isRange =
    target === '' || (parseVersion(target) === undefined && parseConstraint(target) !== undefined);
  const named = isRange ? undefined : await registry.digestOf(target, signal);
  if (named !== undefined) return named;
  if (!isRange) throw noTag(address, target);
  const tags = await registry.tags(signal);
  const versions = tags.filter((tag) => parseVersion(tag.replaceAll('_', '+')) !== undefined);
  const tag =
    target === '' && versions.length === 0 ? 'latest' : findVersion(`Artifact ${address}`, versions, target);
  const digest = await registry.digestOf(tag, signal);
  if (digest === undefined) throw noTag(address, tag);
  return digest;
}

export function noTag(address: string, tag: string): PackageError {
  return new PackageError(
    'PACKAGE_VERSION_NOT_FOUND',
    'on-change',
    `${address} has no ${isDigest(tag) ? 'manifest' : 'tag'} ${JSON.stringify(tag.slice(0, 150))}; check targetRevision, and that the credential may read it`,
  );
}

/** The files of a manifest. Rejects with PackageError. */
export async function fetchedLayer(
  registry: OciRegistry,
  { address, chart }: PackagePlace,
  { layers }: Manifest,
): Promise<Fetched> {
  const wanted = layers.filter(({ mediaType }) => mediaType !== PROVENANCE_LAYER);
  const [layer] = wanted;
  const form = layer?.mediaType === CHART_LAYER ? 'chart' : 'files';
  const isUsable =
    layer !== undefined && wanted.length === 1 && (form === 'chart' || FILE_LAYERS.has(layer.mediaType));
  if (!isUsable || (chart !== '' && form !== 'chart')) {
    const seen = wanted.map(({ mediaType }) => mediaType.slice(0, 100)).slice(0, 5);
    throw new PackageError(
      'PACKAGE_MALFORMED',
      'on-change',
      `${address} is no ${chart === '' ? 'artifact of files' : 'chart'}: its layers are ${seen.join(', ') || 'none'}; push one layer of type ${chart === '' ? [...FILE_LAYERS].join(' or ') : CHART_LAYER}`,
    );
  }
  const bytes = await registry.blob(layer.digest);
  return { bytes, digest: layer.digest.slice('sha256:'.length), form };
}
