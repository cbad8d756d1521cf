import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Json, systemClock } from '../lib/index.ts';
import { createEvaluator, EvaluateError, type Evaluator } from './index.ts';

const evaluator = createEvaluator({ clock: systemClock });
after(() => evaluator.close());

const OBJECT = {
  kind: 'Widget',
  metadata: { name: 'w', labels: {}, generation: 2 },
  spec: { replicas: 6, ratio: 0.5, list: [1, null, 3], none: [], nothing: null },
};

function lua(source: string, openLibs = true, by: Evaluator = evaluator): Promise<Json | undefined> {
  return by.run({ language: 'lua', name: 'test program', source, openLibs }, { obj: OBJECT });
}

const GIVES: Record<string, { source: string; openLibs?: boolean; want: Json | undefined }> = {
  'an object as a table': { source: 'return obj.metadata.name .. obj.spec.replicas', want: 'w6' },
  'nothing for nil': { source: 'return nil', want: undefined },
  'nothing without a return': { source: 'local x = 1', want: undefined },
  'lists without their nulls': { source: 'return {#obj.spec.list, obj.spec.list[2]}', want: [2, 3] },
  'no null members': { source: 'return obj.spec.nothing == nil', want: true },
  'empty lists and empty maps as what they were': {
    source: 'return {a = obj.metadata.labels, b = obj.spec.none, c = {}}',
    want: { a: {}, b: [], c: {} },
  },
  'a list that was emptied as a list': {
    source: 'table.remove(obj.spec.list) table.remove(obj.spec.list) return obj.spec.list',
    want: [],
  },
  'whole numbers without a fraction, as Lua 5.1': {
    source: 'return "ready " .. obj.spec.replicas / 2 .. " of " .. tostring(12 / 2)',
    want: 'ready 3 of 6',
  },
  'fractions with one': { source: 'return "" .. obj.spec.ratio', want: '0.5' },
  'table.getn, unpack, loadstring, table.maxn, math.pow': {
    source:
      'return {table.getn({1,2}), unpack({5,6}), loadstring("return 7")(), table.maxn({1,2,3}), math.pow(2, 3)}',
    want: [2, 5, 7, 3, 8],
  },
  '%d of a fraction, cut off': {
    source: 'return string.format("%d|%5.1f|%s", 3.7, 2.25, 4 / 2)',
    want: '3|  2.2|2',
  },
  'a time in UTC': { source: 'return os.date("!%Y-%m-%dT%XZ", 0)', want: '1970-01-01T00:00:00Z' },
  'os.time without the open libraries': { source: 'return os.time() > 0', openLibs: false, want: true },
  'bytes beyond ASCII': { source: 'return "äöü€"', want: 'äöü€' },
  'pairs over a map': { source: 'local n = 0 for k in pairs(obj.spec) do n = n + 1 end return n', want: 4 },
};
for (const [name, { source, openLibs = true, want }] of Object.entries(GIVES)) {
  test(`Lua gives ${name}`, async () => assert.deepEqual(await lua(source, openLibs), want));
}

