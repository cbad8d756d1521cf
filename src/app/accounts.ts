// The admin account and the signing key, kept in the Secrets where Argo CD keeps them: `argocd-secret` and
// `argocd-initial-admin-secret`. Created at the first start; read from the watched settings afterwards.
import type { Settings } from '../controllers/index.ts';
import { isKubeError, type KubeClient, type KubeObject, wellKnown } from '../k8s/index.ts';
import { type Clock, type Random, randomName, rfc3339 } from '../lib/index.ts';
import { type Accounts, hashPassword } from '../server/index.ts';

const SECRET = 'argocd-secret';
const INITIAL = 'argocd-initial-admin-secret';
const PART_OF = { 'app.kubernetes.io/part-of': 'argocd' } as const;
const PASSWORD_LENGTH = 24;
const KEY_BYTES = 32;
/** Ended sessions that are remembered; each leaves with its own expiry. */
const MAX_REVOKED = 100_000;

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

/** The password of the first sign-in, while nobody has removed its Secret. */
export async function initialPassword(home: KubeClient, namespace: string): Promise<string | undefined> {
  const initial = await home.find(wellKnown.secrets, { namespace, name: INITIAL });
  const text = ((initial?.['data'] ?? {}) as Record<string, string>)['password'];
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

/** Accounts over the watched Secrets: a changed password counts at once. */
export function kubernetesAccounts({ settings, clock }: AccountDeps): Accounts {
  const revoked = new Map<string, number>();
  return {
    get(name) {
      if (name !== 'admin') return undefined;
      const values = settings.secret(SECRET) ?? {};
      const changedAt = Date.parse(values['admin.passwordMtime'] ?? '');
      return {
        name,
        enabled: settings.config('admin.enabled') !== 'false',
        ...(values['admin.password'] === undefined ? {} : { passwordHash: values['admin.password'] }),
        ...(Number.isNaN(changedAt) ? {} : { passwordChangedAt: changedAt }),
      };
    },
    signingKey() {
      const key = settings.secret(SECRET)?.['server.secretkey'];
      if (key === undefined)
        throw new Error(`Secret ${SECRET} has no server.secretkey; restart Fairlead to have one made`);
      return Buffer.from(key, 'utf8');
    },
    async revoke(id, expiresAt) {
      const now = clock.now();
      for (const [known, until] of revoked)
        if (until <= now || revoked.size >= MAX_REVOKED) revoked.delete(known);
      revoked.set(id, expiresAt);
    },
    isRevoked: (id) => (revoked.get(id) ?? 0) > clock.now(),
  };
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
