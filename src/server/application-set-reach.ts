// What the generators of an ApplicationSet would read. Who may create sets in one project only must not read by them
// what the project does not: Fairlead asks with its own credentials. Pure: a set in, a refusal out.
import { isRecord } from '../lib/index.ts';
import {
  type ApplicationSet,
  isSourcePermitted,
  type PlacedGenerator,
  type ProjectSpec,
  placedGenerators,
} from '../model/index.ts';
import { ApiError } from './errors.ts';
import { projectOfSet } from './resolve-application.ts';

export interface Reach {
  /** The rules of the set's project, those of global projects among them. */
  readonly rules: ProjectSpec;
  normalize(url: string): string;
  readonly seesEveryCluster: boolean;
}

/** Rejects a set whose generators read what its writer may not. */
export function refuseFurtherReach(set: ApplicationSet, reach: Reach): void {
  for (const each of placedGenerators(set)) {
    const reason = refusalOf(each, projectOfSet(set), reach);
    if (reason === undefined) continue;
    throw new ApiError(
      'PermissionDenied',
      `permission denied: ${each.path}: ${reason}; only who may create ApplicationSets in every project may create such a one`,
    );
  }
}

function refusalOf({ kind, generator }: PlacedGenerator, project: string, reach: Reach): string | undefined {
  if (namesSecret(generator))
    return 'it signs in with a Secret of the control namespace, to an address of the ApplicationSet';
  if (kind === 'clusters' || kind === 'clusterDecisionResource')
    return reach.seesEveryCluster ? undefined : 'it shows clusters that you may not see (clusters, get)';
  if (kind !== 'git') return undefined;
  const url = String(generator['repoURL']);
  if (url.includes('{{'))
    return `repoURL "${url.slice(0, 200)}" is a template, so the project cannot be asked`;
  return isSourcePermitted(reach.rules, reach.normalize(url), reach.normalize)
    ? undefined
    : `project ${project} does not permit the repository ${url.slice(0, 200).replace(/\/\/[^/@]*@/, '//')}`;
}

/** Whether a Secret is named anywhere in it, as forges want one; what a template or parameters hold is no reference. */
function namesSecret(generator: unknown): boolean {
  if (!isRecord(generator)) return false;
  return Object.entries(generator).some(
    ([key, value]) =>
      (/^(secretName|appSecretName)$/.test(key) && value !== '') ||
      (!['template', 'values', 'input', 'generators'].includes(key) && namesSecret(value)),
  );
}
