import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequestInfo, verbOf } from './request-info.ts';

const CASES: Record<string, string> = {
  'GET /api/v1/pods': 'list v1 pods',
  'GET /api/v1/namespaces/a/pods?watch=true': 'watch v1 pods in a',
  'GET /api/v1/namespaces/a/pods/x': 'get v1 pods x in a',
  'GET /api/v1/namespaces/a/pods/x/log': 'get v1 pods x/log in a',
  'GET /api/v1/namespaces/a': 'get v1 namespaces a',
  'PUT /api/v1/namespaces/a/finalize': 'update v1 namespaces a/finalize',
  'PATCH /apis/apps/v1/namespaces/a/deployments/x/scale': 'patch apps/v1 deployments x/scale in a',
  'DELETE /apis/example.com/v1/things': 'deletecollection example.com/v1 things',
  'DELETE /apis/example.com/v1/things/a%2Fb': 'delete example.com/v1 things a/b',
  'POST /apis/apps/v1/namespaces/a/deployments': 'create apps/v1 deployments in a',
  'GET /api/v1/watch/namespaces/a/configmaps': 'watch v1 configmaps in a',
  'GET /apis/apps/v1': 'no resource',
  'GET /version': 'no resource',
};

for (const [line, want] of Object.entries(CASES)) {
  test(`readRequestInfo() of ${line}: ${want}`, () => {
    const [method = '', url = ''] = line.split(' ');
    const { resource, query } = readRequestInfo(url);
    if (resource === undefined) {
      assert.equal('no resource', want);
      return;
    }
    const { groupVersion, resource: name, subresource, namespace } = resource;
    const object =
      resource.name === '' ? '' : ` ${resource.name}${subresource === '' ? '' : `/${subresource}`}`;
    const where = namespace === '' ? '' : ` in ${namespace}`;
    assert.equal(`${verbOf(method, resource, query)} ${groupVersion} ${name}${object}${where}`, want);
  });
}
