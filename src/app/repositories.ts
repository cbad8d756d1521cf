// Repository Secrets, credential templates and trusted keys for the server: reads them from the settings, writes them
// as Argo CD would, and finds out whether repositories can be reached.
import type {
  CertificateBody,
  CertificateView,
  ConnectionState,
  RepositoryBody,
  RepositoryTemplateView,
  RepositoryView,
} from '../contract/index.ts';
import {
  certificateFacts,
  fingerprintOf,
  KNOWN_HOSTS,
  type KnownHost,
  knownHostsOf,
  parseRepositorySecret,
  REPOSITORY_SECRETS,
  type RepositorySecret,
  type RepositoryUse,
  repositoryFor,
  type Settings,
  TLS_CERTIFICATES,
  withKnownHosts,
  withoutKnownHosts,
} from '../controllers/index.ts';
import { type Mirrors, sameRepository } from '../git/index.ts';
import { type KubeClient, type KubeObject, wellKnown } from '../k8s/index.ts';
import { type Clock, CodedError, digestOf, Lru, mapLimited, messageOf, rfc3339 } from '../lib/index.ts';
import { labels, type Repository, type RepositoryCredential } from '../model/index.ts';
import type { CertificateFilter, Repositories, RepositorySecrets } from '../server/index.ts';
import type { Packages } from '../source/index.ts';
import { writeConfigMap } from './config-map.ts';

/** A repository that does not answer must not hold a list up for long. */
const CHECK_MS = 15_000;
const CHECKS_AT_ONCE = 6;
const REMEMBERED_MS = 180_000;
const REMEMBERED = 2_000;
const MANAGER = { fieldManager: 'fairlead-server' } as const;

export interface RepositoriesDeps {
  readonly clock: Clock;
  readonly home: KubeClient;
  readonly namespace: string;
  readonly settings: Settings;
  readonly mirrors: Mirrors;
  readonly packages: Pick<Packages, 'check' | 'charts' | 'tags'>;
}

/** Members of a body that say how the repository was, and are no part of its Secret. */
const FOUND_OUT: ReadonlySet<string> = new Set(['connectionState', 'inheritedCreds']);

/** The prefixes that Argo CD gives the names of these Secrets, by their label. */
const PREFIXES = {
  repository: 'repo',
  'repo-creds': 'creds',
  'repository-write': 'repo-write',
  'repo-write-creds': 'creds-write',
} as const;
type SecretType = keyof typeof PREFIXES;

class RepositoryWriteError extends CodedError<'ALREADY_EXISTS' | 'NOT_FOUND' | 'INVALID'> {}

/** The repositories that sources are read from, and what is trusted. */
export function repositoryStore(deps: RepositoriesDeps): Repositories {
  const { settings } = deps;
  return {
    ...repositorySecrets(deps, 'read'),
    charts: ({ repo, project }) => deps.packages.charts(settings.repository(repo, project ?? '')),
    tags: ({ repo, project }, signal) => deps.packages.tags(settings.repository(repo, project ?? ''), signal),
    certificates: (filter) => certificatesOf(settings).filter((view) => matches(view, filter)),
    addCertificates: (body, replace) => addCertificates(deps, body, replace),
    removeCertificates: (filter) => removeCertificates(deps, filter),
  };
}

