// The behaviour of the journal, the same on every database it runs on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { type Journal, JournalError, type JournalRecord, openJournal } from '../../src/journal/index.ts';
import { type Clock, systemClock } from '../../src/lib/index.ts';

export interface JournalStore {
  /** A URL whose database is empty and this test's own. */
  fresh(): Promise<string>;
  /** Runs SQL behind the journal's back. The guards against changes are off. */
  tamper(url: string, statements: readonly string[]): Promise<void>;
}

const WRITER = new URL('journal-writer.ts', import.meta.url).pathname;
const app = (name: string) => ({ group: 'argoproj.io', kind: 'Application', namespace: 'argocd', name });
const ada = { kind: 'user', name: 'ada' } as const;
const controller = { kind: 'controller', name: 'application' } as const;

/** Time that moves one second per reading, from 2026-01-01T00:00:00Z. */
function steppingClock(): Clock {
  let now = Date.UTC(2026, 0, 1) - 1000;
  return { ...systemClock, now: () => (now += 1000) };
}

/** Registers the suite for one kind of database. */
export function journalSuite(name: string, store: JournalStore): void {
  suite(`journal on ${name}`, { timeout: 120_000 }, () => {
    writing(store);
    reading(store);
    tampering(store);
    retention(store);
    severalWriters(store);
  });
}

async function withJournal(store: JournalStore, task: (journal: Journal, url: string) => Promise<void>) {
  const url = await store.fresh();
  const journal = await openJournal({ clock: steppingClock() }, { url });
  try {
    await task(journal, url);
  } finally {
    await journal.close();
  }
}

function writing(store: JournalStore): void {
  test('append() links each record to the one before it and survives a restart', () =>
    withJournal(store, async (journal, url) => {
      assert.deepEqual(await journal.head(), { seq: 0, hash: '0'.repeat(64) });
      const [first, second] = await journal.append([
        { kind: 'fact', actor: ada, action: 'session.login', object: { kind: 'Session', name: 'ada' } },
        {
          kind: 'fact',
          actor: ada,
          action: 'application.create',
          object: app('web'),
          detail: { b: 1, a: [] },
        },
      ]);
      assert.equal(first?.seq, 1);
      assert.equal(second?.prevHash, first?.hash);
      const again = await openJournal({ clock: steppingClock() }, { url });
      assert.deepEqual(await again.head(), { seq: 2, hash: second?.hash });
      assert.deepEqual((await again.query()).records, [second, first]);
      await again.close();
    }));

  test('outcome() ends an intent; openIntents() lists what has not ended and what is unknown', () =>
    withJournal(store, async (journal) => {
      const sync = (n: string) =>
        journal.intent({ actor: controller, action: 'application.sync', object: app(n) });
      const [done, lost, open] = [await sync('a'), await sync('b'), await sync('c')];
      await journal.outcome(done, { outcome: 'succeeded' });
      const ended = await journal.outcome(lost.seq, {
        outcome: 'unknown',
        reason: 'the controller was killed',
      });
      assert.deepEqual(ended.object, app('b'));
      const states = async () => (await journal.openIntents()).map((i) => [i.record.seq, i.state]);
      assert.deepEqual(await states(), [
        [lost.seq, 'unknown'],
        [open.seq, 'open'],
      ]);
      await journal.outcome(lost, { outcome: 'succeeded', reason: 'resolved: the object has the revision' });
      assert.deepEqual(await states(), [[open.seq, 'open']]);
      const filters = { object: { name: 'other' } };
      assert.deepEqual(await journal.openIntents({ filters }), []);
      await rejectsWith('JOURNAL_UNKNOWN_INTENT', journal.outcome(ended.seq, { outcome: 'failed' }));
    }));

  test('append() never stores secrets, oversized details or text a database cannot hold', () =>
    withJournal(store, async (journal) => {
      const record = await journal.fact({
        actor: { kind: 'user', name: 'eve\0\ud800\u001b[31m\r\n{"seq":9}' },
        action: 'secret.apply',
        object: { kind: 'Secret', name: 'db' },
        detail: {
          kind: 'Secret',
          data: { user: 'Y2FuYXJ5' },
          spec: { password: 'canary', secretName: 'db' },
        },
      });
      assert.deepEqual(record.detail, {
        kind: 'Secret',
        data: { user: '[redacted]' },
        spec: { password: '[redacted]', secretName: 'db' },
      });
      const long = await journal.fact({
        actor: ada,
        action: 'x.y',
        object: app('web'),
        reason: 'r'.repeat(9000),
        detail: { log: 'l'.repeat(15_000), more: 'm'.repeat(15_000) },
      });
      assert.match(long.reason ?? '', /…\[truncated 4904 characters\]$/);
      assert.equal((long.detail as { truncated?: boolean }).truncated, true);
      assert.deepEqual((await journal.query()).records, [long, record]);
      assert.equal((await journal.verify()).ok, true);
    }));

  test('append() refuses a record when taking secrets out of it fails', async () => {
    const redact = () => {
      throw new Error('no');
    };
    const journal = await openJournal({ clock: systemClock, redact }, { url: await store.fresh() });
    await rejectsWith(
      'JOURNAL_INVALID_RECORD',
      journal.fact({ actor: ada, action: 'a.b', object: app('web') }),
    );
    assert.equal((await journal.head()).seq, 0);
    await journal.close();
    await rejectsWith(
      'JOURNAL_CLOSED',
      journal.append([]).then(() => writeFacts(journal, 1)),
    );
  });
}

