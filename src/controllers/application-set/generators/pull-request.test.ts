// The pullRequest generator against servers that answer as each forge does.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { z } from 'zod';
import {
  azureDevOps,
  bitbucketCloud,
  bitbucketServer,
  type Forge,
  type ForgeAnswer,
  type ForgeServer,
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
import type { PullRequestGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import type { Parameters } from './generator.ts';
import { generateFromPullRequests } from './pull-request.ts';

type Configuration = z.infer<typeof PullRequestGenerator>;

const TOKEN = 'canary-token';
const ref = { secretName: 'forge', key: 'token' };
const bearer = { tokenRef: ref };
const basicAuth = { username: 'robot', passwordRef: ref };
const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${TOKEN}`).toString('base64')}`;

let world: GeneratorWorld;
let forge: ForgeServer;

before(async () => {
  world = await startGeneratorWorld();
  await world.secret('forge', { token: TOKEN });
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
  readonly hasLabels: boolean;
  configuration(more?: object): Configuration;
}

const CASES: Readonly<Record<string, Case>> = {
  GitHub: {
    forge: gitHub,
    authorization: `Bearer ${TOKEN}`,
    hasLabels: true,
    configuration: (more) => ({
      github: { owner: 'acme', repo: 'shop', api: forge.url, tokenRef: ref, ...more },
    }),
  },
  GitLab: {
    forge: gitLab,
    authorization: `Bearer ${TOKEN}`,
    hasLabels: true,
    configuration: (more) => ({
      gitlab: { project: 'parent/acme/shop', api: forge.url, tokenRef: ref, ...more },
    }),
  },
  Gitea: {
    forge: gitea,
    authorization: `token ${TOKEN}`,
    hasLabels: true,
    configuration: (more) => ({
      gitea: { owner: 'acme', repo: 'shop', api: forge.url, tokenRef: ref, ...more },
    }),
  },
  'Bitbucket Cloud': {
    forge: bitbucketCloud,
    authorization: `Bearer ${TOKEN}`,
    hasLabels: false,
    configuration: (more) => ({
      bitbucket: {
        owner: 'acme',
        repo: 'shop',
        api: `${forge.url}/2.0`,
        bearerToken: bearer,
        basicAuth,
        ...more,
      },
    }),
  },
  'Bitbucket Cloud with a password': {
    forge: bitbucketCloud,
    authorization: basic('robot'),
    hasLabels: false,
    configuration: (more) => ({ bitbucket: { owner: 'acme', repo: 'shop', basicAuth, ...more } }),
  },
  'Bitbucket Server': {
    forge: bitbucketServer,
    authorization: `Bearer ${TOKEN}`,
    hasLabels: false,
    configuration: (more) => ({
      bitbucketServer: {
        project: 'ACME',
        repo: 'shop',
        api: `${forge.url}/rest/`,
        bearerToken: bearer,
        ...more,
      },
    }),
  },
  'Azure DevOps': {
    forge: azureDevOps,
    authorization: basic(''),
    hasLabels: true,
    configuration: (more) => ({
      azuredevops: {
        organization: 'acme',
        project: 'store',
        repo: 'shop',
        api: forge.url,
        tokenRef: ref,
        ...more,
      },
    }),
  },
};

function generate(
  configuration: Configuration,
  options: ContextOptions = {},
): Promise<readonly Parameters[]> {
  const reroute = { 'https://api.bitbucket.org': forge.url };
  return generateFromPullRequests(configuration, world.context({ reroute, ...options }));
}

const fails = (code: string, retry: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationSetError, String(error));
  assert.match(error.message, text);
  assert.deepEqual([error.code, error.retry], [code, retry]);
  assert.doesNotMatch(`${error.message} ${error.stack}`, /canary|secret-body/);
  return true;
};

/** Azure's server has the last one many times over, to fill a page. */
const numbers = (found: readonly Parameters[]): string[] =>
  [...new Set(found.map(({ number }) => String(number)))].sort((a, b) => Number(a) - Number(b));

for (const [name, at] of Object.entries(CASES)) {
  const serve = (): void => forge.serve(at.forge, at.authorization);

  test(`${name}: every pull request of all pages gives its parameters`, async () => {
    serve();
    const found = await generate(at.configuration());
    assert.deepEqual(numbers(found), ['7', '9', '12']);
    assert.ok(forge.calls.length >= 2);
    const first = {
      number: '7',
      title: 'Log in',
      branch: 'feature/Login_1',
      branch_slug: 'feature-login-1',
      target_branch: 'main',
      target_branch_slug: 'main',
      head_sha: SHA.login,
      head_short_sha: 'abcdef01',
      head_short_sha_7: 'abcdef0',
      author: 'ann',
    };
    assert.deepEqual(
      found.find(({ number }) => number === '7'),
      first,
    );
    assert.equal(found.find(({ number }) => number === '12')?.['author'], '', 'somebody who is gone');
    serve();
    const go = await generate(at.configuration(), { isGoTemplate: true });
    const labels = at.hasLabels ? ['preview', 'ui'] : [];
    assert.deepEqual(
      go.find(({ number }) => number === '7'),
      { ...first, labels },
    );
  });

  test(`${name}: filters choose by branch, target and title`, async () => {
    const matching = async (...filters: object[]): Promise<string[]> => {
      serve();
      return numbers(await generate({ ...at.configuration(), filters }));
    };
    assert.deepEqual(await matching({ branchMatch: '^feature/' }), ['7']);
    assert.deepEqual(await matching({ targetBranchMatch: '^release/\\d+$' }), ['9']);
    assert.deepEqual(await matching({ targetBranchMatch: 'main', titleMatch: '^W' }), ['12']);
    assert.deepEqual(await matching({ titleMatch: '^Fix: ' }, { branchMatch: 'wait' }), ['9', '12']);
    assert.deepEqual(await matching({ branchMatch: 'wait', titleMatch: 'Fix' }), []);
  });

  if (at.hasLabels)
    test(`${name}: of labels all must be there`, async () => {
      serve();
      assert.deepEqual(numbers(await generate(at.configuration({ labels: ['ui'] }))), ['7', '9']);
      serve();
      assert.deepEqual(numbers(await generate(at.configuration({ labels: ['ui', 'preview'] }))), ['7']);
    });

  test(`${name}: an unknown repository is a failure, or an empty list for who asked for that`, async () => {
    const repository = { repo: 'none', project: name === 'GitLab' ? 'parent/acme/none' : undefined };
    const { repo, project } = repository;
    const unknown = { ...(project === undefined ? { repo } : { project }) };
    serve();
    await assert.rejects(
      generate(at.configuration(unknown)),
      fails(
        'GENERATOR_FAILED',
        'on-change',
        /Cannot list the (pull|merge) requests of .*none: .* answered 404; check/,
      ),
    );
    serve();
    assert.deepEqual(await generate({ ...at.configuration(unknown), continueOnRepoNotFoundError: true }), []);
  });

  const answers: Readonly<Record<string, [ForgeAnswer, string, RegExp]>> = {
    'a refused token': [
      { status: 401, body: 'secret-body' },
      'on-change',
      /answered 401; check that the token/,
    ],
    'a forbidden place': [{ status: 403, body: 'secret-body' }, 'on-change', /answered 403/],
    'too many requests': [{ status: 429 }, 'backoff', /429: too many requests/],
    'a place that is gone': [{ status: 410 }, 'on-change', /answered 410; check api/],
    'a server that fails': [{ status: 503, body: 'secret-body' }, 'backoff', /answered 503/],
    'an answer of nothing': [{ status: 204, body: '' }, 'backoff', /something else.*no JSON/],
    'half of an answer': [{ body: '[{"secret-body": ' }, 'backoff', /something else.*no JSON/],
    'another shape': [{ body: { value: [{ title: 'secret-body' }], values: [{}] } }, 'backoff', /is missing/],
    'a redirect': [
      { status: 307, headers: { location: 'http://localhost:1/404' } },
      'backoff',
      /Cannot (reach|fetch)/,
    ],
  };
  for (const [what, [answer, retry, message]] of Object.entries(answers))
    test(`${name}: ${what} is a failure even where a missing repository is none`, async () => {
      for (const page of [1, 2]) {
        serve();
        forge.answerAt(page, answer);
        await assert.rejects(
          generate({ ...at.configuration(), continueOnRepoNotFoundError: true }),
          fails('GENERATOR_FAILED', retry, message),
        );
      }
    });

  test(`${name}: a repository that vanishes between two pages is a failure`, async () => {
    serve();
    forge.answerAt(2, { status: 404 });
    await assert.rejects(
      generate({ ...at.configuration(), continueOnRepoNotFoundError: true }),
      fails('GENERATOR_FAILED', 'backoff', /does not find page 2/),
    );
  });

  test(`${name}: a 404 of another host than the forge is no missing repository`, async () => {
    const other = await startForge();
    try {
      serve();
      forge.answerAt(1, { status: 302, headers: { location: `${other.url}/elsewhere` } });
      await assert.rejects(
        generate({ ...at.configuration(), continueOnRepoNotFoundError: true }),
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
      bearerToken: undefined,
      basicAuth: { username: 'robot', passwordRef: missing },
    };
    await assert.rejects(
      generate({ ...at.configuration(refs), continueOnRepoNotFoundError: true }),
      fails('SET_INVALID', 'on-change', /There is no key "token" of Secret nowhere in namespace sets/),
    );
    assert.equal(forge.calls.length, 0);
  });
}

test('GitLab is asked for every state unless the author names one', async () => {
  const at = CASES['GitLab'] as Case;
  forge.serve(at.forge, at.authorization);
  await generate(at.configuration());
  assert.equal(forge.calls[0]?.url.searchParams.get('state'), null);
  forge.serve(at.forge, at.authorization);
  await generate(at.configuration({ pullRequestState: 'opened' }));
  assert.equal(forge.calls[0]?.url.searchParams.get('state'), 'opened');
});

test('a pull request that slips to the page before when another is closed is not lost', async () => {
  const at = CASES['GitHub'] as Case;
  const pull = (number: number) => ({
    number,
    title: `Change ${number}`,
    head: { ref: `change-${number}`, sha: SHA.main },
    base: { ref: 'main' },
    labels: [],
  });
  const served = (open: Set<number>, onPage: (page: number) => void): Forge => {
    return ({ url }) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const all = [...open];
      const link = `</x?page=${page + 1}>; rel="next"`;
      const answer = {
        body: all.slice(page * 2 - 2, page * 2).map(pull),
        headers: (page * 2 < all.length ? { link } : {}) as Record<string, string>,
      };
      onPage(page);
      return answer;
    };
  };
  const open = new Set([1, 2, 3, 4, 5]);
  forge.serve(served(open, (page) => page === 1 && open.delete(1)));
  assert.deepEqual(numbers(await generate(at.configuration())), ['2', '3', '4', '5']);
  const busy = new Set(Array.from({ length: 40 }, (_, number) => number));
  forge.serve(served(busy, (page) => page === 1 && busy.delete(Math.min(...busy))));
  await assert.rejects(
    generate(at.configuration()),
    fails('GENERATOR_FAILED', 'backoff', /during each of 5 readings/),
  );
});

test('more pull requests than a set may have are a failure', async () => {
  const at = CASES['Gitea'] as Case;
  const pull = { number: 1, title: 'x', head: { ref: 'x', sha: SHA.main }, base: { ref: 'main' } };
  forge.serve(() => ({
    body: Array.from({ length: 5_001 }, () => pull),
    headers: { 'x-total-count': '20000' },
  }));
  await assert.rejects(
    generate(at.configuration()),
    fails('SET_LIMIT', 'on-change', /more than 10000.*narrow/),
  );
});

test('values use the parameters, in the language of the set', async () => {
  const at = CASES['GitHub'] as Case;
  const only = { filters: [{ branchMatch: 'carts' }] };
  forge.serve(at.forge, at.authorization);
  const [flat] = await generate({
    ...at.configuration(),
    ...only,
    values: { host: '{{branch_slug}}-{{number}}' },
  });
  assert.equal(flat?.['values.host'], 'fix-carts-9');
  forge.serve(at.forge, at.authorization);
  const values = { label: '{{ index .labels 0 }}', number: '{{ .number }}' };
  const [go] = await generate({ ...at.configuration(), ...only, values }, { isGoTemplate: true });
  assert.deepEqual(go?.['values'], { label: 'ui', number: '9' });
});

test('what only the author can mend is said before anybody is asked', async () => {
  const github = (more: object) => CASES['GitHub']?.configuration(more) as Configuration;
  const cases: Readonly<Record<string, [Configuration, RegExp]>> = {
    'no provider': [{}, /names one of github, .* has none/],
    'two providers': [{ ...github({}), ...CASES['Gitea']?.configuration() }, /has github and gitea/],
    'no such GitHub App': [github({ appSecretName: 'app' }), /There is no Secret app in namespace sets/],
    'no pattern': [
      { ...github({}), filters: [{ titleMatch: '[' }] },
      /titleMatch "\[": not a regular expression/,
    ],
    'no repository': [github({ repo: '' }), /""/],
  };
  forge.serve(gitHub);
  for (const [name, [configuration, message]] of Object.entries(cases))
    await assert.rejects(generate(configuration), fails('SET_INVALID', 'on-change', message), name);
  assert.equal(forge.calls.length, 0);
});

test('a branch becomes a part of a name that is never longer than 50 characters', async () => {
  const cases: Readonly<Record<string, string>> = {
    'feature/Add_login': 'feature-add-login',
    '--a//b--': 'a-b',
    'Ärger & Café': 'arger-and-cafe',
    "don't@home": 'dontathome',
    Straße_Øst: 'strasse-ost',
    分支: '',
    [`${'a'.repeat(60)}`]: 'a'.repeat(50),
    [`${'word-'.repeat(12)}`]: 'word-'.repeat(10).slice(0, -1),
    [`${'a'.repeat(50)}-b`]: 'a'.repeat(50),
  };
  const pulls = Object.keys(cases).map((ref, number) => ({
    number,
    title: ref,
    head: { ref, sha: SHA.main },
    base: { ref },
    labels: [],
  }));
  forge.serve(() => ({ body: pulls }));
  const found = await generate(CASES['GitHub']?.configuration() as Configuration);
  for (const { branch, branch_slug: ofBranch, target_branch_slug: ofTarget } of found)
    assert.deepEqual([ofBranch, ofTarget], [cases[String(branch)], cases[String(branch)]], String(branch));
  assert.equal(found.length, pulls.length);
});