/** Secrets of one use; those of the other neither appear nor lend anything. */
export function repositorySecrets(deps: RepositoriesDeps, use: RepositoryUse): RepositorySecrets {
  const { settings } = deps;
  const types = REPOSITORY_SECRETS[use];
  const repositoryOf = (url: string, project = ''): Repository =>
    use === 'read' ? settings.repository(url, project) : settings.writeRepository(url, project);
  const shown = (secret: RepositorySecret): RepositoryView =>
    viewOf(secret, repositoryOf(secret.repository.url, secret.project).credential);
  const checks = new ConnectionChecks(deps);
  const own = (): readonly RepositorySecret[] =>
    settings.repositorySecrets(use).filter(({ isTemplate }) => !isTemplate);
  const templates = (): readonly RepositorySecret[] =>
    settings.repositorySecrets(use).filter(({ isTemplate }) => isTemplate);
  const withState = async (view: RepositoryView, forced: boolean, signal: AbortSignal) => ({
    ...view,
    connectionState: await checks.of(repositoryOf(view.repo, view.project), forced, signal),
  });
  return {
    async list(isVisible, forced, signal) {
      const views = own().map(shown).filter(isVisible);
      return await mapLimited(views, CHECKS_AT_ONCE, (view) => withState(view, forced, signal));
    },
    read: withState,
    find(url, project) {
      const found = own().filter(({ repository }) => sameRepository(repository.url, url));
      const secret =
        project === undefined || project === ''
          ? (found.find((item) => item.project === undefined) ?? found[0])
          : found.find((item) => item.project === project);
      return secret === undefined ? undefined : shown(secret);
    },
    async save(body, { existing }) {
      const project = body.project ?? '';
      const known = own().find(
        (secret) => sameRepository(secret.repository.url, body.repo) && (secret.project ?? '') === project,
      );
      const { repo: url, ...values } = body;
      await writeSecret(deps, types.repository, known?.secretName, { url, ...values }, existing);
      return { repo: url, type: body.type || 'git', ...(project === '' ? {} : { project }) };
    },
    async remove({ repo, project }) {
      const secrets = own().filter(
        (secret) => sameRepository(secret.repository.url, repo) && secret.project === project,
      );
      for (const { secretName } of secrets) await deleteSecret(deps, secretName);
    },
    async check(body, signal) {
      const parsed = parseRepositorySecret(
        secretOf(types.repository, 'check', { url: body.repo, ...withoutRepo(body) }),
        false,
      );
      if (parsed === undefined) return { status: 'Failed', message: 'the address is missing' };
      const sources = [...templates(), parsed];
      const repository = repositoryFor(body.repo, parsed.project ?? '', sources, sameRepository);
      return await checks.of(settings.withTrust(repository), true, signal);
    },
    templates: () => templates().map(templateView),
    async saveTemplate(body, existing) {
      const known = templates().find(({ repository }) => repository.url === body.url);
      await writeSecret(deps, types.template, known?.secretName, { ...body }, existing);
      return { url: body.url, type: body.type || 'git' };
    },
    async removeTemplate(url) {
      const found = templates().filter(({ repository }) => repository.url === url);
      if (found.length === 0)
        throw new RepositoryWriteError('NOT_FOUND', 'on-change', `There are no credentials for ${url}`);
      for (const { secretName } of found) await deleteSecret(deps, secretName);
    },
  };
}

/** Remembers for some minutes what an attempt to read a repository came to. */
class ConnectionChecks {
  readonly #deps: RepositoriesDeps;
  readonly #known = new Lru<{ at: number; state: ConnectionState }>(REMEMBERED);

  constructor(deps: RepositoriesDeps) {
    this.#deps = deps;
  }

  async of(repository: Repository, forced: boolean, signal: AbortSignal): Promise<ConnectionState> {
    const { clock } = this.#deps;
    const key = digestOf(repository);
    const known = this.#known.get(key);
    if (!forced && known !== undefined && clock.monotonic() - known.at < REMEMBERED_MS) return known.state;
    const state = await this.#attempt(repository, signal);
    this.#known.set(key, { at: clock.monotonic(), state });
    return state;
  }

  async #attempt(repository: Repository, signal: AbortSignal): Promise<ConnectionState> {
    const { clock, mirrors, packages } = this.#deps;
    const attemptedAt = rfc3339(clock.now());
    const late = new AbortController();
    const timer = clock.after(CHECK_MS, () => late.abort());
    try {
      const ends = AbortSignal.any([signal, late.signal]);
      if (repository.type === 'git') await mirrors.get(repository).check(ends);
      else await packages.check(repository, ends);
      return { status: 'Successful', message: '', attemptedAt };
    } catch (error) {
      signal.throwIfAborted();
      const message = late.signal.aborted ? `no answer within ${CHECK_MS / 1000} s` : messageOf(error);
      return { status: 'Failed', message, attemptedAt };
    } finally {
      timer.cancel();
    }
  }
}