function reading(store: JournalStore): void {
  const cases: Record<string, { filters: Parameters<Journal['query']>[0]; want: string[] }> = {
    'by object': { filters: { filters: { object: { name: 'web' } } }, want: ['prune', 'sync'] },
    'by actor': { filters: { filters: { actor: { name: 'ada' } } }, want: ['login'] },
    'by kind of actor': {
      filters: { filters: { actor: { kind: 'controller' } } },
      want: ['edit', 'prune', 'sync'],
    },
    'by action': { filters: { filters: { action: 'application.sync' } }, want: ['sync'] },
    'by prefix of the action': {
      filters: { filters: { action: 'application.*' } },
      want: ['edit', 'prune', 'sync'],
    },
    'by operation': { filters: { filters: { operation: 'op-1' } }, want: ['prune', 'sync'] },
    'by revision': { filters: { filters: { revision: 'abc' } }, want: ['sync'] },
    'by text, not by pattern': { filters: { filters: { text: '100% OF "web' } }, want: ['sync'] },
    'by application, its operations included': {
      filters: { filters: { applications: [{ namespace: 'argocd', name: 'web' }] } },
      want: ['prune', 'sync'],
    },
    'by no application at all': { filters: { filters: { applications: [] } }, want: [] },
    'by time': {
      filters: { filters: { since: Date.UTC(2026, 0, 1, 0, 0, 1), until: Date.UTC(2026, 0, 1, 0, 0, 3) } },
      want: ['prune', 'sync'],
    },
    'after a record, oldest first': { filters: { after: 2 }, want: ['prune', 'edit'] },
    'before a record, newest first': { filters: { before: 3 }, want: ['sync', 'login'] },
  };
  suite('query() finds', () => {
    let journal: Journal;
    before(async () => {
      journal = await openJournal({ clock: steppingClock() }, { url: await store.fresh() });
      const act = (actor: typeof ada | typeof controller, action: string, name: string, more: object = {}) =>
        journal.fact({ actor, action, object: app(name), ...more });
      await act(ada, 'session.login', 'ada');
      await act(controller, 'application.sync', 'web', {
        operation: 'op-1',
        revision: 'abc',
        reason: '100% of "Web"',
      });
      await act(controller, 'application.prune', 'web', { operation: 'op-1' });
      await act(controller, 'application.edit', 'api', { reason: '100 of web' });
    });
    after(() => journal.close());
    for (const [name, { filters, want }] of Object.entries(cases)) {
      test(name, async () => {
        const { records } = await journal.query(filters);
        assert.deepEqual(
          records.map(({ action }) => action.split('.')[1]),
          want,
        );
      });
    }
    test('page by page, without gaps', async () => {
      const seen: number[] = [];
      let next: number | undefined = 0;
      while (next !== undefined) {
        const page = await journal.query({ after: next, limit: 3 });
        seen.push(...page.records.map(({ seq }) => seq));
        next = page.next;
      }
      assert.deepEqual(seen, [1, 2, 3, 4]);
    });
    test('nothing when the query makes no sense', async () => {
      await rejectsWith('JOURNAL_BAD_REQUEST', journal.query({ limit: 1001 }));
      await rejectsWith('JOURNAL_BAD_REQUEST', journal.query({ after: 1, before: 2 }));
    });
  });
}

