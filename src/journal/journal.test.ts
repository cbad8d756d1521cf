import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { journalSuite, rejectsWith, writeFacts } from '../../test/support/journal-suite.ts';
import { systemClock } from '../lib/index.ts';
import { type JournalEntry, openJournal } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-journal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function freshUrl(): string {
  files += 1;
  return `sqlite:${join(folder, `${files}.db`)}`;
}

function tamper(url: string, statements: readonly string[]): void {
  const database = new DatabaseSync(url.slice('sqlite:'.length));
  database.exec('drop trigger if exists journal_no_update; drop trigger if exists journal_no_delete');
  database.exec('drop trigger if exists journal_base_forward');
  for (const statement of statements) database.exec(statement);
  database.close();
}

journalSuite('SQLite', {
  fresh: async () => freshUrl(),
  tamper: async (url, statements) => tamper(url, statements),
});

test('the database refuses to change or delete a record', async () => {
  const url = freshUrl();
  const journal = await openJournal({ clock: systemClock }, { url });
  await writeFacts(journal, 2);
  await journal.close();
  const database = new DatabaseSync(url.slice('sqlite:'.length));
  assert.throws(() => database.exec(`update journal set actor = 'bob'`), /append-only/);
  assert.throws(() => database.exec('delete from journal'), /append-only/);
  database.close();
});

test('openJournal() says what is wrong with the store', async () => {
  const broken = join(folder, 'broken.db');
  writeFileSync(
    broken,
    'This is not a database, however long it may look to the program that opens it. '.repeat(20),
  );
  const open = (url: string) => openJournal({ clock: systemClock }, { url });
  await rejectsWith('JOURNAL_UNAVAILABLE', open(`sqlite:${broken}`));
  await rejectsWith('JOURNAL_UNAVAILABLE', open('postgres://nobody:pw@127.0.0.1:1/none'));
  await rejectsWith('JOURNAL_BAD_REQUEST', open('mysql://root:pw@db/x'));
  await assert.rejects(open('mysql://root:canary@db/x'), (error: Error) => !error.message.includes('canary'));
  const newer = freshUrl();
  await (await open(newer)).close();
  tamper(newer, ['update journal_version set version = 99']);
  await rejectsWith('JOURNAL_SCHEMA', open(newer));
});

test('append() of 10,000 records by 2,000 concurrent callers is grouped and fast', async (t) => {
  const journal = await openJournal({ clock: systemClock }, { url: freshUrl() });
  const entry = (i: number): JournalEntry => ({
    kind: 'fact',
    actor: { kind: 'controller', name: 'application' },
    action: 'object.apply',
    object: { group: 'apps', kind: 'Deployment', namespace: 'default', name: `web-${i}` },
    operation: `op-${i % 1000}`,
    revision: 'e83c5163316f89bfbde7d9ab23ca2e25604af290',
    detail: { wave: 0, changed: ['spec.replicas', 'spec.template'] },
  });
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 2000 }, (_, i) =>
      journal.append(Array.from({ length: 5 }, (_, j) => entry(5 * i + j))),
    ),
  );
  const wroteMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const verifyStarted = performance.now();
  const verified = await journal.verify();
  assert.deepEqual(verified.ok && verified.records, 10_000);
  const cpuMs = (user + system) / 1000 / 10_000;
  t.diagnostic(
    `10,000 records in ${wroteMs.toFixed(0)} ms, ${(cpuMs * 1000).toFixed(0)} µs of CPU each; verified in ${(performance.now() - verifyStarted).toFixed(0)} ms`,
  );
  // Far above what it takes, so that a busy machine does not fail it; a lost grouping would.
  assert.ok(wroteMs < 10_000);
  await journal.close();
});
