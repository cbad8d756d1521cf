// Policies: Argo CD's documented examples, casbin's own answers, and what must hold for any policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { fc } from '../../test/support/property.ts';
import { matcherOf } from './matcher.ts';
import { compileRbac, type Identity, type RbacSource } from './rbac.ts';

const source = (
  csv: string,
  more: Partial<RbacSource> & { data?: Record<string, string> } = {},
): RbacSource => ({
  projects: [],
  accounts: ['admin'],
  inheritsFineGrained: false,
  ...more,
  data: { 'policy.csv': csv, ...more.data },
});
const user = (subject: string): Identity => ({ subject, groups: [], origin: 'local' });
const sso = (...groups: string[]): Identity => ({
  subject: 'someone@example.com',
  groups,
  origin: 'external',
});

const DOCUMENTED = `
p, role:org-admin, applications, *, */*, allow
p, role:org-admin, clusters, get, *, allow
p, role:org-admin, logs, get, *, allow
p, role:org-admin, exec, create, */*, allow
g, your-github-org:your-team, role:org-admin
p, example-user, applications, get, *, allow
p, example-user, applications, get, default/web, deny
p, role:deleter, applications, delete/*/Pod/*/*, default/prod-app, allow
p, role:updater, applications, update/*, default/prod-app, allow
p, role:updater, applications, delete, default/prod-app, allow
p, role:actor, applications, action/apps/Deployment/restart, default/*, allow
p, role:staging-db-admin, applications, *, staging-db-project/*, allow
g, db-admins, role:staging-db-admin
g, del, role:deleter
g, upd, role:updater
g, act, role:actor
`;
const CASES: readonly [string, Identity, string, string, string, boolean][] = [
  ['a team has its role', sso('your-github-org:your-team'), 'applications', 'sync', 'p/a', true],
  ['a group is matched whole', sso('your-github-org'), 'applications', 'sync', 'p/a', false],
  ['a group is matched with its case', sso('Your-Github-Org:your-team'), 'applications', 'get', 'p/a', false],
  [
    '* crosses the slash of application and namespace',
    sso('your-github-org:your-team'),
    'applications',
    'get',
    'p/ns/a',
    true,
  ],
  ['a deny wins over an allow', user('example-user'), 'applications', 'get', 'default/web', false],
  ['what is not denied stays allowed', user('example-user'), 'applications', 'get', 'default/api', true],
  [
    'one kind of resource may be deleted',
    user('del'),
    'applications',
    'delete/core/Pod/ns/web-1',
    'default/prod-app',
    true,
  ],
  [
    'another kind may not',
    user('del'),
    'applications',
    'delete/apps/Deployment/ns/web',
    'default/prod-app',
    false,
  ],
  [
    'rights on resources are none on the application',
    user('del'),
    'applications',
    'delete',
    'default/prod-app',
    false,
  ],
  ['update/* covers resources only', user('upd'), 'applications', 'update', 'default/prod-app', false],
  [
    'delete covers no resources since 3.0',
    user('upd'),
    'applications',
    'delete/core/Pod/ns/x',
    'default/prod-app',
    false,
  ],
  [
    'an action is named with group and kind',
    user('act'),
    'applications',
    'action/apps/Deployment/restart',
    'default/web',
    true,
  ],
  [
    'another action is another right',
    user('act'),
    'applications',
    'action/apps/Deployment/pause',
    'default/web',
    false,
  ],
  ['a role of a project ends at it', sso('db-admins'), 'applications', 'delete', 'production/db', false],
  [
    'a role of a project begins at it',
    sso('db-admins'),
    'applications',
    'delete',
    'staging-db-project/db',
    true,
  ],
  ['nobody else has anything', user('stranger'), 'applications', 'get', 'default/web', false],
  ['admin has everything', user('admin'), 'gpgkeys', 'delete', 'x', true],
  ['S-E9 a group called admin is not the account', sso('admin'), 'applications', 'get', 'a/b', false],
  ['S-E9 a group called as a role is not the role', sso('role:admin'), 'applications', 'get', 'a/b', false],
  [
    'S-E9 a subject called admin is not the account',
    { subject: 'admin', groups: [], origin: 'external' },
    'applications',
    'get',
    'a/b',
    false,
  ],
];
for (const [name, who, resource, action, object, want] of CASES) {
  test(`may(): ${name}`, () =>
    assert.equal(compileRbac(source(DOCUMENTED)).may(who, resource, action, object), want));
}

test('the default role counts for everybody, guests too, and regular expressions are a mode', () => {
  const readers = compileRbac(source('', { data: { 'policy.default': 'role:readonly' } }));
  const guest: Identity = { subject: '', groups: [], origin: 'guest' };
  assert.equal(readers.may(guest, 'applications', 'get', 'a/b'), true);
  assert.equal(readers.may(guest, 'applications', 'sync', 'a/b'), false);
  const regex = compileRbac(
    source('p, u, applications, get, ^team-[a-c]/.*$, allow', { data: { 'policy.matchMode': 'regex' } }),
  );
  assert.deepEqual(
    ['team-b/x', 'team-d/x'].map((o) => regex.may(user('u'), 'applications', 'get', o)),
    [true, false],
  );
});

