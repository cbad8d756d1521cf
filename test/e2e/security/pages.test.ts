// Section 1.7 of the security requirements, as far as the server decides it: addresses and texts that others chose,
// what a browser may do with answers, where people are sent on to, and requests that another site made. What the page
// makes of it is in test/real/page-security.test.ts.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { wellKnown } from '../../../src/k8s/index.ts';
import type { Route } from '../../../src/server/route.ts';
import { routes } from '../../../src/server/routes/table.ts';
import { MARKUP, paintedApplication, SCRIPTS } from '../../support/hostile-texts.ts';
import { type OidcServer, startOidcServer } from '../../support/providers/oidc.ts';
import { type SignInWorld, signInWorld } from '../../support/sign-in-world.ts';
import { type Visit, type WebAgent, webAgent } from '../../support/web-agent.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const table = routes({
  options: { host: '', port: 0, auth: 'on', controlNamespace: 'argocd', uiDirectory: '/nonexistent' },
});
const SAFE = 'https://shop.test/';

suite('pages and what others write on them', () => {
  let world: SignInWorld;
  let oidc: OidcServer;
  let uiDirectory: string;
  let cookie: string;

  before(async () => {
    uiDirectory = await mkdtemp(join(tmpdir(), 'fairlead-page-'));
    await writeFile(
      join(uiDirectory, 'index.html'),
      '<!doctype html><title>Page</title><div id="root"></div>',
    );
    world = await signInWorld({ uiDirectory });
    oidc = await startOidcServer([`${world.url}/auth/callback`]);
    await world.kube.patch(
      wellKnown.secrets,
      { namespace: 'argocd', name: 'argocd-secret' },
      { type: 'merge', body: { stringData: { 'oidc.secret': oidc.clientSecret } } },
    );
    await world.configure('argocd-cm', {
      'oidc.config': JSON.stringify({
        name: MARKUP,
        issuer: oidc.issuer,
        clientID: oidc.clientId,
        clientSecret: '$oidc.secret',
        logoutURL: 'javascript:alert(1)',
      }),
    });
    await world.untilOffered('oidc');
    cookie = await signIn();
    await world.kube.create(APPLICATIONS, paintedApplication('web', MARKUP));
    await world.until('the application is known', async () => (await get('/api/v1/applications/web')).ok);
  });

  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await oidc?.[Symbol.asyncDispose]();
    await rm(uiDirectory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const signIn = async (): Promise<string> => {
    const answer = await fetch(`${world.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: world.password }),
    });
    return answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  };
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${world.url}${path}`, { redirect: 'manual', headers: { cookie, ...headers } });
  const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;

  test('S-G1: links that settings make of objects, addresses of settings and of statuses are web addresses or left out', async () => {
    const links = SCRIPTS.map((_, i) => ({
      title: '{{.metadata.name}}',
      url: `{{index .metadata.annotations "bad-${i}"}}`,
    }));
    const good = { title: MARKUP, url: `${SAFE}{{.metadata.name}}` };
    await world.configure('argocd-cm', {
      'application.links': JSON.stringify([...links, good]),
      'help.chatUrl': 'JaVaScRiPt:alert(1)',
      'ui.bannerurl': 'data:text/html,x',
      'ui.bannercontent': MARKUP,
      'statusbadge.url': 'vbscript:x',
    });
    const items = await world.until('the links are read', async () => {
      const { items: found = [] } = await json<{ items?: unknown[] }>('/api/v1/applications/web/links');
      return found.length > 0 && found;
    });
    assert.deepEqual(items, [{ title: MARKUP, url: `${SAFE}web` }]);
    const settings = await world.until('the banner is there', async () => {
      const found = await json<Record<string, unknown>>('/api/v1/settings');
      return found['uiBannerContent'] === MARKUP && found;
    });
    for (const member of ['uiBannerURL', 'statusBadgeRootUrl', 'help'])
      assert.equal(settings[member], undefined);
    const urlsOf = (app: { status?: { summary?: { externalURLs?: string[] } } }) =>
      app.status?.summary?.externalURLs;
    assert.deepEqual(urlsOf(await json('/api/v1/applications/web')), [SAFE]);
    const { items: apps } = await json<{ items: object[] }>('/api/v1/applications');
    assert.deepEqual(apps.map(urlsOf), [[SAFE]]);
    const only = 'items.status.summary.externalURLs';
    const { items: parts } = await json<{ items: object[] }>(`/api/v1/applications?fields=${only}`);
    assert.deepEqual(parts.map(urlsOf), [[SAFE]]);
  });

  test('S-G2: whatever others wrote is answered with a fixed type that no browser guesses about', async () => {
    await world.configure('argocd-cm', { 'statusbadge.enabled': 'true' });
    await world.until('badges are on', async () =>
      (await (await get('/api/badge?name=web')).text()).includes('Degraded'),
    );
    const seen: string[] = [];
    for (const { path } of table.filter(({ method }) => method === 'GET')) {
      // Streams and waits do not end by themselves, and one path ends the session.
      if (['/terminal', '/auth/logout'].includes(path) || path.includes('/stream/') || path.endsWith('/wait'))
        continue;
      const where = path.replace(':name', 'web').replace(/:\w+|\*/g, 'x');
      for (const accept of ['text/html', 'image/svg+xml,*/*', 'application/json']) {
        const answer = await get(`${where}?name=web`, { accept });
        const type = answer.headers.get('content-type') ?? '';
        await answer.body?.cancel();
        if (answer.status === 303) continue;
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', where);
        if (!/^(application\/json|text\/plain); /.test(type)) seen.push(`${where} ${type}`);
      }
    }
    assert.deepEqual([...new Set(seen)].sort(), [
      '/api/badge image/svg+xml',
      '/auth/continue.js text/javascript; charset=utf-8',
      '/swagger-ui text/html; charset=utf-8',
      '/swagger-ui/reference.css text/css; charset=utf-8',
    ]);
    const badge = await get(`/api/badge?name=web&showAppName=true&revision=true&keepFullRevision=true`);
    assert.match(badge.headers.get('content-security-policy') ?? '', /default-src 'none'.*sandbox/);
    assert.doesNotMatch(await badge.text(), /<(img|script)|onerror=alert\(1\)>/);
    const project = encodeURIComponent(MARKUP);
    assert.doesNotMatch(
      await (await get(`/api/badge?project=${project}&showAppName=true`)).text(),
      /<(img|script)/,
    );
  });

  const begin = (returnUrl: string): string =>
    `${world.url}/auth/login?${new URLSearchParams({ connector: 'oidc', return_url: returnUrl })}`;
  const through = async (agent: WebAgent, url: string): Promise<Visit> => {
    let page = await agent.open(url);
    if (page.text.includes('name="login"')) page = await agent.submit(page, { login: 'ann', password: 'x' });
    if (page.url.startsWith(oidc.issuer)) page = await agent.submit(page);
    return page;
  };

  test('S-G3: after signing in a person is on this very site, wherever the address wanted to go', async () => {
    const agent = webAgent();
    await through(agent, begin('/'));
    const evil = [
      '//evil.test',
      '///evil.test',
      '/\\evil.test',
      '\\\\evil.test',
      '/\t/evil.test',
      '/\n/evil.test',
      '\t//evil.test',
      'https:evil.test',
      'https:/evil.test',
      'https://evil.test',
      'HTTPS://evil.test',
      'javascript:alert(1)',
      'data:text/html,x',
      '/%2f/evil.test/../..//evil.test',
      '/.//evil.test',
      '/..//evil.test',
      '/%5cevil.test',
      '%2f%2fevil.test',
      '/\u2028/evil.test',
      '@evil.test',
      '.evil.test',
      `${world.url}@evil.test`,
      `${world.url}.evil.test`,
    ];
    for (const wanted of evil) {
      const page = await through(agent, begin(wanted));
      assert.equal(new URL(page.url).origin, world.url, JSON.stringify(wanted));
      assert.doesNotMatch(new URL(page.url).pathname, /^[\\/]{2}/, JSON.stringify(wanted));
    }
    assert.equal(
      (await through(agent, begin('/applications?sync=OutOfSync'))).url,
      `${world.url}/applications?sync=OutOfSync`,
    );
  });

  test('S-G3: signing out leads to the sign-in page, whatever the address says', async () => {
    const names = [
      'return_url',
      'returnTo',
      'redirect',
      'redirect_uri',
      'post_logout_redirect_uri',
      'to',
      'next',
    ];
    for (const evil of ['//evil.test', 'https://evil.test', '/\\evil.test']) {
      const query = new URLSearchParams(names.map((name) => [name, evil]));
      const answer = await get(`/auth/logout?${query}`, { cookie: '' });
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/login']);
    }
    // A setting that is no address to send a person to is not used either.
    const agent = webAgent();
    await through(agent, begin('/'));
    assert.equal((await agent.open(`${world.url}/auth/logout`)).url, `${world.url}/login`);
  });

  /** Headers of requests that no page of ours sends. */
  const FOREIGN: Record<string, Record<string, string>> = {
    'from another site': { 'content-type': 'application/json', origin: 'https://evil.test' },
    'from a page without an origin': { 'content-type': 'application/json', origin: 'null' },
    'from a name that begins alike': { 'content-type': 'application/json', origin: 'HOST.evil.test' },
    'with only a foreign referrer': { 'content-type': 'application/json', referer: 'https://evil.test/x' },
    'marked as coming from elsewhere': { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
    'from a sibling of the domain': {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-site',
      origin: 'HOST',
    },
    'with nothing that says from where': { 'content-type': 'application/json' },
    'as a form': { 'content-type': 'application/x-www-form-urlencoded', origin: 'HOST' },
    'as a form with files': { 'content-type': 'multipart/form-data; boundary=x', origin: 'HOST' },
    'as plain text': { 'content-type': 'text/plain', origin: 'HOST' },
    'as plain text that speaks of JSON': { 'content-type': 'text/plain; application/json', origin: 'HOST' },
    'with no type at all': { origin: 'HOST' },
  };
  const isForm = ({ accepts }: Route): boolean => accepts === 'form';

  test('S-G4: a change that comes with a session cookie is refused unless a page of ours sends it as JSON', async () => {
    const changes = table.filter((route) => route.method !== 'GET' && !isForm(route));
    assert.ok(changes.length > 40);
    const before = await json('/api/v1/applications');
    for (const { method, path } of changes) {
      const where = path.replace(':name', 'web').replace(':id', 'in-cluster').replace(/:\w+/g, 'x');
      for (const [how, given] of Object.entries(FOREIGN)) {
        const headers = Object.fromEntries(
          Object.entries(given).map(([name, value]) => [name, value.replace('HOST', world.url)]),
        );
        const answer = await fetch(`${world.url}${where}`, {
          method,
          headers: { cookie, ...headers },
          body: new TextEncoder().encode('{}'),
        });
        const said = await answer.text();
        assert.ok([403, 415].includes(answer.status), `${method} ${path} ${how}: ${answer.status} ${said}`);
        assert.match(said, /another site|content type/, `${method} ${path} ${how}`);
      }
    }
    assert.deepEqual(await json('/api/v1/applications'), before);
    assert.equal((await json<{ loggedIn: boolean }>('/api/v1/session/userinfo')).loggedIn, true);
  });

  test('S-G4: no header, member or parameter makes another method of a request', async () => {
    const ways: Record<string, Record<string, string>> = {
      header: {
        'x-http-method-override': 'DELETE',
        'x-method-override': 'DELETE',
        'x-http-method': 'DELETE',
      },
      nothing: {},
    };
    for (const headers of Object.values(ways)) {
      await get('/api/v1/applications/web?_method=DELETE&method=DELETE', headers);
      await fetch(`${world.url}/api/v1/applications/web?_method=DELETE`, {
        method: 'POST',
        headers: { cookie, origin: world.url, 'content-type': 'application/json', ...headers },
        body: '{"_method": "DELETE"}',
      });
    }
    const { metadata } = await json<{ metadata: { deletionTimestamp?: string } }>('/api/v1/applications/web');
    assert.equal(metadata.deletionTimestamp, undefined);
  });

  test('S-G4: a page of ours may make changes, and so may a token from anywhere', async () => {
    let made = 0;
    const create = async (headers: Record<string, string>): Promise<number> => {
      made += 1;
      const project = { metadata: { name: `made-${made}` }, spec: {} };
      const answer = await fetch(`${world.url}/api/v1/projects`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ project }),
      });
      return answer.status;
    };
    assert.equal(await create({ cookie, origin: world.url }), 200);
    assert.equal(await create({ cookie, 'sec-fetch-site': 'same-origin' }), 200);
    assert.equal(await create({ cookie, referer: `${world.url}/applications` }), 200);
    const token = cookie.slice(cookie.indexOf('=') + 1);
    assert.equal(await create({ authorization: `Bearer ${token}` }), 200);
  });

  test('S-G4: a terminal opens for no page of another site, nor for a cookie of nobody knows where', async () => {
    const upgrade = (headers: Record<string, string>): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const asked = httpRequest(`${world.url}/terminal?pod=x&appName=web&projectName=default`, {
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            ...headers,
          },
        });
        asked.on('error', reject);
        asked.on('upgrade', (_answer, socket) => {
          socket.destroy();
          resolve({ status: 101, text: '' });
        });
        asked.on('response', async (answer) => {
          const text = (await answer.toArray()).join('');
          resolve({ status: answer.statusCode ?? 0, text });
        });
        asked.end();
      });
    for (const headers of [
      { cookie, origin: 'https://evil.test' },
      { cookie, origin: 'null' },
      { cookie, origin: world.url, 'sec-fetch-site': 'cross-site' },
      { cookie },
    ] as Record<string, string>[]) {
      const { status, text } = await upgrade(headers);
      assert.deepEqual([status, /another site/.test(text)], [403, true], JSON.stringify(headers));
    }
    // From our own page it is another answer: this terminal is off.
    assert.match((await upgrade({ cookie, origin: world.url })).text, /terminal is off/);
  });

  test('S-G5: what a provider or an address says of a failure reaches the sign-in page as a code only', async () => {
    const said = 'Call +1 555 0100 and tell them your password';
    const query = new URLSearchParams({ error: said, error_description: said, state: said, code: said });
    for (const path of ['/auth/callback', '/api/dex/callback']) {
      const answer = await get(`${path}?${query}`);
      assert.equal(answer.status, 303);
      assert.match(answer.headers.get('location') ?? '', /^\/login\?failed=[a-z]+$/);
      assert.doesNotMatch(await answer.text(), /555/);
    }
    const page = await (await get('/login')).text();
    for (const name of ['failed', 'error', 'error_description', 'message', 'sso_error', 'has_sso_error'])
      assert.equal(await (await get(`/login?${new URLSearchParams({ [name]: said })}`)).text(), page);
  });

  const HTML = [
    ...['/', '/login', '/login?failed=refused', '/applications', '/applications/argocd/web'],
    ...['/nothing', '/%00', `/${'a'.repeat(5_000)}`, '/swagger-ui'],
  ];
  const OTHERS = [
    '/assets/none.js',
    '/api/none',
    '/api/v1/applications/none',
    '/%ff',
    '/auth/login',
    '/healthz',
  ];
  const check = (where: string, { headers }: { headers: Headers }, isTls: boolean): void => {
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'self'/, where);
    assert.match(policy, /frame-ancestors 'none'/, where);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/, where);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', where);
    assert.equal(headers.get('x-frame-options'), 'DENY', where);
    assert.match(headers.get('referrer-policy') ?? '', /^(same-origin|no-referrer|strict-origin)/, where);
    assert.equal(headers.has('strict-transport-security'), isTls, where);
  };

  test('S-G6: every answer says what a browser may do with it, pages, failures and what is not there alike', async () => {
    for (const path of [...HTML, ...OTHERS]) {
      const answer = await get(path, { accept: 'text/html' });
      check(path, answer, false);
      const text = await answer.text();
      const isHtml = (answer.headers.get('content-type') ?? '').startsWith('text/html');
      assert.equal(isHtml, HTML.includes(path), `${path}: ${answer.status}`);
      if (isHtml) assert.doesNotMatch(text, /<script(?![^>]* src=)|\son\w+=|<style|\sstyle=/i, path);
    }
    for (const method of ['POST', 'OPTIONS', 'PUT', 'PROPFIND'])
      for (const path of ['/', '/login', '/api/v1/applications'])
        check(`${method} ${path}`, await fetch(`${world.url}${path}`, { method }), false);
    assert.match(cookie, /^argocd\.token=/);
  });

  test('S-G6: what is no HTTP at all is answered without a page', async () => {
    const { hostname, port } = new URL(world.url);
    for (const text of [
      'GET / HTTP/9.9\r\n\r\n',
      '<script>alert(1)</script>\r\n\r\n',
      'GET /<script> HTTP/1.1\r\n\r\n',
    ]) {
      const socket = connect(Number(port), hostname);
      socket.end(text);
      const answer = (await socket.toArray()).join('');
      assert.doesNotMatch(answer, /text\/html|<script/i, text);
    }
  });

  test('S-G6: behind TLS browsers are told to stay there, and cookies are bound to it', async () => {
    await world.configure('argocd-cm', { url: 'https://cd.shop.test' });
    await world.until('the address is known', async () =>
      (await get('/healthz')).headers.has('strict-transport-security'),
    );
    const [session = ''] = (
      await fetch(`${world.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: world.password }),
      })
    ).headers.getSetCookie();
    assert.match(session, /^__Host-argocd\.token=.*; Path=\/;.*HttpOnly; SameSite=Lax; Secure$/);
    cookie = session.split(';', 1)[0] ?? '';
    for (const path of [...HTML, ...OTHERS]) check(path, await get(path), true);
    const away = await get('/auth/login?connector=oidc');
    assert.match(
      away.headers.getSetCookie()[0] ?? '',
      /^__Host-argocd\.oauthstate=.*HttpOnly; SameSite=Lax; Secure$/,
    );
  });
});
