// The scmProvider generator against servers that answer as each forge does.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { z } from 'zod';
import {
  azureDevOps,
  bitbucketCloud,
  bitbucketServer,
  type Forge,
  type ForgeAnswer,
  type ForgeServer,
  forgeCertificate,
  gitea,
  gitHub,
  gitLab,
  SHA,
  startForge,
} from '../../../../test/support/forge-world.ts';
import {
  type ContextOptions,
  type GeneratorWorld,
  startGeneratorWorld,
} from '../../../../test/support/generator-world.ts';
import type { ScmProviderGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { type ScmProviderRules, scmProviderRefusal } from '../tenancy.ts';
import type { Parameters } from './generator.ts';
import { generateFromScmProvider } from './scm-provider.ts';

type Configuration = z.infer<typeof ScmProviderGenerator>;

const TOKEN = 'canary-token';
const ref = { secretName: 'forge', key: 'token' };
const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${TOKEN}`).toString('base64')}`;

let world: GeneratorWorld;
let forge: ForgeServer;

before(async () => {
  world = await startGeneratorWorld();
  await world.secret('forge', { token: `${TOKEN}\n`, empty: '', broken: 'two\nlines' });
  await world.configMap('authorities', { ca: '-----BEGIN CERTIFICATE-----\n', other: 'no certificate' });
});
after(() => world.close());
// One for each test: what an ended call still asks must not count for the next.
beforeEach(async () => {
  forge = await startForge();
});
afterEach(() => forge.close());

/** What differs from forge to forge. */
interface Case {
  readonly forge: Forge;
  readonly authorization: string;
  readonly organization: string;
  readonly repositoryId: (id: number) => string;
  readonly labels: string;
  /** Whether an archived repository can be left out. */
  readonly canArchive: boolean;
  readonly https: string;
  /** Undefined: the forge gives https alone. */
  readonly ssh: string | undefined;
  /** To be found in the message for 404. */
  readonly asked: string;
  configuration(more?: object): Configuration;
}

const BANKS = ['bank main', 'bank mainline', 'bank old'];
const SSH = 'git@git.example.com:acme/shop.git';
const HTTPS = 'https://git.example.com/acme/shop.git';
const CASES: Readonly<Record<string, Case>> = {
  GitHub: {
    forge: gitHub,
    authorization: `Bearer ${TOKEN}`,
    organization: 'acme',
    repositoryId: String,
    labels: 'web,team-a',
    canArchive: true,
    https: HTTPS,
    ssh: SSH,
    asked: 'organization acme',
    configuration: (more) => ({ github: { organization: 'acme', api: forge.url, tokenRef: ref, ...more } }),
  },
  GitLab: {
    forge: gitLab,
    authorization: `Bearer ${TOKEN}`,
    organization: 'parent/acme',
    repositoryId: String,
    labels: 'web,team-a',
    canArchive: false,
    https: HTTPS,
    ssh: SSH,
    asked: 'group parent/acme',
    configuration: (more) => ({
      gitlab: {
        group: 'parent/acme',
        api: `${forge.url}/`,
        tokenRef: ref,
        includeArchivedRepos: true,
        ...more,
      },
    }),
  },
  Gitea: {
    forge: gitea,
    authorization: `token ${TOKEN}`,
    organization: 'acme',
    repositoryId: String,
    labels: 'web,team-a',
    canArchive: true,
    https: 'https://git.example.com/acme/shop',
    ssh: SSH,
    asked: 'organization acme',
    configuration: (more) => ({ gitea: { owner: 'acme', api: forge.url, tokenRef: ref, ...more } }),
  },
  'Bitbucket Cloud': {
    forge: bitbucketCloud,
    authorization: basic('robot'),
    organization: 'acme',
    repositoryId: (id) => `{${id}}`,
    labels: '',
    canArchive: false,
    https: HTTPS,
    ssh: SSH,
    asked: 'workspace acme',
    configuration: (more) => ({ bitbucket: { owner: 'acme', user: 'robot', appPasswordRef: ref, ...more } }),
  },
  'Bitbucket Server': {
    forge: bitbucketServer,
    authorization: basic('robot'),
    organization: 'ACME',
    repositoryId: String,
    labels: '',
    canArchive: false,
    https: HTTPS,
    ssh: SSH,
    asked: 'project ACME',
    configuration: (more) => ({
      bitbucketServer: {
        project: 'ACME',
        api: forge.url,
        basicAuth: { username: 'robot', passwordRef: ref },
        ...more,
      },
    }),
  },
  'Azure DevOps': {
    forge: azureDevOps,
    authorization: basic(''),
    organization: 'acme',
    repositoryId: (id) => `guid-${id}`,
    labels: '',
    canArchive: false,
    https: HTTPS,
    ssh: undefined,
    asked: 'project acme/store',
    configuration: (more) => ({
      azureDevOps: {
        organization: 'acme',
        teamProject: 'store',
        api: forge.url,
        accessTokenRef: ref,
        ...more,
      },
    }),
  },
};

function generate(
  configuration: Configuration,
  options: ContextOptions = {},
): Promise<readonly Parameters[]> {
  const reroute = { 'https://api.bitbucket.org': forge.url, 'https://api.github.com': forge.url };
  return generateFromScmProvider(configuration, world.context({ reroute, ...options }));
}

const fails = (code: string, retry: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationSetError, String(error));
  assert.match(error.message, text);
  assert.deepEqual([error.code, error.retry], [code, retry]);
  assert.doesNotMatch(`${error.message} ${error.stack}`, /canary|secret-body/);
  return true;
};

