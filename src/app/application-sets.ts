// ApplicationSets for the controller and for the server: what generators read, and how sets are stored. Only wiring.
import {
  type ApplicationDeps,
  ApplicationSetController,
  applicationSetType,
  type GeneratedCluster,
  type GeneratorHttp,
  HOME_NAME,
  HOME_SERVER,
  type RepositoryFiles,
  type SetPolicy,
  type Settings,
  scmProviderRefusal,
  tenantRefusal,
} from '../controllers/index.ts';
import type { Evaluator } from '../evaluate/index.ts';
import { GitHubTokens, normaliseUrl } from '../git/index.ts';
import type { InformerDeps, KubeClient } from '../k8s/index.ts';
import {
  type AddressGuard,
  BugError,
  type Clock,
  createHttpClient,
  defaultAddressGuard,
  digestOf,
  type HttpClient,
  Lru,
  parseDurationMs,
} from '../lib/index.ts';
import {
  type Application,
  type ApplicationSet,
  type GitHubAppCredential,
  integrityPolicy,
} from '../model/index.ts';
import type { ApplicationSets } from '../server/index.ts';
import { namesIn } from './names-in.ts';
import { eventsAbout, shows, watchChanges, whenShown } from './reads.ts';

interface ServedApplications {
  values(): Iterable<Application>;
  isServed(namespace: string): boolean;
}

export interface ApplicationSetParts {
  readonly application: ApplicationDeps;
  readonly settings: Settings;
  readonly evaluator: Evaluator;
  readonly guard: AddressGuard | undefined;
  readonly applications: ServedApplications;
  reconciled(set: ApplicationSet, seconds: number): void;
  noteManagers(set: ApplicationSet): void;
}

export function applicationSetController(
  informerDeps: InformerDeps,
  parts: ApplicationSetParts,
): ApplicationSetController {
  const { application, settings } = parts;
  const tokens = new GitHubTokens(application.clock, parts.guard);
  const parameter = (name: string): string => settings.parameter(`applicationsetcontroller.${name}`) ?? '';
  return new ApplicationSetController(
    {
      clock: application.clock,
      log: application.log,
      home: application.home,
      controlNamespace: application.controlNamespace,
      leadership: application.leadership,
      journal: application.journal,
      evaluator: parts.evaluator,
      gitHubToken: (credential, address) => gitHubToken(tokens, credential, address),
      http: generatorHttp(parts.guard ?? defaultAddressGuard),
      clusters: () => clustersOf(settings),
      project: (name) => settings.project(name),
      files: (url, revision, project, signal) => filesOf(application, { url, revision, project }, signal),
      refusal: (set, repoURL) =>
        tenantRefusal(application, (namespace) => parts.applications.isServed(namespace), set, repoURL),
      scmProviderRefusal: (api, namespace) =>
        scmProviderRefusal(
          {
            controlNamespace: application.controlNamespace,
            isEnabled: parameter('enable.scm.providers') !== 'false',
            allowed: namesIn(parameter('allowed.scm.providers')),
          },
          api,
          namespace,
        ),
      applications: () => parts.applications.values(),
      reconciled: parts.reconciled,
      policy: () => policyOf(parameter('policy'), parameter('enable.policy.override')),
      followsRollingSync: () => parameter('enable.progressive.syncs') === 'true',
      preserved: () => ({
        annotations: namesIn(parameter('global.preserved.annotations')),
        labels: namesIn(parameter('global.preserved.labels')),
      }),
    },
    informerDeps,
    {
      controlNamespace: application.controlNamespace,
      // Not those of applications: a set reads repositories and lists clusters.
      namespaces: () => namesIn(parameter('namespaces')),
      noteManagers: parts.noteManagers,
      requeueAfterMs: () => parseDurationMs(parameter('requeue.after')),
    },
  );
}

async function gitHubToken(tokens: GitHubTokens, of: GitHubAppCredential, url: string): Promise<string> {
  const { credential } = await tokens.usable({ url, type: 'git', credential: of });
  if (credential.kind !== 'basic') throw new BugError('A GitHub App gave no token and no reason');
  return credential.password;
}

/** Servers that generators ask; more at once than this begin with a new connection. */
const KEPT_CLIENTS = 50;

