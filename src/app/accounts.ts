// The admin account and the signing key, kept in the Secrets where Argo CD keeps them: `argocd-secret` and
// `argocd-initial-admin-secret`. Created at the first start; read from the watched settings afterwards.
import { createHmac } from 'node:crypto';
import { readAccount, readAccounts, secretKeys, type TokenFacts } from '../access/index.ts';
import { applicationType, type Settings } from '../controllers/index.ts';
import { isKubeError, type KubeClient, type KubeObject, wellKnown } from '../k8s/index.ts';
import { type Clock, parseDurationMs, type Random, randomName, rfc3339, sha256 } from '../lib/index.ts';
import type { AppProject } from '../model/index.ts';
import { type Accounts, hashPassword } from '../server/index.ts';

const SECRET = 'argocd-secret';
const INITIAL = 'argocd-initial-admin-secret';
const PART_OF = { 'app.kubernetes.io/part-of': 'argocd' } as const;
const PASSWORD_LENGTH = 24;
const KEY_BYTES = 32;
/** Holds the ids of sessions that ended early. */
const ENDED = 'fairlead-ended-sessions';
/** Names that were guessed for too often, by their digest. */
const LOCKED = 'fairlead-locked-sign-ins';
/** A lock takes five password checks and ends after five minutes, so there are never this many. */
const MAX_LOCKED = 2_000;
/** Notes that replicas leave for each other while people sign in. */
const NOTES = 'fairlead-sign-ins';
/** Notes at once: each is there for the moment between a person's approval and the next question. */
const MAX_NOTES = 50;
/** Ended sessions that are remembered; each leaves with its own expiry. A Secret holds a megabyte. */
const MAX_REVOKED = 10_000;
const SESSION_MS = 24 * 3_600_000;
const MAX_TOKEN = 'users.token.maxDuration';
const PASSWORD_PATTERN = '^.{8,32}$';
const SHOWN_TRIES = 100;
const SHOWN_POLL_MS = 20;

