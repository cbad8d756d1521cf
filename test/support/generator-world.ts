// Where generators of ApplicationSets run in tests: Secrets of a real API, requests over the real client.
import { startApiServer } from '../../src/apiserver/index.ts';
import type { ApplicationSetDeps } from '../../src/controllers/application-set/deps.ts';
import { createFiller } from '../../src/controllers/application-set/filling.ts';
import type { GeneratorContext } from '../../src/controllers/application-set/generators/generator.ts';
import { GitHubTokens } from '../../src/git/index.ts';
import { connectionOfKubeconfig, createKubeClient, type KubeClient, wellKnown } from '../../src/k8s/index.ts';
import { createHttpClient, silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import type { ApplicationSet } from '../../src/model/index.ts';

const DEPS = { clock: systemClock, random: systemRandom, log: silentLogger };
const NAMESPACE = 'sets';

export interface GeneratorWorld {
  /** A client of the API that Secrets and ConfigMaps are in. */
  readonly home: KubeClient;
  /** The namespace of the set. */
  readonly namespace: string;
  context(options?: ContextOptions): GeneratorContext;
  secret(name: string, data: Readonly<Record<string, string>>): Promise<void>;
  configMap(name: string, data: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

export interface ContextOptions {
  readonly isGoTemplate?: boolean;
  readonly goTemplateOptions?: readonly string[];
  /** Where requests to a public address go in its place: an origin by an origin. */
  readonly reroute?: Readonly<Record<string, string>>;
  readonly scmProviderRefusal?: ApplicationSetDeps['scmProviderRefusal'];
  readonly generators?: readonly object[];
  readonly clusters?: ApplicationSetDeps['clusters'];
  readonly files?: ApplicationSetDeps['files'];
}

export async function startGeneratorWorld(): Promise<GeneratorWorld> {
  const api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const home = createKubeClient(await connectionOfKubeconfig(api.kubeconfig(), DEPS), {}, DEPS);
  await home.create(wellKnown.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  return {
    home,
    namespace: NAMESPACE,
    context: (options = {}) => contextOf(home, options),
    async secret(name, data) {
      const encoded = Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ]);
      await home.create(wellKnown.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: NAMESPACE },
        data: Object.fromEntries(encoded),
      });
    },
    async configMap(name, data) {
      await home.create(wellKnown.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: NAMESPACE },
        data,
      });
    },
    async close() {
      await home.close();
      await api.close();
    },
  };
}

function contextOf(home: KubeClient, options: ContextOptions): GeneratorContext {
  const {
    isGoTemplate = false,
    goTemplateOptions,
    reroute = {},
    scmProviderRefusal = () => undefined,
  } = options;
  const http: ApplicationSetDeps['http'] = {
    async send(call, server) {
      const asked = new URL(call.url);
      const origin = reroute[asked.origin] ?? asked.origin;
      const client = createHttpClient(origin, server);
      try {
        const answer = await client.send({ ...call, url: `${origin}${asked.pathname}${asked.search}` });
        return { ...answer, url: answer.url.replace(origin, asked.origin) };
      } finally {
        await client.close();
      }
    },
  };
  const set = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name: 'shops', namespace: NAMESPACE },
    spec: {
      goTemplate: isGoTemplate,
      goTemplateOptions,
      generators: options.generators ?? [],
      template: { spec: { project: 'default' } },
    },
  } as unknown as ApplicationSet;
  const notGiven = (): never => {
    throw new Error('the test gives none');
  };
  const deps: Omit<ApplicationSetDeps, 'leadership' | 'evaluator'> = {
    clock: systemClock,
    log: silentLogger,
    home,
    http,
    controlNamespace: NAMESPACE,
    scmProviderRefusal,
    async gitHubToken(of, url) {
      const { credential } = await new GitHubTokens(systemClock).usable({ url, type: 'git', credential: of });
      return credential.kind === 'basic' ? credential.password : '';
    },
    clusters: options.clusters ?? notGiven,
    files: options.files ?? notGiven,
    project: notGiven,
    refusal: () => undefined,
    applications: notGiven,
  };
  return {
    deps: deps as ApplicationSetDeps,
    set,
    filler: createFiller(set.spec, systemClock),
    signal: new AbortController().signal,
  };
}
