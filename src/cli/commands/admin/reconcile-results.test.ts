import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { application, PASSWORD, startTestServer } from '../../../../test/support/api-server.ts';
import { testCli } from '../../../../test/support/cli.ts';

test('what became of applications is kept in a file, and two files are compared', async () => {
  await using server = await startTestServer();
  for (const name of ['web', 'api']) await server.applications.create(application(name));
  await using cli = await testCli();
  await cli.run('login', server.url, '--username', 'admin', '--password', PASSWORD);
  const [before, after] = [join(cli.directory, 'before.yaml'), join(cli.directory, 'after.yaml')];
  const written = await cli.run('admin', 'app', 'get-reconcile-results', before);
  assert.deepEqual([written.code, written.stderr], [0, `2 applications written to ${before}\n`]);
  const text = await readFile(before, 'utf8');
  assert.match(text, /^ {2}- name: api\n {4}namespace: argocd\n {4}health:$/m);

  const compare = (...more: readonly string[]) =>
    cli.run('admin', 'app', 'diff-reconcile-results', before, after, ...more);
  await writeFile(after, text);
  assert.deepEqual([(await compare()).code, (await compare()).stdout], [0, 'No differences\n']);
  await writeFile(after, text.replace(/(name: api\n[\s\S]*?sync:\n {6}status: )\w+/, '$1Unheard'));
  const changed = await compare();
  assert.equal(changed.code, 1);
  assert.match(changed.stdout, /^argocd\/api\n/);
  assert.match(changed.stdout, /^\+.*status: Unheard$/m);
  assert.doesNotMatch(changed.stdout, /argocd\/web/);
  assert.equal(JSON.parse((await compare('-o', 'json')).stdout)[0].name, 'argocd/api');
  await writeFile(after, 'applications: 7');
  assert.match((await compare()).stderr, /was not written by admin app get-reconcile-results/);
});