export interface AccountDeps {
  readonly home: KubeClient;
  readonly namespace: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes sure that there is a signing key and an admin password. */
export async function ensureAccounts(
  deps: Pick<AccountDeps, 'home' | 'namespace' | 'clock' | 'random'>,
): Promise<void> {
  const { home, namespace, clock, random } = deps;
  const existing = await home.find(wellKnown.secrets, { namespace, name: SECRET });
  const data = (existing?.['data'] ?? {}) as Record<string, string>;
  const missing: Record<string, string> = {};
  if (data['server.secretkey'] === undefined) {
    missing['server.secretkey'] = Buffer.from(random.bytes(KEY_BYTES)).toString('base64');
  }
  if (data['admin.password'] === undefined) {
    const password = randomName(random, PASSWORD_LENGTH);
    await createIfAbsent(home, secret(namespace, INITIAL, { password }));
    // Another replica may have been first; its password is the one that counts.
    const initial = await home.get(wellKnown.secrets, { namespace, name: INITIAL });
    const chosen = Buffer.from(
      ((initial['data'] ?? {}) as Record<string, string>)['password'] ?? '',
      'base64',
    ).toString('utf8');
    missing['admin.password'] = await hashPassword(chosen);
    missing['admin.passwordMtime'] = rfc3339(clock.now());
  }
  if (Object.keys(missing).length === 0) return;
  if (existing === undefined) await createIfAbsent(home, secret(namespace, SECRET, missing));
  else
    await home.patch(
      wellKnown.secrets,
      { namespace, name: SECRET },
      { type: 'merge', body: { stringData: missing } },
    );
}

/** Signs stored renders: the cluster keeps what it comes from, the folder of the renders does not. */
export function renderStoreKey(settings: Pick<Settings, 'secret'>): Uint8Array | undefined {
  const key = settings.secret(SECRET)?.['server.secretkey'] ?? '';
  return key === '' ? undefined : createHmac('sha256', key).update('fairlead renders').digest();
}

/** The password of the first sign-in, while nobody has removed its Secret. */
export async function initialPassword(home: KubeClient, namespace: string): Promise<string | undefined> {
  const initial = await home.find(wellKnown.secrets, { namespace, name: INITIAL });
  const text = ((initial?.['data'] ?? {}) as Record<string, string>)['password'];
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

/** Accounts over the watched Secrets: a changed password, a removed token or an ended session counts at once. */
export function kubernetesAccounts({ settings, home, namespace, clock }: AccountDeps): Accounts {
  const config = () => settings.configMap('argocd-cm');
  const values = () => settings.secret(SECRET) ?? {};
  const ended = sharedMarks({ settings, home, namespace, clock }, ENDED, MAX_REVOKED);
  const locked = sharedMarks({ settings, home, namespace, clock }, LOCKED, MAX_LOCKED);
  const write = async (stringData: Record<string, string | null>): Promise<void> => {
    const data = Object.entries(stringData).map(([key, value]) => [
      key,
      value === null ? null : Buffer.from(value).toString('base64'),
    ]);
    const body = { data: Object.fromEntries(data) };
    await home.patch(wellKnown.secrets, { namespace, name: SECRET }, { type: 'merge', body });
    // Whoever asked reads their own write.
    const isShown = (): boolean =>
      Object.entries(stringData).every(([key, value]) => (values()[key] ?? null) === value);
    for (let tries = 0; tries < SHOWN_TRIES && !isShown(); tries += 1) await clock.sleep(SHOWN_POLL_MS);
  };
  const get = (name: string) => readAccount(name, config(), values());
  const tokensOf = (name: string): readonly TokenFacts[] => get(name)?.tokens ?? [];
  return {
    get,
    list: () => readAccounts(config(), values()),
    sessionMs: () => parseDurationMs(config()['users.session.duration'] ?? '') ?? SESSION_MS,
    passwordPattern: () => config()['passwordPattern'] || PASSWORD_PATTERN,
    maxTokenSeconds: () => Math.floor((parseDurationMs(config()[MAX_TOKEN] ?? '') ?? 0) / 1000),
    hasInitialPassword: () => settings.secret(INITIAL) !== undefined,
    async setPassword(name, hash) {
      const keys = secretKeys(name);
      await write({ [keys.password]: hash, [keys.passwordMtime]: rfc3339(clock.now()) });
      if (name !== 'admin') return;
      // It opens nothing any more, and would mislead whoever finds it.
      await home.delete(wellKnown.secrets, { namespace, name: INITIAL }).catch((error: unknown) => {
        if (!isKubeError(error, 'NOT_FOUND')) throw error;
      });
    },
    addToken: (name, token) =>
      write({ [secretKeys(name).tokens]: JSON.stringify([...tokensOf(name), token]) }),
    removeToken: (name, id) =>
      write({ [secretKeys(name).tokens]: JSON.stringify(tokensOf(name).filter((item) => item.id !== id)) }),
    ...projectTokens(settings, home, namespace),
    signingKey() {
      const key = values()['server.secretkey'];
      if (key === undefined || key === '')
        throw new Error(`Secret ${SECRET} has no server.secretkey; restart Fairlead to have one made`);
      return Buffer.from(key, 'utf8');
    },
    // Sessions without an end are keys, which leave their own list instead.
    revoke: (id, expiresAt) =>
      ended.mark(id, Number.isFinite(expiresAt) ? expiresAt : clock.now() + SESSION_MS),
    isRevoked: (id) => ended.until(id) > clock.now(),
    lockSignIn: (name, until) => locked.mark(name, until),
    signInLockedUntil: (name) => locked.until(name),
    ...signInNotes({ settings, home, namespace, clock }),
  };
}

/** Tokens of project roles, listed in the AppProject itself. */
function projectTokens(
  settings: Settings,
  home: KubeClient,
  namespace: string,
): Pick<Accounts, 'projectTokens' | 'addProjectToken' | 'removeProjectToken'> {
  const roleOf = (project: string, role: string) =>
    settings.project(project)?.spec.roles?.find(({ name }) => name === role);
  const change = async (
    project: string,
    role: string,
    edit: (tokens: readonly TokenFacts[]) => readonly TokenFacts[],
  ): Promise<void> => {
    const ref = { namespace, name: project };
    const object = await home.get<AppProject>(projectType, ref);
    const roles = (object.spec.roles ?? []).map((item) =>
      item.name === role ? { ...item, jwtTokens: edit(facts(item.jwtTokens)) } : item,
    );
    const { resourceVersion } = object.metadata;
    const body = { metadata: { resourceVersion }, spec: { roles } };
    await home.patch(projectType, ref, { type: 'merge', body });
  };
  return {
    projectTokens(project, role) {
      const found = roleOf(project, role);
      return found === undefined ? undefined : facts(found.jwtTokens);
    },
    addProjectToken: (project, role, token) => change(project, role, (tokens) => [...tokens, token]),
    removeProjectToken: (project, role, iat) =>
      change(project, role, (tokens) => tokens.filter((token) => token.iat !== iat)),
  };
}

const projectType = { ...applicationType, kind: 'AppProject', resource: 'appprojects' };

function facts(
  tokens: readonly { iat: number; exp?: number | undefined; id?: string | undefined }[] = [],
): TokenFacts[] {
  return tokens.map(({ iat, exp = 0, id = '' }) => ({ iat, exp, id }));
}

/** What counts until some time, by an id: here at once, and in a Secret that every replica watches. */
function sharedMarks(
  { settings, home, namespace, clock }: Omit<AccountDeps, 'random'>,
  name: string,
  max: number,
) {
  const here = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const now = clock.now();
    const written = settings.secret(name) ?? {};
    const wanted = new Map([
      ...Object.entries(written).map(([key, until]) => [key, Number(until)] as const),
      ...here,
    ]);
    const live = [...wanted].filter(([, until]) => until > now).sort(([, a], [, b]) => b - a);
    const kept = new Map(live.slice(0, max));
    const gone = Object.keys(written).filter((key) => !kept.has(key));
    const fresh = [...kept].filter(([key, until]) => written[key] !== String(until));
    const data = Object.fromEntries([
      ...gone.map((key) => [key, null] as const),
      ...fresh.map(([key, until]) => [key, Buffer.from(String(until)).toString('base64')] as const),
    ]);
    if (Object.keys(data).length === 0) return;
    if (settings.secret(name) === undefined) await createIfAbsent(home, secret(namespace, name, {}));
    await home.patch(wellKnown.secrets, { namespace, name }, { type: 'merge', body: { data } });
  };
  return {
    async mark(id: string, until: number): Promise<void> {
      const now = clock.now();
      for (const [known, end] of here) if (end <= now || here.size >= max) here.delete(known);
      here.set(keyOfId(id), until);
      writing = writing.then(write, write);
      await writing;
    },
    until(id: string): number {
      const key = keyOfId(id);
      return here.get(key) ?? Number(settings.secret(name)?.[key] ?? 0);
    },
  };
}

/** Notes in a Secret that every replica watches, as `<end> <text>`; the oldest leave when there are too many. */
function signInNotes({
  settings,
  home,
  namespace,
  clock,
}: Omit<AccountDeps, 'random'>): Pick<Accounts, 'leaveNote' | 'takeNote'> {
  const ref = { namespace, name: NOTES };
  const write = (data: Record<string, string | null>): Promise<unknown> =>
    home.patch(wellKnown.secrets, ref, { type: 'merge', body: { data } });
  return {
    async leaveNote(key, text, expiresAt) {
      const known = settings.secret(NOTES);
      if (known === undefined) await createIfAbsent(home, secret(namespace, NOTES, {}));
      const ends = Object.entries(known ?? {}).map(([name, note]) => ({
        name,
        end: Number.parseInt(note, 10),
      }));
      const live = ends.filter(({ end }) => end > clock.now()).sort((a, b) => b.end - a.end);
      const kept = new Set(live.slice(0, MAX_NOTES - 1).map(({ name }) => name));
      const gone = ends.filter(({ name }) => !kept.has(name)).map(({ name }) => [name, null] as const);
      const note = Buffer.from(`${expiresAt} ${text}`).toString('base64');
      await write({ ...Object.fromEntries(gone), [key]: note });
    },
    async takeNote(key) {
      const found = settings.secret(NOTES)?.[key];
      if (found === undefined) return undefined;
      await write({ [key]: null });
      const [end = '', text = ''] = found.split(' ');
      return Number(end) > clock.now() ? text : undefined;
    },
  };
}

/** Ids come from tokens; a Secret's keys are of few characters. */
function keyOfId(id: string): string {
  return sha256(id).slice(0, 32);
}

function secret(namespace: string, name: string, stringData: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { ...PART_OF } },
    stringData,
  };
}

async function createIfAbsent(home: KubeClient, object: KubeObject): Promise<void> {
  try {
    await home.create(wellKnown.secrets, object);
  } catch (error) {
    if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
  }
}
