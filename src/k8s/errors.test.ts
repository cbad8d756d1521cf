import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOfAnswer } from './errors.ts';

const attempt = { verb: 'get', what: 'v1 ConfigMap ns/a', server: 'https://k' };

/** HTTP status and body → code, retry class, message. */
const CASES: Record<string, { status: number; body: string; code: string; retry: string; message?: string }> =
  {
    'an object that is not there': {
      status: 404,
      body: '{"kind":"Status","reason":"NotFound","message":"configmaps \\"a\\" not found","details":{"name":"a"}}',
      code: 'NOT_FOUND',
      retry: 'on-change',
      message: 'Cannot get v1 ConfigMap ns/a on https://k: configmaps "a" not found',
    },
    'a type that is not served': {
      status: 404,
      body: '404 page not found\n',
      code: 'UNKNOWN_KIND',
      retry: 'on-change',
      message:
        'Cannot get v1 ConfigMap ns/a on https://k: HTTP 404: 404 page not found; install the CustomResourceDefinition or API service, or correct apiVersion and kind',
    },
    'a type that is not served, said with a Status': {
      status: 404,
      body: '{"kind":"Status","reason":"NotFound","message":"the server could not find the requested resource","details":{}}',
      code: 'UNKNOWN_KIND',
      retry: 'on-change',
    },
    'an exists': {
      status: 409,
      body: '{"kind":"Status","reason":"AlreadyExists","message":"it exists"}',
      code: 'ALREADY_EXISTS',
      retry: 'on-change',
    },
    'a conflict': {
      status: 409,
      body: '{"kind":"Status","reason":"Conflict"}',
      code: 'CONFLICT',
      retry: 'backoff',
    },
    'an expired token': {
      status: 410,
      body: '{"kind":"Status","reason":"Expired"}',
      code: 'GONE',
      retry: 'backoff',
    },
    'an overloaded server': { status: 429, body: '', code: 'TOO_MANY_REQUESTS', retry: 'backoff' },
    'a proxy without a server': {
      status: 503,
      body: '<html>no healthy upstream</html>',
      code: 'UNREACHABLE',
      retry: 'backoff',
    },
    'an internal error': {
      status: 500,
      body: '{"kind":"Status","reason":"InternalError"}',
      code: 'SERVER',
      retry: 'backoff',
    },
    'a body that is cut': { status: 403, body: '{"kind":"Sta', code: 'FORBIDDEN', retry: 'on-change' },
  };
for (const [circumstance, { status, body, code, retry, message }] of Object.entries(CASES)) {
  test(`errorOfAnswer() is ${code} for ${circumstance}`, () => {
    const error = errorOfAnswer(attempt, { status, text: body });
    assert.deepEqual([error.code, error.retry, error.httpStatus], [code, retry, status]);
    if (message !== undefined) assert.equal(error.message, message);
  });
}

test('errorOfAnswer() keeps the causes and the time to wait', () => {
  const body = {
    kind: 'Status',
    reason: 'Invalid',
    message: 'spec.x: Invalid value: "7": too much',
    details: { causes: [{ field: 'spec.x', message: 'Invalid value: "7": too much' }], retryAfterSeconds: 3 },
  };
  const error = errorOfAnswer(attempt, { status: 422, text: JSON.stringify(body) });
  assert.equal(error.status?.details?.causes?.[0]?.field, 'spec.x');
  assert.equal(error.retryAfterMs, 3_000);
  assert.equal(errorOfAnswer(attempt, { status: 429, text: '', retryAfter: '2' }).retryAfterMs, 2_000);
});

test('errorOfAnswer() names the fields of a Secret but not their values', () => {
  const body = {
    kind: 'Status',
    reason: 'Invalid',
    message: 'data[key]: Invalid value: "hunter2"',
    details: { name: 's', causes: [{ field: 'data[key]', message: 'Invalid value: "hunter2"' }] },
  };
  const secret = { ...attempt, what: 'v1 Secret ns/s', confidential: true };
  for (const text of [JSON.stringify(body), 'proxy says hunter2']) {
    const error = errorOfAnswer(secret, { status: 422, text });
    assert.ok(!JSON.stringify([error.message, error.status]).includes('hunter2'));
  }
  assert.match(errorOfAnswer(secret, { status: 422, text: JSON.stringify(body) }).message, /data\[key\]/);
});
