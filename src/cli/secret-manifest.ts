// Secrets of repositories and clusters as manifests to be kept in Git or applied by hand.
import { sha256 } from '../lib/index.ts';
import { labels } from '../model/index.ts';

export interface SecretManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly type: 'Opaque';
  readonly stringData: Readonly<Record<string, string>>;
}

const PREFIXES = { cluster: 'cluster', repository: 'repo', 'repository-write': 'repo-write' } as const;

/** @param what a name or an address, of which the Secret's name is made; members that say nothing are left out */
export function secretManifest(
  type: keyof typeof PREFIXES,
  what: string,
  members: Readonly<Record<string, unknown>>,
): SecretManifest {
  const stringData: Record<string, string> = {};
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === null || value === '' || value === false) continue;
    stringData[key] = String(value);
  }
  const word = what
    .replace(/^[a-z+]+:\/\//i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  const name = `${PREFIXES[type]}-${word}-${sha256(what).slice(0, 8)}`;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: name.replace(/-{2,}/g, '-'), labels: { [labels.secretType]: type } },
    type: 'Opaque',
    stringData,
  };
}
