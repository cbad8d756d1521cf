// What a Helm chart or an artifact of a registry says of itself, at one revision of one source.
import type { ChartDetails, OciMetadata } from '../contract/index.ts';
import { type ApplicationDeps, isPackage } from '../controllers/index.ts';
import { isRecord, joinInside, parseYaml } from '../lib/index.ts';
import { type Application, sourcesOf } from '../model/index.ts';

const MAX_BYTES = 1024 * 1024;

/** Undefined: there is no such source, or it is no chart. Rejects with what fetching rejects. */
export async function chartDetails(
  deps: ApplicationDeps,
  app: Application,
  { revision, sourceIndex }: { readonly revision: string; readonly sourceIndex: number },
  signal: AbortSignal,
): Promise<ChartDetails | undefined> {
  const source = sourcesOf(app.spec)[sourceIndex];
  if (source === undefined) return undefined;
  const repository = deps.repositoryFor(source.repoURL, app.spec.project);
  const id = isPackage(deps, app, source)
    ? revision
    : (await deps.repositories.mirror(repository).resolve(revision)).id;
  const { tree } = await deps.openArtifact(source, repository, id, { signal });
  const file = joinInside(source.chart ? '' : (source.path ?? ''), 'Chart.yaml');
  if (file === undefined || (await tree.stat(file))?.kind !== 'file') return undefined;
  const chart = parseYaml(Buffer.from(await tree.read(file, MAX_BYTES)).toString(), { name: file });
  const members = isRecord(chart) ? chart : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const maintainers = Array.isArray(members['maintainers']) ? members['maintainers'] : [];
  return {
    description: text(members['description']),
    maintainers: maintainers.map((item: unknown) => {
      const { name, email } = isRecord(item) ? item : {};
      const address = text(email);
      return address === '' ? text(name) : `${text(name)} <${address}>`.trim();
    }),
    home: text(members['home']),
  };
}

/** The annotations that images have by convention. Undefined: the source is no artifact of a registry. */
export async function ociMetadata(
  deps: ApplicationDeps,
  app: Application,
  { revision, sourceIndex }: { readonly revision: string; readonly sourceIndex: number },
  signal: AbortSignal,
): Promise<OciMetadata | undefined> {
  const source = sourcesOf(app.spec)[sourceIndex];
  if (source === undefined) return undefined;
  const place = deps.packages.placeOf(source, deps.repositoryFor(source.repoURL, app.spec.project));
  const said = place === undefined ? undefined : await deps.packages.annotations(place, revision, signal);
  if (said === undefined) return undefined;
  const of = (name: string): string => said[`org.opencontainers.image.${name}`] ?? '';
  return {
    createdAt: of('created'),
    authors: of('authors'),
    imageUrl: of('url'),
    docsUrl: of('documentation'),
    sourceUrl: of('source'),
    version: of('version'),
    description: of('description'),
  };
}