const HOSTILE: Record<string, { source: string; code: string; message?: RegExp }> = {
  'an endless loop': { source: 'while true do end', code: 'TIMED_OUT', message: /did not end within 1 s/ },
  'an endless loop behind pcall': { source: 'while true do pcall(error, 1) end', code: 'TIMED_OUT' },
  'a pattern that tries everything': {
    source: 'return string.rep("a", 5000):match(string.rep(".-", 12) .. "b")',
    code: 'TIMED_OUT',
  },
  'string.rep of a gigabyte': { source: 'return ("x"):rep(1e9)', code: 'OUT_OF_MEMORY', message: /32 MiB/ },
  'a string that doubles': { source: 'local s = "x" while true do s = s .. s end', code: 'OUT_OF_MEMORY' },
  'a table that grows': { source: 'local t = {} while true do t[#t + 1] = {} end', code: 'OUT_OF_MEMORY' },
  'a memory error that is caught again and again': {
    source: 'while true do pcall(string.rep, "x", 1e9) end',
    code: 'TIMED_OUT',
  },
  'recursion without end': {
    source: 'local function f() return 1 + f() end return f()',
    code: 'OUT_OF_MEMORY',
  },
  'recursion through C': {
    source: 'local function f() return ("a"):gsub("a", f) end return f()',
    code: 'PROGRAM',
    message: /stack overflow/,
  },
  'coroutines inside coroutines': {
    source: 'local function f() return coroutine.wrap(f)() end return f()',
    code: 'PROGRAM',
    message: /stack overflow/,
  },
  'a coroutine that never ends': {
    source: 'return coroutine.wrap(function() while true do end end)()',
    code: 'TIMED_OUT',
  },
  'os.exit': { source: 'os.exit(1)', code: 'PROGRAM', message: /exit/ },
  'os.execute': { source: 'os.execute("true")', code: 'PROGRAM', message: /execute/ },
  'io.open': { source: 'return io.open("/etc/passwd")', code: 'PROGRAM', message: /global 'io'/ },
  require: { source: 'require("fs")', code: 'PROGRAM', message: /module 'fs' not found/ },
  dofile: { source: 'dofile("/etc/passwd")', code: 'PROGRAM', message: /dofile/ },
  debug: { source: 'return debug.getregistry()', code: 'PROGRAM', message: /global 'debug'/ },
  'byte code': { source: 'return load("\\27Lua")()', code: 'PROGRAM' },
  'string.dump': { source: 'return string.dump(function() end)', code: 'PROGRAM', message: /dump/ },
  'a finalizer that never ends': {
    source: 'setmetatable({}, {__gc = function() while true do end end}) return 1',
    code: 'TIMED_OUT',
  },
  'a huge result': {
    source: 'local t = {} for i = 1, 3000 do t[i] = ("x"):rep(1000) end return t',
    code: 'TOO_LARGE',
    message: /larger than 1 MiB/,
  },
  'a result that holds itself': {
    source: 'local t = {} t.t = t return t',
    code: 'TOO_LARGE',
    message: /nested/,
  },
  'a function as result': { source: 'return print', code: 'PROGRAM', message: /function is no data/ },
  'a table as error': { source: 'error({})', code: 'PROGRAM', message: /raised a table/ },
  'an error in an error handler': {
    source: 'return select(2, xpcall(error, function() error("x") end)) .. nil',
    code: 'PROGRAM',
  },
  nonsense: { source: 'this is not Lua', code: 'PROGRAM', message: /syntax error/ },
  'an error with its text': { source: 'error("no such thing")', code: 'PROGRAM', message: /no such thing/ },
  'parentheses without end': { source: `return ${'('.repeat(10_000)}`, code: 'PROGRAM' },
};
for (const [name, { source, code, message = /./ }] of Object.entries(HOSTILE)) {
  test(`Lua is not harmed by ${name}`, async () => {
    const own = createEvaluator({ clock: systemClock });
    try {
      await own.run({ language: 'lua', name: 'warm-up', source: 'return 1', openLibs: false }, {});
      const begun = performance.now();
      await assert.rejects(lua(source, true, own), (error: unknown) => {
        assert.ok(error instanceof EvaluateError);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        assert.match(error.message, /^The test program failed: /);
        return true;
      });
      const tookMs = performance.now() - begun;
      // The bound is 1 s of a processor; a machine that is busy with others may take four times that and notice late.
      assert.ok(tookMs < 10_000, `${tookMs} ms`);
      assert.equal(await lua('return obj.metadata.generation', true, own), 2);
    } finally {
      await own.close();
    }
  });
}

test('a metatable of the result has no say in what it is read as', async () => {
  const source = `return setmetatable({status = 'Healthy'}, {
    __index = function() error('asked') end, __pairs = function() error('asked') end, __len = function() return 9 end })`;
  assert.deepEqual(await lua(source), { status: 'Healthy' });
});

test('one program leaves nothing behind for the next', async () => {
  await lua('leak = 1 string.leak = 1 table.insert = nil _G.tostring = nil getmetatable("").__index = nil');
  assert.deepEqual(
    await lua('return {leak == nil, string.leak == nil, table.insert ~= nil, ("x"):upper()}'),
    [true, true, true, 'X'],
  );
});