const brief = (found: readonly Parameters[]): string[] =>
  found.map((each) => `${each['repository']} ${each['branch']}`).sort();

for (const [name, at] of Object.entries(CASES)) {
  const serve = (): void => forge.serve(at.forge, at.authorization);

  test(`${name}: every repository of all pages gives the parameters of its default branch`, async () => {
    serve();
    const found = await generate(at.configuration());
    assert.deepEqual(brief(found), ['bank main', 'shop main']);
    assert.deepEqual(found[0], {
      organization: at.organization,
      repository: 'shop',
      repository_id: at.repositoryId(11),
      url: at.ssh ?? at.https,
      branch: 'main',
      branchNormalized: 'main',
      sha: SHA.main,
      short_sha: '11111111',
      short_sha_7: '1111111',
      labels: at.labels,
    });
  });

  test(`${name}: with allBranches every branch of all pages is there, by the protocol asked for`, async () => {
    serve();
    const found = await generate({ ...at.configuration({ allBranches: true }), cloneProtocol: 'https' });
    assert.deepEqual(brief(found), [...BANKS, 'shop feature/Login_1', 'shop main']);
    const login = found.find(({ branch }) => branch === 'feature/Login_1');
    assert.equal(login?.['url'], at.https);
    assert.equal(login?.['branchNormalized'], 'feature-login-1');
    assert.equal(login?.['sha'], SHA.login);
  });

  test(`${name}: paths are looked for in the commit that was listed`, async () => {
    serve();
    const matching = (filter: object) =>
      generate({ ...at.configuration({ allBranches: true }), filters: [filter] }).then(brief);
    const shops = ['shop feature/Login_1', 'shop main'];
    assert.deepEqual(await matching({ pathsExist: ['deploy/app.yaml'] }), shops);
    assert.deepEqual(await matching({ pathsExist: ['/deploy/'] }), shops);
    assert.deepEqual(await matching({ pathsExist: ['deploy/none.yaml'] }), []);
    assert.deepEqual(await matching({ pathsDoNotExist: ['deploy'] }), BANKS);
    assert.deepEqual(await matching({ pathsExist: ['README.md'], pathsDoNotExist: ['deploy'] }), []);
  });

  const answers: Readonly<Record<string, [ForgeAnswer, string, RegExp]>> = {
    'no such place': [
      { status: 404 },
      'on-change',
      new RegExp(`Cannot list .*${at.asked}.* answered 404; check`),
    ],
    'a refused token': [
      { status: 401, body: 'secret-body' },
      'on-change',
      /answered 401; check that the token/,
    ],
    'a forbidden place': [
      { status: 403, body: 'secret-body' },
      'on-change',
      /answered 403; check that the token/,
    ],
    'too many requests': [
      { status: 429, headers: { 'retry-after': '77' } },
      'backoff',
      /429: too many.* in 77 s/,
    ],
    'a limit as GitHub has it': [
      { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
      'backoff',
      /403: too many requests; use a token/,
    ],
    'a server that fails': [{ status: 502, body: 'secret-body' }, 'backoff', /answered 502/],
    'an answer of nothing': [{ status: 204, body: '' }, 'backoff', /something else.*no JSON/],
    'half of an answer': [{ body: '[{"secret-body": ' }, 'backoff', /something else.*no JSON/],
    'another shape': [
      { body: { value: [{ 'secret-body': 1 }], values: [{}] } },
      'backoff',
      /something else.*missing/,
    ],
    'a page to sign in': [
      { status: 203, body: '<html>secret-body' },
      'on-change',
      /answered 203; check that the token/,
    ],
  };
  for (const [what, [answer, retry, message]] of Object.entries(answers))
    test(`${name}: ${what} is a failure, not an empty list`, async () => {
      serve();
      forge.answerAt(1, answer);
      await assert.rejects(generate(at.configuration()), fails('GENERATOR_FAILED', retry, message));
    });

  test(`${name}: what fails after the first page is a failure, not a shorter list`, async () => {
    for (const answer of [{ status: 500 }, { status: 404 }, { body: '[' }]) {
      serve();
      forge.answerAt(2, answer);
      await assert.rejects(
        generate(at.configuration({ allBranches: true })),
        fails(
          'GENERATOR_FAILED',
          answer.status === 404 && name === 'Azure DevOps' ? 'on-change' : 'backoff',
          /^Cannot list/,
        ),
      );
    }
  });

  test(`${name}: a redirect to another host gets no token, and what it answers does not count`, async () => {
    const other = await startForge();
    try {
      other.serve(at.forge);
      serve();
      forge.answerAt(1, { status: 302, headers: { location: `${other.url}/somewhere` } });
      await assert.rejects(
        generate(at.configuration()),
        fails('GENERATOR_FAILED', 'on-change', /redirects to 127\.0\.0\.1:\d+, which gets no credential/),
      );
      assert.deepEqual(
        other.calls.map(({ authorization }) => authorization),
        [undefined],
      );
    } finally {
      await other.close();
    }
  });

  test(`${name}: a Secret that is missing is named, and nobody is asked`, async () => {
    serve();
    const missing = { secretName: 'nowhere', key: 'token' };
    const refs = {
      tokenRef: missing,
      accessTokenRef: missing,
      appPasswordRef: missing,
      basicAuth: { username: 'robot', passwordRef: missing },
    };
    await assert.rejects(
      generate(at.configuration(refs)),
      fails('SET_INVALID', 'on-change', /There is no key "token" of Secret nowhere in namespace sets/),
    );
    assert.equal(forge.calls.length, 0);
  });
}

test('archived repositories are left out where the author says so', async () => {
  for (const [name, at] of Object.entries(CASES).filter(([, { canArchive }]) => canArchive)) {
    forge.serve(at.forge, at.authorization);
    const found = await generate(at.configuration({ excludeArchivedRepos: true }));
    assert.deepEqual(brief(found), ['shop main'], name);
  }
  const gitlab = CASES['GitLab'] as Case;
  forge.serve(gitlab.forge, gitlab.authorization);
  assert.deepEqual(brief(await generate(gitlab.configuration({ includeArchivedRepos: false }))), [
    'shop main',
  ]);
});

test('a GitLab group is asked for what the author chose: subgroups, shared projects, one topic', async () => {
  const at = CASES['GitLab'] as Case;
  forge.serve(at.forge, at.authorization);
  await generate(at.configuration());
  const query = (name: string): string | null => forge.calls[0]?.url.searchParams.get(name) ?? null;
  assert.deepEqual(['include_subgroups', 'with_shared', 'topic', 'archived'].map(query), [
    'false',
    'true',
    null,
    null,
  ]);
  forge.serve(at.forge, at.authorization);
  const chosen = { includeSubgroups: true, includeSharedProjects: false, topic: 'team-a' };
  assert.deepEqual(brief(await generate(at.configuration(chosen))), ['shop main']);
  assert.deepEqual(['include_subgroups', 'with_shared', 'topic'].map(query), ['true', 'false', 'team-a']);
});

test('any filter may match, and within one every condition holds', async () => {
  const at = CASES['GitHub'] as Case;
  const matching = async (...filters: object[]): Promise<string[]> => {
    forge.serve(at.forge, at.authorization);
    return brief(await generate({ ...at.configuration({ allBranches: true }), filters }));
  };
  assert.deepEqual(await matching({ repositoryMatch: '^sh' }), ['shop feature/Login_1', 'shop main']);
  assert.equal(
    forge.calls.some(({ url }) => /bank/.test(url.pathname)),
    false,
    'the branches of others are not asked for',
  );
  assert.deepEqual(await matching({ repositoryMatch: '^sh', branchMatch: 'main' }), ['shop main']);
  assert.deepEqual(await matching({ labelMatch: '^team\\-' }), ['shop feature/Login_1', 'shop main']);
  assert.deepEqual(await matching({ branchMatch: '(?i)LOGIN' }, { repositoryMatch: 'bank' }), [
    ...BANKS,
    'shop feature/Login_1',
  ]);
  assert.deepEqual(await matching({ repositoryMatch: 'shop', labelMatch: 'none' }), []);
  assert.deepEqual(await matching({}), [...BANKS, 'shop feature/Login_1', 'shop main']);
});

test('values use the parameters, in the language of the set', async () => {
  const at = CASES['GitHub'] as Case;
  const configuration = { ...at.configuration(), filters: [{ repositoryMatch: 'shop' }] };
  forge.serve(at.forge, at.authorization);
  const values = { name: '{{repository}}-{{ short_sha }}', other: '{{values.name}} {{none}}' };
  const [flat] = await generate({ ...configuration, values });
  assert.equal(flat?.['values.name'], 'shop-11111111');
  assert.equal(flat?.['values.other'], '{{values.name}} {{none}}');
  forge.serve(at.forge, at.authorization);
  const nested = { ...configuration, values: { name: '{{ .repository | upper }}-{{ .labels }}' } };
  const [go] = await generate(nested, { isGoTemplate: true });
  assert.deepEqual(go?.['values'], { name: 'SHOP-web,team-a' });
  const strict = { isGoTemplate: true, goTemplateOptions: ['missingkey=error'] };
  forge.serve(at.forge, at.authorization);
  await assert.rejects(
    generate({ ...configuration, values: { name: '{{ .none }}' } }, strict),
    fails('TEMPLATE_FAILED', 'on-change', /Cannot fill in .* no entry for key/),
  );
});

test('a GitHub App asks with a token of its installation, which its key is exchanged for at the same server', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const githubAppPrivateKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const app = { githubAppID: '4711', githubAppPrivateKey };
  await world.secret('installed', {
    ...app,
    githubAppInstallationID: '99',
    githubAppEnterpriseBaseUrl: `${forge.url}/api/v3`,
  });
  await world.secret('elsewhere', { ...app, githubAppInstallationID: '99' });
  await world.secret('anywhere', { ...app, githubAppEnterpriseBaseUrl: `${forge.url}/api/v3` });
  const given = { token: 'ghs_canary', expires_at: new Date(Date.now() + 3_600_000).toISOString() };
  forge.serve((call) => {
    const isExchange =
      call.method === 'POST' && call.url.pathname === '/api/v3/app/installations/99/access_tokens';
    if (isExchange && /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(call.authorization ?? ''))
      return { status: 201, body: given };
    return call.authorization === 'Bearer ghs_canary' ? gitHub(call) : { status: 401 };
  });
  const ask = (appSecretName: string) =>
    generate(CASES['GitHub']?.configuration({ appSecretName, tokenRef: undefined }) as Configuration);
  assert.ok((await ask('installed')).length > 0);
  await assert.rejects(ask('elsewhere'), fails('SET_INVALID', 'on-change', /are two servers/));
  await assert.rejects(ask('anywhere'), fails('SET_INVALID', 'on-change', /says no installation/));
});

