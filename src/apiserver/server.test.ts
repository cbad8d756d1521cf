// The server as a client sees it, over real sockets. What it answers to single requests in detail is compared with a
// real server in test/e2e/embedded-api.test.ts; here is what takes several steps.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { configMap, startTestApi, type TestApi } from '../../test/support/kube-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`never: ${what}`);
}

async function gone(api: TestApi, path: string): Promise<boolean> {
  return (await api.call('GET', path)).status === 404;
}

function owned(name: string, owner: { kind: string; metadata: { name: string; uid: string } }) {
  const { kind, metadata } = owner;
  const reference = {
    apiVersion: 'v1',
    kind,
    name: metadata.name,
    uid: metadata.uid,
    blockOwnerDeletion: true,
  };
  const map = configMap(name);
  return { ...map, metadata: { ...map.metadata, ownerReferences: [reference] } };
}

suite('lists and watches', () => {
  test('a paged list shows one state whatever is written meanwhile', async () => {
    await using api = await startTestApi();
    for (const name of ['a', 'b', 'c']) await api.call('POST', MAPS, { body: configMap(name) });
    const first = await api.call('GET', `${MAPS}?limit=2`);
    await api.call('DELETE', `${MAPS}/c`);
    await api.call('POST', MAPS, { body: configMap('d') });
    const token = first.body.metadata.continue;
    const second = await api.call('GET', `${MAPS}?limit=500&continue=${token}`);
    const names = [...first.body.items, ...second.body.items].map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['a', 'b', 'c', 'kube-root-ca.crt']);
    assert.equal(first.body.metadata.remainingItemCount, 2);
    assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  });

  test('a token of a forgotten state is answered with one to go on over the newest', async () => {
    await using api = await startTestApi({ watchHistory: { maxChanges: 2, minChanges: 1 } });
    for (const name of ['a', 'b', 'c']) await api.call('POST', MAPS, { body: configMap(name) });
    const first = await api.call('GET', `${MAPS}?limit=1`);
    for (let i = 0; i < 5; i += 1) await api.call('POST', MAPS, { body: configMap(`x${i}`) });
    const late = await api.call('GET', `${MAPS}?limit=500&continue=${first.body.metadata.continue}`);
    assert.deepEqual([late.status, late.body.reason], [410, 'Expired']);
    const rest = await api.call('GET', `${MAPS}?limit=500&continue=${late.body.metadata.continue}`);
    assert.equal(rest.status, 200);
    assert.equal(rest.body.items[0].metadata.name, 'b');
  });

  test('a watch with a selector tells of objects that enter and leave it', async () => {
    await using api = await startTestApi();
    const { body: list } = await api.call('GET', MAPS);
    const watch = await api.watch(
      `${MAPS}?watch=1&labelSelector=on&resourceVersion=${list.metadata.resourceVersion}`,
    );
    const patch = (labels: Record<string, string | null>) =>
      api.call('PATCH', `${MAPS}/a`, {
        body: { metadata: { labels } },
        type: 'application/merge-patch+json',
      });
    await api.call('POST', MAPS, { body: configMap('a') });
    await patch({ on: 'yes' });
    await patch({ more: 'x' });
    await patch({ on: null });
    const seen = [await watch.next(), await watch.next(), await watch.next()];
    assert.deepEqual(
      seen.map((event) => event?.type),
      ['ADDED', 'MODIFIED', 'DELETED'],
    );
    assert.deepEqual(seen[2]?.object.metadata.labels, { on: 'yes', more: 'x' }, 'as it was when it left');
    await watch.close();
  });

  test('a streamed list ends with the marked bookmark and goes on as a watch', async () => {
    await using api = await startTestApi();
    await api.call('POST', MAPS, { body: configMap('a') });
    const options =
      'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const watch = await api.watch(`${MAPS}?${options}`);
    const types: string[] = [];
    let event = await watch.next();
    while (event?.type === 'ADDED') {
      types.push(event.object.metadata.name);
      event = await watch.next();
    }
    assert.deepEqual(types, ['a', 'kube-root-ca.crt']);
    assert.equal(event?.object.metadata.annotations['k8s.io/initial-events-end'], 'true');
    await api.call('DELETE', `${MAPS}/a`);
    assert.equal((await watch.next())?.type, 'DELETED');
    await watch.close();
  });

  test('a watch from a forgotten revision gets an ERROR event with 410, one from the future is refused', async () => {
    await using api = await startTestApi({ watchHistory: { maxChanges: 2, minChanges: 1 } });
    for (let i = 0; i < 5; i += 1) await api.call('POST', MAPS, { body: configMap(`x${i}`) });
    const watch = await api.watch(`${MAPS}?watch=1&resourceVersion=1`);
    const event = await watch.next();
    assert.deepEqual([event?.type, event?.object.code], ['ERROR', 410]);
    assert.equal(await watch.next(), undefined);
    const future = await api.call('GET', `${MAPS}?watch=1&resourceVersion=999999`);
    assert.equal(future.status, 504);
    assert.equal(future.body.details.causes[0].reason, 'ResourceVersionTooLarge');
  });

  test('a watch ends when its time is over', async () => {
    await using api = await startTestApi();
    const watch = await api.watch(
      `${MAPS}?watch=1&timeoutSeconds=1&resourceVersion=0&allowWatchBookmarks=true`,
    );
    const types: (string | undefined)[] = [];
    for (let event = await watch.next(); event !== undefined; event = await watch.next())
      types.push(event.type);
    assert.deepEqual(types, ['ADDED', 'BOOKMARK']);
  });
});