test('programs run on while the process does other things, and the process while programs run', async () => {
  const own = createEvaluator({ clock: systemClock }, { deadlineMs: 500 });
  await lua('return 1', true, own);
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 10);
  await assert.rejects(lua('while true do end', true, own), { code: 'TIMED_OUT' });
  clearInterval(timer);
  await own.close();
  assert.ok(ticks >= 10, `${ticks} ticks of the event loop in half a second`);
});

test('a program that never ends is left alone after three tries, others are not', async () => {
  const own = createEvaluator({ clock: systemClock }, { deadlineMs: 50 });
  const endless = (): Promise<unknown> => lua('while true do end', true, own);
  for (let i = 0; i < 3; i++) await assert.rejects(endless, /did not end within/);
  await assert.rejects(endless, /again and again; it rests/);
  assert.equal(await lua('return 1', true, own), 1);
  await own.close();
});

test('programs take turns: one with much to do does not hold up another', async () => {
  const own = createEvaluator({ clock: systemClock });
  const ended: string[] = [];
  const run = (name: string): Promise<unknown> =>
    lua(`return '${name}'`, true, own).then((result) => ended.push(String(result)));
  await Promise.all([...Array.from({ length: 50 }, () => run('many')), run('one')]);
  assert.ok(ended.indexOf('one') <= 2, `it came ${ended.indexOf('one') + 1}th`);
  await own.close();
});

test('more programs than may wait are refused, and a closed evaluator refuses all', async () => {
  const own = createEvaluator({ clock: systemClock }, { maxWaiting: 2 });
  const first = [lua('return 1', true, own), lua('return 2', true, own)];
  await assert.rejects(lua('return 3', true, own), { code: 'OVERLOADED' });
  assert.deepEqual(await Promise.all(first), [1, 2]);
  await own.close();
  await assert.rejects(lua('return 4', true, own), { code: 'CLOSED' });
});

const cel = (source: string): Promise<Json | undefined> =>
  evaluator.run({ language: 'cel', name: 'test expression', source }, { self: OBJECT });

const EXPRESSIONS: Record<string, Json> = {
  'self.spec.replicas == 6 && self.spec.ratio < 1.0': true,
  'self.spec.list.exists(x, x == 3)': true,
  'has(self.spec.absent)': false,
  'self.metadata.name + "!"': 'w!',
  'size(self.spec.list)': 3,
};
for (const [source, want] of Object.entries(EXPRESSIONS)) {
  test(`CEL gives ${JSON.stringify(want)} for ${source}`, async () =>
    assert.deepEqual(await cel(source), want));
}

test('check() reads a program and runs nothing of it', async () => {
  await evaluator.check({
    language: 'lua',
    name: 'endless program',
    source: 'while true do end',
    openLibs: false,
  });
  await evaluator.check({ language: 'cel', name: 'expression', source: 'a.b == 1' });
  const broken = { language: 'lua', name: 'program', source: 'return +', openLibs: false } as const;
  await assert.rejects(evaluator.check(broken), { code: 'PROGRAM', message: /unexpected symbol/ });
});

const HOSTILE_CEL: Record<string, { source: string; code: RegExp; message?: RegExp }> = {
  'a regular expression that tries everything': {
    source: `"${'a'.repeat(60)}b".matches("^(a+)+$")`,
    code: /TIMED_OUT/,
  },
  'lists of lists of lists': {
    source: `[1,2,3,4,5,6,7,8].map(a, ${'[1,2,3,4,5,6,7,8].map(b, '.repeat(9)}a${')'.repeat(10)}`,
    code: /TIMED_OUT|OUT_OF_MEMORY/,
  },
  nonsense: { source: 'a b', code: /PROGRAM/, message: /Unexpected character/ },
  'a member that does not exist': { source: 'self.nope.x', code: /PROGRAM/, message: /No such key: nope/ },
  prototypes: { source: 'self.constructor.constructor("return 1")()', code: /PROGRAM/ },
};
for (const [name, { source, code, message = /./ }] of Object.entries(HOSTILE_CEL)) {
  test(`CEL is not harmed by ${name}`, async () => {
    await assert.rejects(cel(source), (error: unknown) => {
      assert.ok(error instanceof EvaluateError);
      assert.match(error.code, code);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(await cel('1 + 1'), 2);
  });
}