test('what only the author can mend is said before anybody is asked', async () => {
  const github = (more: object) => CASES['GitHub']?.configuration(more) as Configuration;
  const server = (more: object) => CASES['Bitbucket Server']?.configuration(more) as Configuration;
  const cases: Readonly<Record<string, [Configuration, RegExp]>> = {
    'no provider': [{}, /names one of github, .* has none/],
    'two providers': [{ ...github({}), ...server({}) }, /has github and bitbucketServer/],
    CodeCommit: [{ awsCodeCommit: {} }, /awsCodeCommit is not supported.*list generator/],
    'no such GitHub App': [github({ appSecretName: 'app' }), /There is no Secret app in namespace sets/],
    'a Secret without a GitHub App': [github({ appSecretName: 'forge' }), /Secret forge holds no GitHub App/],
    'another protocol': [{ ...github({}), cloneProtocol: 'ftp' }, /cloneProtocol.*"ftp"; write ssh or https/],
    'no pattern': [
      { ...github({}), filters: [{ branchMatch: '(' }] },
      /branchMatch "\(": not a regular expression/,
    ],
    'a path out of the repository': [
      { ...github({}), filters: [{ pathsExist: ['../../x'] }] },
      /path "\.\.\/\.\.\/x" .* without dots/,
    ],
    'an organization of dots': [github({ organization: '..' }), /".."/],
    'no address': [github({ api: 'git.example.com' }), /api must be an address/],
    'an address with a password': [github({ api: 'https://canary:x@git.example.com' }), /without user/],
    'a missing key': [
      github({ tokenRef: { secretName: 'forge', key: 'other' } }),
      /no key "other" of Secret forge in namespace sets/,
    ],
    'an empty token': [
      github({ tokenRef: { secretName: 'forge', key: 'empty' } }),
      /Key empty .* holds no token/,
    ],
    'a token of two lines': [
      github({ tokenRef: { secretName: 'forge', key: 'broken' } }),
      /Key broken .* no token/,
    ],
    'a missing authority': [
      server({ caRef: { configMapName: 'none', key: 'ca' } }),
      /There is no ConfigMap none in namespace sets/,
    ],
    'what is no authority': [
      server({ caRef: { configMapName: 'authorities', key: 'other' } }),
      /Key other of ConfigMap authorities holds no certificate/,
    ],
  };
  forge.serve(gitHub);
  for (const [name, [configuration, message]] of Object.entries(cases))
    await assert.rejects(generate(configuration), fails('SET_INVALID', 'on-change', message), name);
  assert.equal(forge.calls.length, 0);
});