/** @param used its own credential, or the one that is lent to it */
function viewOf(
  { repository, name, project, enableOci }: RepositorySecret,
  used: RepositoryCredential,
): RepositoryView {
  const { url, type, credential, insecure, insecureIgnoreHostKey, enableLfs, proxy, noProxy } = repository;
  return {
    repo: url,
    type,
    ...(name === undefined ? {} : { name }),
    ...(project === undefined ? {} : { project }),
    ...(used.kind === 'basic' && used.username !== '' ? { username: used.username } : {}),
    ...appView(used),
    ...(insecure === true ? { insecure } : {}),
    ...(insecureIgnoreHostKey === true ? { insecureIgnoreHostKey } : {}),
    ...(enableLfs === true ? { enableLfs } : {}),
    ...(enableOci ? { enableOCI: true } : {}),
    ...(proxy === undefined ? {} : { proxy: withoutPassword(proxy) }),
    ...(noProxy === undefined ? {} : { noProxy }),
    ...(credential.kind === 'none' && used.kind !== 'none' ? { inheritedCreds: true } : {}),
  };
}

function templateView({ repository: { url, type, credential } }: RepositorySecret): RepositoryTemplateView {
  return {
    url,
    type,
    ...(credential.kind === 'basic' && credential.username !== '' ? { username: credential.username } : {}),
    ...appView(credential),
  };
}

/** The ids of a GitHub App; they name it and open nothing. */
function appView(
  credential: RepositoryCredential,
): Pick<RepositoryView, 'githubAppID' | 'githubAppInstallationID'> {
  if (credential.kind !== 'github-app') return {};
  const { appId, installationId } = credential;
  return {
    githubAppID: appId,
    ...(installationId === undefined ? {} : { githubAppInstallationID: installationId }),
  };
}

function withoutPassword(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@]*@/, '$1');
}

function withoutRepo({ repo: _, ...values }: RepositoryBody): Omit<RepositoryBody, 'repo'> {
  return values;
}

async function writeSecret(
  deps: RepositoriesDeps,
  type: SecretType,
  known: string | undefined,
  values: Readonly<Record<string, unknown>> & { readonly url: string },
  existing: 'replace' | 'refuse',
): Promise<void> {
  const { home, namespace } = deps;
  if (known !== undefined && existing === 'refuse') {
    throw new RepositoryWriteError(
      'ALREADY_EXISTS',
      'on-change',
      `${withoutPassword(values.url)} is configured already; use upsert to change it`,
    );
  }
  const secret = secretOf(type, known ?? nameOf(type, values), values);
  const object: KubeObject = { ...secret, metadata: { ...secret.metadata, namespace } };
  if (known === undefined) {
    await home.create(wellKnown.secrets, object, MANAGER);
    return;
  }
  // Replaced as a whole: a credential that is left out is meant to go.
  const body = [
    { op: 'remove', path: '/data' },
    { op: 'add', path: '/data', value: object['data'] },
  ];
  await home.patch(wellKnown.secrets, { namespace, name: known }, { type: 'json', body }, MANAGER);
}

function secretOf(type: SecretType, name: string, values: Readonly<Record<string, unknown>>): KubeObject {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    if (FOUND_OUT.has(key) || (value === 0 && key.startsWith('githubApp'))) continue;
    if (value === null || value === undefined || value === '' || value === false) continue;
    data[key] = Buffer.from(String(value)).toString('base64');
  }
  const annotations = { 'managed-by': 'argocd.argoproj.io' };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: { [labels.secretType]: type }, annotations },
    data,
  };
}

/** The names Argo CD gives: a prefix and the 32-bit FNV-1a of address and project. */
function nameOf(type: SecretType, values: { readonly url: string; readonly project?: unknown }): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${values.url}${values.project ?? ''}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return `${PREFIXES[type]}-${hash}`;
}

async function deleteSecret({ home, namespace }: RepositoriesDeps, name: string): Promise<void> {
  await home.delete(wellKnown.secrets, { namespace, name });
}