function tampering(store: JournalStore): void {
  const copy = (from: number, to: number) =>
    `insert into journal select ${to}, time_ms, kind, actor_kind, actor, action, object_kind, object_namespace,
     object_name, operation, revision, intent, outcome, record, prev_hash, hash from journal where seq = ${from}`;
  const move = (from: number, to: number) => `update journal set seq = ${to} where seq = ${from}`;
  const remove = (seqs: string) => `delete from journal where seq in (${seqs})`;
  const cases: Record<string, { by: string[]; want: [number, string]; keepHead?: boolean }> = {
    'an altered record': {
      by: [`update journal set record = replace(record, 'app-4', 'app-5') where seq = 4`],
      want: [4, 'altered'],
    },
    'an altered column': { by: [`update journal set actor = 'bob' where seq = 7`], want: [7, 'altered'] },
    'an altered hash': { by: [`update journal set hash = prev_hash where seq = 3`], want: [3, 'altered'] },
    'a text that is no record': {
      by: [`update journal set record = '[]' where seq = 2`],
      want: [2, 'altered'],
    },
    'a deleted record': { by: [remove('5')], want: [5, 'missing'] },
    'a deleted beginning': { by: [remove('1,2')], want: [1, 'missing'] },
    'a deleted record whose gap was closed': { by: [remove('9'), move(10, 9)], want: [9, 'altered'] },
    'two swapped records': { by: [move(4, 100), move(5, 4), move(100, 5)], want: [4, 'altered'] },
    'a duplicated record': { by: [copy(10, 11)], want: [11, 'altered'] },
    'a cut tail, given the head kept outside': {
      by: [remove('9,10')],
      want: [9, 'truncated'],
      keepHead: true,
    },
    'an emptied journal, given the head kept outside': {
      by: ['delete from journal'],
      want: [1, 'truncated'],
      keepHead: true,
    },
  };
  for (const [name, { by, want, keepHead }] of Object.entries(cases)) {
    test(`verify() finds ${name}`, () =>
      withJournal(store, async (journal, url) => {
        await writeFacts(journal, 10);
        const head = await journal.head();
        assert.deepEqual(await journal.verify({ head }), { ok: true, head, records: 10 });
        await store.tamper(url, by);
        const found = await journal.verify(keepHead ? { head } : {});
        assert.deepEqual(found.ok ? found : [found.seq, found.fault], want);
      }));
  }

  test('verify() finds a chain written anew, given the head kept outside', () =>
    withJournal(store, async (journal, url) => {
      await writeFacts(journal, 5);
      const head = await journal.head();
      await store.tamper(url, ['delete from journal']);
      await journal.append([{ kind: 'fact', actor: ada, action: 'nothing.happened', object: app('web') }]);
      await writeFacts(journal, 4);
      assert.equal((await journal.verify()).ok, true);
      const found = await journal.verify({ head });
      assert.deepEqual(found.ok ? found : [found.seq, found.fault], [5, 'rewritten']);
    }));

  test('verify() from a record on trusts what is before it and nothing after it', () =>
    withJournal(store, async (journal, url) => {
      await writeFacts(journal, 10);
      await store.tamper(url, [`update journal set actor = 'bob' where seq = 3`]);
      assert.equal((await journal.verify({ from: 4 })).ok, true);
      await store.tamper(url, [`update journal set actor = 'bob' where seq = 8`]);
      const found = await journal.verify({ from: 4 });
      assert.deepEqual(found.ok ? found : found.seq, 8);
    }));
}