test('S-F11: an api that is not allowed is refused before its token is read, and the public one is asked about as none', async () => {
  const at = CASES['GitHub'] as Case;
  const asked: string[][] = [];
  const scmProviderRefusal = (...call: string[]): string => {
    asked.push(call);
    return 'this address is not among allowed.scm.providers';
  };
  forge.serve(at.forge);
  const missing = { tokenRef: { secretName: 'nowhere', key: 'token' } };
  await assert.rejects(
    generate(at.configuration(missing), { scmProviderRefusal }),
    fails('SET_INVALID', 'on-change', /Cannot ask the forge of the generator: this address is not among/),
  );
  assert.equal(forge.calls.length, 0);
  const allowed = (...call: string[]): undefined => {
    asked.push(call);
  };
  await assert.rejects(
    generate({ github: { organization: 'acme' } }, { scmProviderRefusal: allowed }),
    /404/,
  );
  assert.deepEqual(asked, [
    [forge.url, 'sets'],
    ['', 'sets'],
  ]);
  assert.equal(forge.calls[0]?.authorization, undefined);
});

test('S-F11: outside the control namespace only the addresses that an administrator allows are asked', () => {
  const api = 'https://git.example.com';
  const rules = { controlNamespace: 'argocd', isEnabled: true, allowed: [`${api}/`] };
  const cases: Readonly<Record<string, [Partial<ScmProviderRules>, string, string, RegExp | undefined]>> = {
    'an allowed one': [{}, api, 'team', undefined],
    'another one': [
      {},
      'https://169.254.1.1',
      'team',
      /not among .* outside argocd .*allowed\.scm\.providers/,
    ],
    'one that only begins like it': [{}, `${api}.evil.example`, 'team', /not among/],
    'none is allowed': [{ allowed: [] }, api, 'team', /not among/],
    'of the control namespace': [{ allowed: [] }, api, 'argocd', undefined],
    'a public one': [{ allowed: [] }, '', 'team', undefined],
    'switched off': [{ isEnabled: false }, '', 'argocd', /switched off; see .*enable\.scm\.providers/],
  };
  for (const [name, [more, address, namespace, want]] of Object.entries(cases)) {
    const refusal = scmProviderRefusal({ ...rules, ...more }, address, namespace);
    if (want === undefined) assert.equal(refusal, undefined, name);
    else assert.match(refusal ?? '', want, name);
  }
});