test('3.x inheritance can be restored', () => {
  const rbac = compileRbac(source('p, u, applications, delete, d/*, allow', { inheritsFineGrained: true }));
  assert.equal(rbac.may(user('u'), 'applications', 'delete/apps/Deployment/ns/x', 'd/web'), true);
});

test('S-F10: roles of a project stay inside it, and what reaches out is refused and named', () => {
  const projects = [
    {
      name: 'shop',
      roles: [
        {
          name: 'ci',
          groups: ['shop-team'],
          policies: [
            'p, proj:shop:ci, applications, sync, shop/*, allow',
            'p, proj:shop:ci, applications, sync, */*, allow',
            'p, proj:other:ci, applications, sync, shop/*, allow',
            'p, proj:shop:ci, accounts, update, shop/*, allow',
            'g, proj:shop:ci, role:admin',
          ],
        },
      ],
    },
  ];
  const rbac = compileRbac(source('', { projects }));
  const token: Identity = { subject: 'proj:shop:ci', groups: [], origin: 'project' };
  assert.equal(rbac.may(token, 'applications', 'sync', 'shop/web'), true);
  assert.equal(rbac.may(sso('shop-team'), 'applications', 'sync', 'shop/web'), true);
  assert.equal(rbac.may(token, 'projects', 'get', 'shop'), true);
  assert.equal(rbac.may(token, 'applications', 'sync', 'other/web'), false);
  assert.equal(rbac.may(token, 'accounts', 'update', 'shop/x'), false);
  assert.equal(rbac.problems.length, 4);
});

test('S-F10: a broken line neither opens nor locks: the last good policy stays, and it is told', () => {
  const good = compileRbac(source('p, u, applications, get, d/*, allow'));
  const broken = compileRbac(source('p, u, applications, get, */*, allow\np, u, applications'), good.policy);
  assert.deepEqual(
    [broken.isDegraded, broken.problems],
    [true, ['policy.csv, line 2: p needs subject, resource, action, object and effect']],
  );
  assert.deepEqual(
    ['d/web', 'e/web'].map((o) => broken.may(user('u'), 'applications', 'get', o)),
    [true, false],
  );
  assert.equal(broken.may(user('admin'), 'applications', 'get', 'x/y'), true);
  const fresh = compileRbac(
    source('p, u, applications, get, *, allow\np, u, applications, get, secret/*, deny, x'),
  );
  assert.equal(fresh.may(user('u'), 'applications', 'get', 'secret/x'), false);
});

const MODEL = `[request_definition]
r = sub, res, act, obj
[policy_definition]
p = sub, res, act, obj, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && glob(r.res, p.res) && glob(r.act, p.act) && glob(r.obj, p.obj)`;

test('casbin gives the same answers to the same policies', async () => {
  const pick = (...values: string[]) => fc.constantFrom(...values);
  const rule = fc.tuple(
    pick('ann', 'bob', 'role:x', 'role:y'),
    pick('applications', 'clusters', '*'),
    pick('get', 'sync', '*', 'delete/*'),
    pick('a/*', '*/*', 'a/web', 'b/?eb', '"{a,b}/api"', '*'),
    pick('allow', 'allow', 'deny'),
  );
  const grant = fc.tuple(pick('ann', 'bob', 'role:x'), pick('role:x', 'role:y'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      fc.array(grant, { maxLength: 3 }),
      async (rules, grants) => {
        const csv = [
          ...rules.map((r) => `p, ${r.join(', ')}`),
          ...grants.map((g) => `g, ${g.join(', ')}`),
        ].join('\n');
        const oracle = await newEnforcer(newModelFromString(MODEL), new StringAdapter(csv));
        await oracle.addFunction('glob', (value: string, pattern: string) =>
          matcherOf(pattern, 'glob')(value),
        );
        const ours = compileRbac(source(csv));
        for (const who of ['ann', 'bob'])
          for (const [res, act, obj] of [
            ['applications', 'get', 'a/web'],
            ['applications', 'delete/x', 'b/web'],
            ['clusters', 'sync', 'a/api'],
          ] as const)
            assert.equal(
              ours.may(user(who), res, act, obj),
              await oracle.enforce(who, res, act, obj),
              `${csv}\n${who} ${res} ${act} ${obj}`,
            );
      },
    ),
    { numRuns: 60 },
  );
});

test('S-F10: a glob takes no exponential time and a deny never widens', () => {
  const started = performance.now();
  assert.equal(matcherOf(`${'*a'.repeat(50)}b`, 'glob')('a'.repeat(4_000)), false);
  assert.ok(performance.now() - started < 1_000);
  const base = 'p, u, applications, *, a/*, allow';
  const [before, after] = [base, `${base}\np, u, applications, sync, *, deny`].map((csv) =>
    compileRbac(source(csv)),
  );
  for (const action of ['get', 'sync', 'delete'])
    for (const object of ['a/x', 'b/x'])
      assert.ok(
        before?.may(user('u'), 'applications', action, object) ||
          !after?.may(user('u'), 'applications', action, object),
      );
});
