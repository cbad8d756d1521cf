import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../../../test/support/api-server.ts';

async function post(url: string, fields: Readonly<Record<string, string>>) {
  const answer = await fetch(`${url}/auth/callback`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: 'https://office.test', 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams(fields),
  });
  return { answer, text: await answer.text() };
}

test('an answer by POST from another site is answered with the same form, to be sent from here', async () => {
  await using server = await startTestServer({});
  const { answer, text } = await post(server.url, {
    SAMLResponse: 'PHNhbWw+',
    RelayState: '"><script>alert(1)</script>',
    unknown: 'x',
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(
    [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name,
      value,
    ]),
    [
      ['SAMLResponse', 'PHNhbWw+'],
      ['RelayState', '&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;'],
      ['again', '1'],
    ],
  );
  assert.equal(text.match(/<script/g)?.length, 1);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const script = await fetch(`${server.url}/auth/continue.js`);
  assert.match(script.headers.get('content-type') ?? '', /^text\/javascript/);
});

test('the form sent again is worth nothing without the cookie of the browser that began', async () => {
  await using server = await startTestServer({});
  const { answer } = await post(server.url, { SAMLResponse: 'PHNhbWw+', RelayState: 'x', again: '1' });
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/login?failed=expired']);
});
