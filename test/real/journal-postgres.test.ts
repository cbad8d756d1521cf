// The journal's own suite on a real Postgres, and what only a server can do: go away and come back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/lib/index.ts';
import { journalSuite, rejectsWith, writeFacts } from '../support/journal-suite.ts';
import { missingPostgres, type Postgres, runSql, startPostgres } from '../support/postgres.ts';

const missing = missingPostgres();
const required = process.env['CI'] !== undefined;

if (missing !== undefined && !required) {
  test('journal on Postgres', { skip: missing }, () => {});
} else {
  let server: Postgres;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.close());

  journalSuite('Postgres', {
    fresh: () => server.createDatabase(),
    tamper: (url, statements) =>
      runSql(url, [
        'drop trigger if exists journal_no_change on journal',
        'drop trigger if exists journal_no_delete on journal',
        'drop trigger if exists journal_base_forward on journal_base',
        ...statements,
      ]),
  });

  test('the database refuses to change, delete or truncate', async () => {
    const url = await server.createDatabase();
    const journal = await openJournal({ clock: systemClock }, { url });
    await writeFacts(journal, 1);
    for (const statement of [`update journal set actor = 'bob'`, 'delete from journal', 'truncate journal']) {
      await assert.rejects(runSql(url, [statement]), /append-only/);
    }
    await journal.close();
  });

  test('records written while the server restarts are there once and in order', async () => {
    const url = await server.createDatabase();
    const journal = await openJournal({ clock: systemClock }, { url });
    const stop = new AbortController();
    const acknowledged: string[] = [];
    const write = async (name: string): Promise<void> => {
      for (let i = 0; !stop.signal.aborted; i += 1) {
        const object = { kind: 'ConfigMap', name: `${name}-${i}` };
        await journal.fact({ actor: { kind: 'system', name: 'test' }, action: 'object.apply', object });
        acknowledged.push(object.name);
      }
    };
    const writers = ['a', 'b', 'c'].map(write);
    for (let round = 0; round < 3; round += 1) {
      const enough = acknowledged.length + 50;
      while (acknowledged.length < enough) await new Promise((resolve) => setTimeout(resolve, 5));
      await server.crash();
    }
    stop.abort();
    await Promise.all(writers);
    const verified = await journal.verify();
    assert.equal(verified.ok && verified.records, acknowledged.length);
    const names: string[] = [];
    for (let next: number | undefined = 0; next !== undefined; ) {
      const page = await journal.query({ after: next, limit: 1000 });
      names.push(...page.records.map(({ object }) => object.name));
      next = page.next;
    }
    assert.deepEqual(names.sort(), acknowledged.sort());
    await journal.close();
  });

  test('openJournal() says that user or database are wrong', async () => {
    const url = await server.createDatabase();
    const open = (change: string) =>
      openJournal({ clock: systemClock }, { url: url.replace(/d\d+$/, change) });
    await rejectsWith('JOURNAL_UNAVAILABLE', open('nowhere'));
  });
}