test('a certificate that nobody vouches for is refused, unless its authority is named or the author lets it through', async () => {
  const own = forgeCertificate();
  await world.configMap('forge-authority', { ca: own.cert });
  const caRef = { configMapName: 'forge-authority', key: 'ca' };
  const tls = await startForge(own);
  try {
    for (const name of ['GitLab', 'Bitbucket Server', 'Gitea']) {
      const at = CASES[name] as Case;
      tls.serve(at.forge, at.authorization);
      const configuration = (more: object) => at.configuration({ api: tls.url, ...more });
      await assert.rejects(
        generate(configuration({})),
        fails('GENERATOR_FAILED', 'on-change', /certificate of 127\.0\.0\.1:\d+ is not trusted; .*caRef/),
      );
      assert.equal(tls.calls.length, 0);
      assert.deepEqual(brief(await generate(configuration({ insecure: true }))), ['bank main', 'shop main']);
      if (name === 'Gitea') continue;
      assert.deepEqual(brief(await generate(configuration({ caRef }))), ['bank main', 'shop main']);
    }
  } finally {
    await tls.close();
  }
});

test('a server that goes in circles, or has more than a set may use, is a failure', async () => {
  const at = CASES['GitHub'] as Case;
  const next = (page: number): Record<string, string> => ({ link: `</x?page=${page}>; rel="next"` });
  forge.serve(({ url }) => ({ body: [], headers: next(url.searchParams.get('page') === '2' ? 2 : 2) }));
  await assert.rejects(
    generate(at.configuration()),
    fails('GENERATOR_FAILED', 'backoff', /names page 2 as the one that follows it/),
  );
  forge.serve(({ url }) => ({ body: [], headers: next(Number(url.searchParams.get('page') ?? 1) + 1) }));
  await assert.rejects(
    generate(at.configuration()),
    fails('SET_LIMIT', 'on-change', /more than 10000.*narrow/),
  );
  assert.equal(forge.calls.length, 200);
});

test('a repository that does not answer for its branches is no empty one', async () => {
  const at = CASES['GitHub'] as Case;
  forge.serve(
    (call) => (call.url.pathname.includes('/empty/') ? undefined : at.forge(call)),
    at.authorization,
  );
  await assert.rejects(
    generate(at.configuration()),
    fails(
      'GENERATOR_FAILED',
      'on-change',
      /Cannot list the branches of acme\/empty.*404; check that the token/,
    ),
  );
});
