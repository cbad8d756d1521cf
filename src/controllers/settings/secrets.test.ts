import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import {
  parseClusterSecret,
  parseRepositorySecret,
  type RepositorySecret,
  repositoryFor,
  tlsHostOf,
} from './secrets.ts';

const same = (a: string, b: string): boolean => a === b;

test('repositoryFor() is anonymous for an unknown repository', () => {
  assert.deepEqual(repositoryFor('https://h/r', 'p', [], same), {
    url: 'https://h/r',
    type: 'git',
    credential: { kind: 'none' },
  });
});

test('repositoryFor() prefers the Secret of the project over the unscoped one', () => {
  const secrets = [
    repository({ url: 'https://h/r', password: 'a' }),
    repository({ url: 'https://h/r', password: 'b', project: 'p' }),
  ];
  assert.equal(passwordOf(repositoryFor('https://h/r', 'p', secrets, same)), 'b');
  assert.equal(passwordOf(repositoryFor('https://h/r', 'other', secrets, same)), 'a');
});

test('repositoryFor() never lends the Secret of another project', () => {
  const secrets = [repository({ url: 'https://h/r', password: 'b', project: 'p' })];
  assert.equal(repositoryFor('https://h/r', 'other', secrets, same).credential.kind, 'none');
});

test('repositoryFor() takes the credential of the longest matching template', () => {
  const secrets = [
    repository({ url: 'https://h/', password: 'short' }, true),
    repository({ url: 'https://h/team', password: 'long' }, true),
    repository({ url: 'https://h/team/r' }),
  ];
  assert.equal(passwordOf(repositoryFor('https://h/team/r', 'p', secrets, same)), 'long');
  assert.equal(passwordOf(repositoryFor('https://h/x', 'p', secrets, same)), 'short');
});

test('parseClusterSecret() reads Argo CD cluster Secrets', () => {
  const cluster = parseClusterSecret(
    secret({
      server: 'https://c',
      name: 'prod',
      namespaces: 'a, b',
      config: '{"bearerToken":"t","tlsClientConfig":{"insecure":true}}',
    }),
  );
  assert.deepEqual(cluster.namespaces, ['a', 'b']);
  assert.equal(cluster.config.bearerToken, 't');
  assert.equal(cluster.name, 'prod');
});

test('parseClusterSecret() never repeats a broken config', () => {
  assert.throws(
    () => parseClusterSecret(secret({ server: 'https://c', config: '{"bearerToken": hunter2' })),
    (error: Error) =>
      !JSON.stringify([error.message, error.cause]).includes('hunter2') && error.message.includes('Secret s'),
  );
});

function repository(values: Record<string, string>, isTemplate = false): RepositorySecret {
  const parsed = parseRepositorySecret(secret(values), isTemplate);
  assert.ok(parsed);
  return parsed;
}

function passwordOf(repository: { credential: { kind: string } }): string | undefined {
  return (repository.credential as { password?: string }).password;
}

function secret(values: Record<string, string>): KubeObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data };
}

test('certificates are those of the host that an address names', () => {
  const rows: Record<string, string | undefined> = {
    'https://Git.example.com/shop.git': 'git.example.com',
    'https://ann:x@git.example.com:8443/shop.git': 'git.example.com',
    'https://[::1]:8443/shop.git': '[::1]',
    'oci://registry.example.com/org/web': 'registry.example.com',
    'registry.example.com:5000/org': 'registry.example.com',
    'http://git.example.com/shop.git': undefined,
    'ssh://git@git.example.com/shop.git': undefined,
    'git@git.example.com:shop.git': undefined,
  };
  for (const [url, host] of Object.entries(rows)) assert.equal(tlsHostOf(url), host, url);
});