function certificatesOf(settings: Settings): CertificateView[] {
  const ssh = knownHostsOf(settings.knownHosts()).map(
    (entry): CertificateView => ({
      serverName: entry.host,
      certType: 'ssh',
      certSubType: entry.keyType,
      certData: Buffer.from(entry.key).toString('base64'),
      certInfo: fingerprintOf(entry),
    }),
  );
  const https = Object.entries(settings.configMap(TLS_CERTIFICATES)).map(
    ([serverName, pem]): CertificateView => {
      const facts = certificateFacts(pem);
      return {
        serverName,
        certType: 'https',
        certSubType: facts?.keyType ?? 'unknown',
        certData: Buffer.from(pem).toString('base64'),
        certInfo: facts?.subject ?? 'not a certificate',
      };
    },
  );
  return [...ssh, ...https];
}

function matches(view: CertificateView, filter: CertificateFilter): boolean {
  const { hostNamePattern = '', certType = '', certSubType = '' } = filter;
  return (
    (hostNamePattern === '' || isLike(view.serverName, hostNamePattern)) &&
    (certType === '' || certType === '*' || certType === view.certType) &&
    (certSubType === '' || certSubType === '*' || certSubType === view.certSubType)
  );
}

/** `*` stands for any characters; walks both texts once, so no pattern makes it slow. */
function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...others] = parts;
  if (others.length === 0) return text === pattern;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || !text.slice(first.length).endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

async function addCertificates(
  deps: RepositoriesDeps,
  { items }: CertificateBody,
  replace: boolean,
): Promise<readonly CertificateView[]> {
  const { settings } = deps;
  const hosts: KnownHost[] = [];
  const pems: Record<string, string> = {};
  for (const { serverName, certType, certSubType, certData } of items) {
    const text = Buffer.from(certData, 'base64').toString('utf8');
    if (certType === 'https') {
      if (certificateFacts(text) === undefined) throw unusable(serverName, 'a PEM certificate');
      pems[serverName.toLowerCase()] = text;
      continue;
    }
    const keyType = certSubType ?? '';
    if (!/^[a-z0-9@.-]{3,60}$/.test(keyType) || !/^[A-Za-z0-9+/]{20,}={0,2}$/.test(text))
      throw unusable(serverName, 'an SSH host key');
    hosts.push({ host: serverName, keyType, key: text });
  }
  const before = certificatesOf(settings);
  const conflict = items.find(({ serverName, certType, certSubType, certData }) =>
    before.some(
      (known) =>
        known.serverName === serverName &&
        known.certType === certType &&
        (certType === 'https' || known.certSubType === certSubType) &&
        known.certData !== certData,
    ),
  );
  if (conflict !== undefined && !replace) {
    throw new RepositoryWriteError(
      'ALREADY_EXISTS',
      'on-change',
      `${conflict.serverName} is trusted by another ${conflict.certType} key already; use upsert to change it`,
    );
  }
  if (hosts.length > 0)
    await writeConfigMap(deps, KNOWN_HOSTS, {
      ssh_known_hosts: withKnownHosts(settings.knownHosts(), hosts),
    });
  if (Object.keys(pems).length > 0) await writeConfigMap(deps, TLS_CERTIFICATES, pems);
  return items.map(({ serverName, certType, certSubType, certData }) => ({
    serverName,
    certType,
    certSubType: certSubType ?? '',
    certData,
    certInfo: '',
  }));
}

function unusable(host: string, what: string): RepositoryWriteError {
  return new RepositoryWriteError('INVALID', 'on-change', `What was given for ${host} is not ${what}`);
}

async function removeCertificates(
  deps: RepositoriesDeps,
  filter: CertificateFilter,
): Promise<readonly CertificateView[]> {
  const { settings } = deps;
  const removed = certificatesOf(settings).filter((view) => matches(view, filter));
  const ssh = removed.filter(({ certType }) => certType === 'ssh');
  const https = removed.filter(({ certType }) => certType === 'https');
  if (ssh.length > 0) {
    const isRemoved = ({ host, keyType }: KnownHost): boolean =>
      ssh.some(({ serverName, certSubType }) => serverName === host && certSubType === keyType);
    await writeConfigMap(deps, KNOWN_HOSTS, {
      ssh_known_hosts: withoutKnownHosts(settings.knownHosts(), isRemoved),
    });
  }
  if (https.length > 0) {
    await writeConfigMap(
      deps,
      TLS_CERTIFICATES,
      Object.fromEntries(https.map(({ serverName }) => [serverName, null])),
    );
  }
  return removed;
}