suite('deletion', () => {
  for (const policy of ['Background', 'Foreground', 'Orphan'] as const) {
    test(`dependents of an owner deleted with ${policy}`, async () => {
      await using api = await startTestApi();
      const { body: owner } = await api.call('POST', MAPS, { body: configMap('owner') });
      const { body: child } = await api.call('POST', MAPS, { body: owned('child', owner) });
      await api.call('POST', MAPS, { body: owned('grandchild', child) });
      await api.call('DELETE', `${MAPS}/owner`, { body: { propagationPolicy: policy } });
      await eventually(() => gone(api, `${MAPS}/owner`), 'the owner goes');
      if (policy === 'Orphan') {
        const { body } = await api.call('GET', `${MAPS}/child`);
        assert.equal(body.metadata.ownerReferences, undefined);
        assert.equal((await api.call('GET', `${MAPS}/grandchild`)).status, 200);
        return;
      }
      await eventually(() => gone(api, `${MAPS}/child`), 'the child goes');
      await eventually(() => gone(api, `${MAPS}/grandchild`), 'the grandchild goes');
    });
  }

  test('foreground deletion keeps the owner while a dependent is held', async () => {
    await using api = await startTestApi();
    const { body: owner } = await api.call('POST', MAPS, { body: configMap('owner') });
    const held = owned('held', owner);
    const metadata = { ...held.metadata, finalizers: ['example.com/wait'] };
    await api.call('POST', MAPS, { body: { ...held, metadata } });
    await api.call('DELETE', `${MAPS}/owner?propagationPolicy=Foreground`);
    await eventually(
      async () => (await api.call('GET', `${MAPS}/held`)).body.metadata.deletionTimestamp !== undefined,
      'the dependent is being deleted',
    );
    assert.equal((await api.call('GET', `${MAPS}/owner`)).body.metadata.finalizers[0], 'foregroundDeletion');
    const release = { metadata: { finalizers: null } };
    await api.call('PATCH', `${MAPS}/held`, { body: release, type: 'application/merge-patch+json' });
    await eventually(() => gone(api, `${MAPS}/owner`), 'the owner goes');
  });

  test('a dependent whose owner never existed is collected', async () => {
    await using api = await startTestApi();
    const ghost = { kind: 'ConfigMap', metadata: { name: 'ghost', uid: 'no-such-uid' } };
    await api.call('POST', MAPS, { body: owned('child', ghost) });
    await eventually(() => gone(api, `${MAPS}/child`), 'the child goes');
  });

  test('a namespace takes its contents along, refuses new ones meanwhile and says what it waits for', async () => {
    await using api = await startTestApi();
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } };
    await api.call('POST', '/api/v1/namespaces', { body: namespace });
    const map = configMap('held');
    const body = { ...map, metadata: { ...map.metadata, finalizers: ['example.com/wait'] } };
    await api.call('POST', '/api/v1/namespaces/team/configmaps', { body });
    await api.call('DELETE', '/api/v1/namespaces/team');
    const late = await api.call('POST', '/api/v1/namespaces/team/configmaps', { body: configMap('late') });
    assert.equal(late.status, 403);
    assert.equal(late.body.details.causes[0].reason, 'NamespaceTerminating');
    await eventually(async () => {
      const { body: seen } = await api.call('GET', '/api/v1/namespaces/team');
      const conditions: { type: string; message: string }[] = seen.status?.conditions ?? [];
      const waits = conditions.find(({ type }) => type === 'NamespaceFinalizersRemaining');
      return waits?.message.includes('example.com/wait in 1 resource instances') === true;
    }, 'the finalizer is named');
    await api.call('PATCH', '/api/v1/namespaces/team/configmaps/held', {
      body: { metadata: { finalizers: null } },
      type: 'application/merge-patch+json',
    });
    await eventually(() => gone(api, '/api/v1/namespaces/team'), 'the namespace goes');
  });
});

