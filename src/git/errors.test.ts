import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Retry } from '../lib/index.ts';
import { type GitErrorCode, gitError } from './errors.ts';

/** What git 2.39 printed. */
const CAPTURED: [GitErrorCode, Retry, string][] = [
  [
    'GIT_REDIRECTED',
    'on-change',
    "fatal: unable to access 'http://127.0.0.1:42535/r.git/': The requested URL returned error: 302\n",
  ],
  [
    'GIT_AUTH',
    'on-change',
    "fatal: could not read Username for 'http://127.0.0.1:41979': terminal prompts disabled\n",
  ],
  [
    'GIT_AUTH',
    'on-change',
    "fatal: unable to access 'http://127.0.0.1:44131/r.git/': The requested URL returned error: 403\n",
  ],
  [
    'GIT_AUTH',
    'on-change',
    "remote: Invalid username or password.\nfatal: Authentication failed for 'https://example.com/r.git/'\n",
  ],
  [
    'GIT_AUTH',
    'on-change',
    'git@example.com: Permission denied (publickey).\r\nfatal: Could not read from remote repository.\n',
  ],
  ['GIT_REPOSITORY_NOT_FOUND', 'on-change', "fatal: repository 'http://127.0.0.1:38619/r.git/' not found\n"],
  [
    'GIT_REPOSITORY_NOT_FOUND',
    'on-change',
    'ERROR: Repository not found.\nfatal: Could not read from remote repository.\n',
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    "fatal: unable to access 'http://127.0.0.1:33195/r.git/': The requested URL returned error: 429\n",
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    "fatal: unable to access 'http://127.0.0.1:46243/r.git/': The requested URL returned error: 500\n",
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    "fatal: unable to access 'http://127.0.0.1:39027/r.git/': Empty reply from server\n",
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    "fatal: unable to access 'http://127.0.0.1:1/r.git/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server\n",
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    "fatal: unable to access 'http://no-such-host.invalid/r.git/': Could not resolve host: no-such-host.invalid\n",
  ],
  [
    'GIT_UNREACHABLE',
    'backoff',
    'ssh: connect to host 127.0.0.1 port 22: Connection refused\r\nfatal: Could not read from remote repository.\n',
  ],
  [
    'GIT_TLS',
    'on-change',
    "fatal: unable to access 'https://127.0.0.1:34607/r.git/': server certificate verification failed. CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none\n",
  ],
  [
    'GIT_HOST_KEY',
    'on-change',
    'Host key verification failed.\r\nfatal: Could not read from remote repository.\n',
  ],
  ['GIT_REF_NOT_FOUND', 'on-change', "fatal: couldn't find remote ref refs/heads/nope\n"],
  [
    'GIT_REF_NOT_FOUND',
    'on-change',
    'fatal: git upload-pack: not our ref 1234567890123456789012345678901234567890\nfatal: remote error: upload-pack: not our ref 1234567890123456789012345678901234567890\n',
  ],
  [
    'GIT_LOCKED',
    'backoff',
    "fatal: Unable to create '/data/x.git/./packed-refs.lock': File exists.\n\nAnother git process seems to be running in this repository, e.g.\n",
  ],
  [
    'GIT_HOST_KEY',
    'on-change',
    '@@@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@@@@@@@@@\r\nHost key for [127.0.0.1]:2222 has changed and you have requested strict checking.\r\nHost key verification failed.\r\nfatal: Could not read from remote repository.\n',
  ],
  ['GIT_CORRUPT', 'backoff', "fatal: not a git repository: '/data/x.git'\n"],
  [
    'GIT_CORRUPT',
    'backoff',
    'error: object file objects/3b/18e512 is empty\nfatal: loose object 3b18e512 (stored in objects/3b/18e512) is corrupt\n',
  ],
  ['GIT_DISK', 'backoff', 'error: unable to write file objects/pack/tmp_pack_x: No space left on device\n'],
  ['GIT_FAILED', 'backoff', 'fatal: something nobody has seen\n'],
];
for (const [code, retry, stderr] of CAPTURED) {
  test(`gitError() reads ${JSON.stringify(stderr.trim().slice(0, 80))} as ${code}`, () => {
    const error = gitError('fetch https://example.com/r.git', { exitCode: 128, stderr });
    assert.deepEqual([error.code, error.retry], [code, retry]);
    assert.match(error.message, /^Cannot fetch https:\/\/example\.com\/r\.git: \S/);
    assert.doesNotMatch(error.message, /\.$|\n/);
  });
}

test('S-H4: gitError() takes user and password out of what git says', () => {
  const stderr =
    "fatal: unable to access 'https://ada:hunter2@example.com/r.git/': The requested URL returned error: 500\n";
  assert.doesNotMatch(gitError('fetch', { exitCode: 128, stderr }).message, /hunter2|ada/);
});
