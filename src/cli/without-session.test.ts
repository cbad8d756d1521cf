// Ways in besides a sign-in: the token of the session, contexts without a server, programs of others.
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PASSWORD, startTestServer } from '../../test/support/api-server.ts';
import { testCli } from '../../test/support/cli.ts';

test('account session-token prints the token that calls bring along', async () => {
  await using server = await startTestServer({});
  await using cli = await testCli();
  const none = await cli.run('account', 'session-token');
  assert.equal(none.code, 20);
  assert.match(none.stderr, /No server is known; sign in with: fairlead login SERVER/);
  await cli.run('login', server.url, '--name', 'test', '--username', 'admin', '--password', PASSWORD);
  const token = (await cli.run('account', 'session-token')).stdout.trim();
  const own = await cli.run('account', 'get-user-info', '--server', server.url, '--auth-token', token);
  assert.match(own.stdout, /^Username: admin$/m);
  assert.deepEqual(JSON.parse((await cli.run('account', 'session-token', '-o', 'json')).stdout), { token });
  await cli.run('logout', 'test');
  const after = await cli.run('account', 'session-token');
  assert.deepEqual(
    [after.code, after.stderr],
    [20, `Error: Nobody is signed in to ${server.url}; sign in with: fairlead login SERVER\n`],
  );
});

test('login --core makes later calls go straight to the cluster, until another context is chosen', async () => {
  await using server = await startTestServer({});
  const { token } = (await (
    await fetch(`${server.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: PASSWORD }),
    })
  ).json()) as { token: string };
  let opened = 0;
  const core = async () => {
    opened += 1;
    const header = { name: 'authorization', value: `Bearer ${token}` };
    return { url: server.url, header, [Symbol.asyncDispose]: async () => {} };
  };
  const no = async (): Promise<never> => {
    throw new Error('not in this test');
  };
  await using cli = await testCli({ processes: { up: no, serve: no, apiServer: no, cluster: no, core } });
  assert.deepEqual(await cli.run('login', '--core'), {
    code: 0,
    stdout: "Context 'kubernetes' updated\n",
    stderr: '',
  });
  assert.equal((await cli.run('cluster', 'list', '-o', 'json')).code, 0);
  assert.equal(opened, 1);
  assert.match(await readFile(join(cli.directory, 'config'), 'utf8'), /core: true/);
  // A server that is named is meant.
  const named = await cli.run('cluster', 'list', '--server', server.url, '--auth-token', token);
  assert.deepEqual([named.code, opened], [0, 1]);
  await cli.run('login', server.url, '--name', 'test', '--username', 'admin', '--password', PASSWORD);
  assert.equal((await cli.run('cluster', 'list')).code, 0);
  assert.equal(opened, 1);
  assert.equal((await cli.run('cluster', 'list', '--context', 'kubernetes')).code, 0);
  assert.equal(opened, 2);
  const nowhere = await cli.run('login');
  assert.deepEqual([nowhere.code, nowhere.stderr], [1, 'Error: Name the server: fairlead login SERVER\n']);
});

test('a word that is no command of ours runs the program fairlead-WORD or argocd-WORD of the PATH', async () => {
  const ran: (readonly string[])[] = [];
  await using folder = await testCli();
  const file = async (name: string, mode: number): Promise<string> => {
    const path = join(folder.directory, name);
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, mode);
    return path;
  };
  const own = await file('fairlead-cost', 0o755);
  const theirs = await file('argocd-lint', 0o755);
  await file('fairlead-app', 0o755);
  await file('fairlead-notes', 0o644);
  await using cli = await testCli({
    path: folder.directory,
    async runProgram(program, args) {
      ran.push([program, ...args]);
      return 7;
    },
  });
  assert.equal((await cli.run('cost', '--month', 'may')).code, 7);
  assert.equal((await cli.run('lint')).code, 7);
  assert.deepEqual(ran, [[own, '--month', 'may'], [theirs]]);
  for (const word of ['app', 'notes', '../cost', 'nothing', '--version']) await cli.run(word);
  assert.equal(ran.length, 2);
});