/** Connections last from page to page; those that idle end by themselves. */
function generatorHttp(guard: AddressGuard): GeneratorHttp {
  const clients = new Lru<HttpClient>(KEPT_CLIENTS);
  return {
    async send(call, server = {}) {
      const { origin } = new URL(call.url);
      const key = `${origin} ${digestOf(server)}`;
      const client = clients.get(key) ?? createHttpClient(origin, server, guard);
      clients.set(key, client);
      return await client.send(call);
    },
  };
}

function clustersOf(settings: Settings): readonly GeneratedCluster[] {
  const known = settings.clusters().map(({ name, server, project, labels, annotations }) => ({
    name,
    server,
    project,
    labels,
    annotations,
    isImplicit: false,
  }));
  if (known.some(({ server }) => server === HOME_SERVER)) return known;
  if (settings.config('cluster.inClusterEnabled') === 'false') return known;
  const home = { name: HOME_NAME, server: HOME_SERVER, project: undefined, labels: {}, annotations: {} };
  return [...known, { ...home, isImplicit: true }];
}

async function filesOf(
  deps: ApplicationDeps,
  { url, revision, project }: { readonly url: string; readonly revision: string; readonly project: string },
  signal: AbortSignal,
): Promise<RepositoryFiles> {
  const repository = deps.repositoryFor(url, project);
  const notBefore = deps.clock.monotonic() - deps.snapshotMaxAgeMs;
  const { refs } = await deps.repositories.snapshot(repository, notBefore);
  const mirror = deps.repositories.mirror(repository);
  const resolved = await mirror.resolve(revision, { snapshot: refs, signal });
  const spec = project === '' ? undefined : deps.project(project)?.spec;
  const policy = spec === undefined ? undefined : integrityPolicy(spec, normaliseUrl(url), normaliseUrl);
  if (typeof policy === 'string') throw new TypeError(`project ${project} cannot be used: ${policy}`);
  if (policy !== undefined) await deps.verify(repository, resolved, policy, signal);
  const { objects } = mirror;
  const listed = await objects.files(await objects.rootTree(resolved.id), '');
  const files = new Map(listed.map(({ path, entry }) => [path, entry]));
  return {
    revision: resolved.id,
    paths: [...files.keys()].sort(),
    async read(path) {
      const entry = files.get(path);
      if (entry === undefined || entry.kind === 'link')
        throw new TypeError(`${path} is no file of the repository`);
      return (await objects.blob(entry.id)).toString('utf8');
    },
  };
}

/** The installation's rule; sets may have their own unless it names one and does not let them. */
function policyOf(policy: string, override: string): SetPolicy | undefined {
  const known: readonly SetPolicy[] = ['sync', 'create-only', 'create-update', 'create-delete'];
  const named = known.find((name) => name === policy);
  return override === 'true' ? undefined : named;
}

const MANAGER = { fieldManager: 'fairlead-server' } as const;

export interface ApplicationSetPortParts {
  readonly clock: Clock;
  readonly home: KubeClient;
  readonly controller: ApplicationSetController;
}

export function applicationSetPort({ clock, home, controller }: ApplicationSetPortParts): ApplicationSets {
  const { sets } = controller;
  const written = async (set: ApplicationSet): Promise<ApplicationSet> => {
    const { namespace = '', name = '' } = set.metadata;
    await whenShown(clock, () => shows(sets.get(namespace, name), set));
    return set;
  };
  return {
    isSynced: () => sets.state.synced,
    isServed: (namespace) => sets.isServed(namespace),
    list: () => [...sets.values()],
    get: (namespace, name) => sets.get(namespace, name),
    resourceVersion: () => sets.resourceVersion,
    watch: (handler) => watchChanges(sets, (type, applicationSet) => handler({ type, applicationSet })),
    create: async (set) => written(await home.create<ApplicationSet>(applicationSetType, set, MANAGER)),
    replace: async (set) => written(await home.update<ApplicationSet>(applicationSetType, set, MANAGER)),
    async delete(namespace, name, preconditions) {
      const left = await home.delete(applicationSetType, { namespace, name }, preconditions);
      await whenShown(clock, () => left !== undefined || sets.get(namespace, name) === undefined);
    },
    generate: (set, signal) => controller.generate(set, signal),
    events({ metadata: { namespace = '', uid = '' } }, signal) {
      return eventsAbout(home, { namespace, uid }, signal);
    },
  };
}