function retention(store: JournalStore): void {
  const second = (n: number): number => Date.UTC(2026, 0, 1, 0, 0, n);

  test('prune() deletes what is older, and the rest still verifies', () =>
    withJournal(store, async (journal, url) => {
      for (let i = 0; i < 8; i += 1) await writeFacts(journal, 1);
      const old = (await journal.query({ after: 2, limit: 1 })).records[0];
      const last = (await journal.query({ after: 4, limit: 1 })).records[0];
      const head = await journal.head();
      assert.deepEqual(await journal.prune(second(5)), { records: 5, through: 5 });
      const verified = await journal.verify({ head });
      assert.deepEqual(verified.ok && [verified.records, verified.prunedThrough], [4, 5]);
      assert.deepEqual(
        (await journal.query({ after: 0 })).records.map(({ seq }) => seq),
        [6, 7, 8, 9],
      );
      // A head of the last record that went still compares, an older one cannot.
      assert.equal((await journal.verify({ head: { seq: 5, hash: last?.hash ?? '' } })).ok, true);
      const wrong = await journal.verify({ head: { seq: 5, hash: old?.hash ?? '' } });
      assert.equal(wrong.ok || wrong.fault, 'rewritten');
      const older = await journal.verify({ head: { seq: 3, hash: old?.hash ?? '' } });
      assert.equal(older.ok && older.headPruned, true);
      const again = await openJournal({ clock: steppingClock() }, { url });
      assert.equal((await again.verify()).ok, true);
      await again.close();
    }));

  test('prune() twice keeps one chain, and keeps an intent that has not ended', () =>
    withJournal(store, async (journal) => {
      await writeFacts(journal, 2);
      await journal.prune(second(1));
      const open = await journal.intent({ actor: controller, action: 'object.apply', object: app('web') });
      await writeFacts(journal, 3);
      const { through } = await journal.prune(second(50));
      assert.equal(through, open.seq - 1);
      await journal.outcome(open, { outcome: 'succeeded' });
      await journal.prune(second(100));
      const verified = await journal.verify();
      assert.equal(verified.ok, true);
    }));

  test('verify() finds a beginning that was cut off and called pruned', () =>
    withJournal(store, async (journal, url) => {
      await writeFacts(journal, 6);
      const third = (await journal.query({ after: 2, limit: 1 })).records[0];
      await store.tamper(url, [
        `update journal_base set seq = 3, hash = '${third?.hash}'`,
        'delete from journal where seq <= 3',
      ]);
      const found = await journal.verify();
      assert.deepEqual(found.ok ? found : [found.seq, found.fault], [3, 'unexplained']);
    }));

  test('prune() of nothing changes nothing', () =>
    withJournal(store, async (journal) => {
      await writeFacts(journal, 4);
      await journal.prune(second(2));
      assert.deepEqual(await journal.prune(second(1)), { records: 0, through: 4 });
    }));

  test('verify() finds a record by the hash kept outside alone', () =>
    withJournal(store, async (journal) => {
      await writeFacts(journal, 4);
      const { hash } = await journal.head();
      await writeFacts(journal, 2);
      assert.equal((await journal.verify({ head: { hash } })).ok, true);
      const found = await journal.verify({ head: { hash: 'f'.repeat(64) } });
      assert.equal(found.ok || found.fault, 'truncated');
    }));
}

function severalWriters(store: JournalStore): void {
  test('two journals on one database make one chain without gaps', async () => {
    const url = await store.fresh();
    const journals = await Promise.all([1, 2].map(() => openJournal({ clock: systemClock }, { url })));
    await Promise.all(
      journals.flatMap((journal) => Array.from({ length: 50 }, () => writeFacts(journal, 3))),
    );
    for (const journal of journals) {
      const verified = await journal.verify();
      assert.deepEqual(verified.ok && verified.records, 300);
      await journal.close();
    }
  });

  test('what was acknowledged is there after the writing process was killed', async () => {
    const url = await store.fresh();
    const child = spawn(process.execPath, [WRITER, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged: { seq: number; hash: string }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(JSON.parse(line) as { seq: number; hash: string });
      if (acknowledged.length === 300) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
    const journal = await openJournal({ clock: systemClock }, { url });
    const head = acknowledged.at(-1);
    assert.equal((await journal.verify(head === undefined ? {} : { head })).ok, true);
    const found = new Map<number, string>();
    let page = await journal.query({ after: 0, limit: 1000 });
    for (;;) {
      for (const { seq, hash } of page.records) found.set(seq, hash);
      if (page.next === undefined) break;
      page = await journal.query({ after: page.next, limit: 1000 });
    }
    assert.deepEqual(
      acknowledged.filter(({ seq, hash }) => found.get(seq) !== hash),
      [],
    );
    const open = await journal.openIntents();
    for (const { record } of open) await journal.outcome(record, { outcome: 'unknown', reason: 'killed' });
    await writeFacts(journal, 1);
    assert.equal((await journal.verify()).ok, true);
    await journal.close();
  });
}

/** Appends `count` facts in one call. */
export async function writeFacts(journal: Journal, count: number): Promise<readonly JournalRecord[]> {
  const { seq } = await journal.head();
  return journal.append(
    Array.from({ length: count }, (_, i) => ({
      kind: 'fact' as const,
      actor: controller,
      action: 'object.apply',
      object: app(`app-${seq + i + 1}`),
    })),
  );
}

export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof JournalError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}