suite('access', () => {
  const account = '/api/v1/namespaces/default/serviceaccounts';
  const tokenOf = async (api: TestApi, name: string): Promise<string> => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    return (await api.call('POST', `${account}/${name}/token`, { body })).body.status.token;
  };

  test('nobody and bad tokens', async () => {
    await using api = await startTestApi();
    const nobody = await api.call('GET', MAPS, { token: '' });
    assert.deepEqual([nobody.status, nobody.body.reason], [403, 'Forbidden']);
    assert.equal((await api.call('GET', '/healthz', { token: '' })).body, 'ok');
    const bad = await api.call('GET', MAPS, { token: 'guess' });
    assert.deepEqual([bad.status, bad.body.message], [401, 'Unauthorized']);
  });

  test('a service account has what its roles give it, until it is deleted', async () => {
    await using api = await startTestApi();
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const metadata = { name: 'reader' };
    await api.call('POST', account, { body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata } });
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
    await api.call('POST', `${rbac}/roles`, { body: { apiVersion, kind: 'Role', metadata, rules } });
    const token = await tokenOf(api, 'reader');
    const before = await api.call('GET', MAPS, { token });
    assert.equal(
      before.body.message,
      'configmaps is forbidden: User "system:serviceaccount:default:reader" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
    await api.call('POST', `${rbac}/rolebindings`, {
      body: { apiVersion, kind: 'RoleBinding', metadata, subjects, roleRef },
    });
    assert.equal((await api.call('GET', MAPS, { token })).status, 200);
    assert.equal((await api.call('POST', MAPS, { token, body: configMap('x') })).status, 403);
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };
    const spec = { resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: 'default' } };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    assert.equal(
      (await api.call('POST', path, { token, body: { ...review, spec } })).body.status.allowed,
      true,
    );
    await api.call('DELETE', `${account}/reader`);
    assert.equal((await api.call('GET', MAPS, { token })).status, 401);
  });

  test('an administrator may act as somebody else, others may not', async () => {
    await using api = await startTestApi();
    const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' };
    assert.equal((await api.call('GET', MAPS, { headers })).status, 200);
    const token = await tokenOf(api, 'default');
    const refused = await api.call('GET', MAPS, { token, headers });
    assert.match(refused.body.message, /cannot impersonate resource "users"/);
  });

  test('nobody grants more than they have', async () => {
    await using api = await startTestApi();
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' };
    const metadata = { name: 'x' };
    await api.call('POST', `${rbac}/rolebindings`, {
      body: { apiVersion, kind: 'RoleBinding', metadata, subjects, roleRef },
    });
    const token = await tokenOf(api, 'default');
    const role = (resource: string) => ({
      body: {
        apiVersion,
        kind: 'Role',
        metadata: { name: resource },
        rules: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }],
      },
      token,
    });
    assert.equal((await api.call('POST', `${rbac}/roles`, role('pods'))).status, 201);
    const refused = await api.call('POST', `${rbac}/roles`, role('nodes'));
    assert.equal(refused.status, 403);
    assert.match(
      refused.body.message,
      /attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\]/,
    );
  });
});

suite('discovery', () => {
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        { name: 'v2', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };

  test('a definition is served at once in all its versions and leaves nothing behind', async () => {
    await using api = await startTestApi();
    const paths = async (): Promise<string[]> =>
      Object.keys((await api.call('GET', '/openapi/v3')).body.paths);
    await api.call('POST', CRDS, { body: definition });
    const things = '/apis/example.com/v1/namespaces/default/things';
    const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' } };
    assert.equal((await api.call('POST', things, { body: thing })).status, 201);
    const other = await api.call('GET', things.replace('v1', 'v2').concat('/x'));
    assert.equal(other.body.apiVersion, 'example.com/v2');
    const group = await api.call('GET', '/apis/example.com');
    assert.equal(group.body.preferredVersion.version, 'v2');
    assert.ok((await paths()).includes('apis/example.com/v1'));
    await api.call('DELETE', `${CRDS}/things.example.com`);
    await eventually(() => gone(api, `${CRDS}/things.example.com`), 'the definition goes');
    assert.equal((await api.call('GET', things)).status, 404);
    assert.ok(!(await paths()).includes('apis/example.com/v1'));
    await api.call('POST', CRDS, { body: definition });
    assert.deepEqual((await api.call('GET', things)).body.items, []);
  });

  test('the aggregated document comes to those who ask for it, with an ETag', async () => {
    await using api = await startTestApi();
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const first = await api.call('GET', '/apis', { accept });
    assert.equal(first.body.kind, 'APIGroupDiscoveryList');
    const etag = first.headers.get('etag') ?? '';
    const second = await api.call('GET', '/apis', { accept, headers: { 'if-none-match': etag } });
    assert.equal(second.status, 304);
    assert.equal((await api.call('GET', '/apis')).body.kind, 'APIGroupList');
  });
});
