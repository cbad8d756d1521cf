// One Lua program in one interpreter state of its own: bounded memory, plain data in, plain data out. Runs in the
// worker; what takes too long is ended from outside, together with the worker.
import { type LuaFunctions, luaTypeNames, luaTypes } from './lua-module.ts';
import { PRELUDE } from './lua-prelude.ts';
import { ProgramFailure, type WorkerLimits } from './protocol.ts';

const MAX_DEPTH = 100;
const MAX_VALUES = 200_000;
const MAX_MESSAGE = 1_000;
const OUT_OF_MEMORY = 4;

/** Bytes a state uses; shared with its allocator. */
interface Account {
  used: number;
  limit: number;
  refused: boolean;
}

export interface LuaRunner {
  /** @returns undefined for nil. Throws ProgramFailure */
  run(source: string, globals: Readonly<Record<string, unknown>>, openLibs: boolean): unknown;
  /** Throws ProgramFailure when it does not parse. */
  check(source: string): void;
}

export function luaRunner(lua: LuaFunctions, limits: WorkerLimits): LuaRunner {
  const account: Account = { used: 0, limit: 0, refused: false };
  const allocate = lua.addFunction((_, pointer, oldSize, newSize) => {
    return allocateIn(lua, account, pointer ?? 0, oldSize ?? 0, newSize ?? 0);
  }, 'iiiii');
  const inState = <T>(work: (program: LuaProgramRun) => T): T => {
    Object.assign(account, { used: 0, limit: limits.memoryBytes, refused: false });
    const state = lua._lua_newstate(allocate, 0);
    if (state === 0) throw new ProgramFailure('OUT_OF_MEMORY', 'no Lua state could be made', true);
    try {
      return work(new LuaProgramRun(lua, state, limits, account));
    } finally {
      // Closing runs finalizers, which a program may have set: they are cut off like the program.
      lua._lua_close(state);
    }
  };
  return {
    run: (source, globals, openLibs) => inState((program) => program.run(source, globals, openLibs)),
    check: (source) => inState((program) => program.load(source, '=script')),
  };
}

function allocateIn(
  lua: LuaFunctions,
  account: Account,
  pointer: number,
  oldSize: number,
  newSize: number,
): number {
  // Without a pointer the old size says what is allocated, not how much.
  const before = pointer === 0 ? 0 : oldSize;
  if (newSize === 0) {
    if (pointer !== 0) lua._free(pointer);
    account.used -= before;
    return 0;
  }
  if (newSize > before && account.used + newSize - before > account.limit) {
    account.refused = true;
    return 0;
  }
  const moved = lua._realloc(pointer, newSize);
  if (moved !== 0) account.used += newSize - before;
  return moved;
}

class LuaProgramRun {
  readonly #lua: LuaFunctions;
  readonly #L: number;
  readonly #limits: WorkerLimits;
  readonly #account: Account;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #values = 0;
  #outputBytes = 0;

  constructor(lua: LuaFunctions, state: number, limits: WorkerLimits, account: Account) {
    this.#lua = lua;
    this.#L = state;
    this.#limits = limits;
    this.#account = account;
  }

  run(source: string, globals: Readonly<Record<string, unknown>>, openLibs: boolean): unknown {
    const lua = this.#lua;
    const L = this.#L;
    this.#open(openLibs);
    this.#execute(PRELUDE, '=prelude', 0);
    // Two registered tables mark what was an object and what was a list, for those that end up empty.
    lua._lua_createtable(L, 0, 1);
    lua._lua_createtable(L, 0, 1);
    for (const index of [1, 2]) {
      this.#pushText('__metatable');
      lua._lua_pushboolean(L, 0);
      lua._lua_rawset(L, index);
    }
    for (const [name, value] of Object.entries(globals)) {
      this.#push(value, 0);
      this.#withText(name, (pointer) => lua._lua_setglobal(L, pointer));
    }
    this.#execute(source, '=script', 1);
    return this.#read(lua._lua_gettop(L), 0);
  }

  #open(openLibs: boolean): void {
    const lua = this.#lua;
    const L = this.#L;
    lua._luaopen_base(L);
    lua._lua_settop(L, 0);
    const libraries: [string, (L: number) => number][] = [
      ['table', lua._luaopen_table],
      ['os', lua._luaopen_os],
    ];
    if (openLibs) {
      libraries.push(
        ['string', lua._luaopen_string],
        ['math', lua._luaopen_math],
        ['coroutine', lua._luaopen_coroutine],
      );
    }
    for (const [name, open] of libraries) {
      open(L);
      this.#withText(name, (pointer) => lua._lua_setglobal(L, pointer));
    }
  }

  #execute(source: string, name: string, results: number): void {
    this.load(source, name);
    const status = this.#lua._lua_pcallk(this.#L, 0, results, 0, 0, 0);
    if (status !== 0) throw this.#failure(status);
  }

  /** Leaves the program as a function on the stack. */
  load(source: string, name: string): void {
    const lua = this.#lua;
    const status = this.#withText(source, (text, size) =>
      this.#withText(name, (namePointer) =>
        this.#withText('t', (mode) => lua._luaL_loadbufferx(this.#L, text, size, namePointer, mode)),
      ),
    );
    if (status !== 0) throw this.#failure(status);
  }

  #failure(status: number): ProgramFailure {
    const lua = this.#lua;
    const type = lua._lua_type(this.#L, -1);
    const message =
      type === luaTypes.string
        ? this.#text(-1)
        : `the program raised a ${luaTypeNames[type] ?? 'value'} as its error`;
    // A program may catch the refusal and end in another way: then it is an ordinary error.
    if (status === OUT_OF_MEMORY || (this.#account.refused && message.includes('not enough memory'))) {
      return new ProgramFailure('OUT_OF_MEMORY', `it used more than ${mebibytes(this.#account.limit)}`, true);
    }
    // The C stack of the interpreter is small: after an overflow its memory is not to be trusted.
    const isSpoilt = message.includes('stack overflow');
    return new ProgramFailure('PROGRAM', readable(message), isSpoilt);
  }

  /** Pushes JSON: members and items that are null stay away, as they do in Lua. */
  #push(value: unknown, depth: number): void {
    const lua = this.#lua;
    const L = this.#L;
    if (depth > MAX_DEPTH || lua._lua_checkstack(L, 8) === 0)
      throw new ProgramFailure('TOO_LARGE', `its input is nested more than ${MAX_DEPTH} levels deep`);
    if (typeof value === 'string') this.#pushText(value);
    else if (typeof value === 'boolean') lua._lua_pushboolean(L, value ? 1 : 0);
    else if (typeof value === 'number') this.#pushNumber(value);
    else if (Array.isArray(value)) this.#pushList(value, depth);
    else if (typeof value === 'object' && value !== null) this.#pushObject(value, depth);
    else lua._lua_pushnil(L);
  }

  #pushNumber(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0))
      this.#lua._lua_pushinteger(this.#L, BigInt(value));
    else this.#lua._lua_pushnumber(this.#L, value);
  }

  #pushList(list: readonly unknown[], depth: number): void {
    const lua = this.#lua;
    const L = this.#L;
    lua._lua_createtable(L, list.length, 0);
    let at = 0n;
    for (const item of list) {
      if (item === null || item === undefined) continue;
      this.#push(item, depth + 1);
      at += 1n;
      lua._lua_rawseti(L, -2, at);
    }
    lua._lua_pushvalue(L, 2);
    lua._lua_setmetatable(L, -2);
  }

  #pushObject(object: object, depth: number): void {
    const lua = this.#lua;
    const L = this.#L;
    lua._lua_createtable(L, 0, Object.keys(object).length);
    for (const [key, member] of Object.entries(object)) {
      if (member === null || member === undefined) continue;
      this.#pushText(key);
      this.#push(member, depth + 1);
      lua._lua_rawset(L, -3);
    }
    lua._lua_pushvalue(L, 1);
    lua._lua_setmetatable(L, -2);
  }

  /** Reads without calling the program again: metatables have no say in it. */
  #read(index: number, depth: number): unknown {
    const lua = this.#lua;
    const L = this.#L;
    this.#values += 1;
    if (depth > MAX_DEPTH || lua._lua_checkstack(L, 8) === 0)
      throw new ProgramFailure('TOO_LARGE', `its result is nested more than ${MAX_DEPTH} levels deep`);
    if (this.#values > MAX_VALUES) throw this.#tooLarge();
    const type = lua._lua_type(L, index);
    if (type === luaTypes.nil) return undefined;
    if (type === luaTypes.boolean) return lua._lua_toboolean(L, index) !== 0;
    if (type === luaTypes.number) return finite(lua._lua_tonumberx(L, index, 0));
    if (type === luaTypes.string) return this.#text(index);
    if (type === luaTypes.table) return this.#readTable(index, depth);
    throw new ProgramFailure(
      'PROGRAM',
      `a ${luaTypeNames[type] ?? 'value'} is no data and cannot be returned`,
    );
  }

  #readTable(index: number, depth: number): unknown {
    const lua = this.#lua;
    const L = this.#L;
    const members = new Map<string | number, unknown>();
    lua._lua_pushnil(L);
    while (lua._lua_next(L, index) !== 0) {
      const top = lua._lua_gettop(L);
      const key = this.#key(top - 1);
      const value = this.#read(top, depth + 1);
      if (value !== undefined) members.set(key, value);
      lua._lua_settop(L, top - 1);
    }
    if (members.size === 0) return this.#wasList(index) ? [] : {};
    if (isSequence(members)) return Array.from({ length: members.size }, (_, at) => members.get(at + 1));
    return Object.fromEntries([...members].map(([key, value]) => [String(key), value]));
  }

  #key(index: number): string | number {
    const type = this.#lua._lua_type(this.#L, index);
    if (type === luaTypes.string) return this.#text(index);
    if (type === luaTypes.number) return this.#lua._lua_tonumberx(this.#L, index, 0);
    throw new ProgramFailure(
      'PROGRAM',
      `a table with a ${luaTypeNames[type] ?? 'value'} as a key is no data`,
    );
  }

  /** Whether an empty table came in as a list. */
  #wasList(index: number): boolean {
    const lua = this.#lua;
    if (lua._lua_getmetatable(this.#L, index) === 0) return false;
    const isList = lua._lua_rawequal(this.#L, -1, 2) !== 0;
    lua._lua_settop(this.#L, -2);
    return isList;
  }

  #text(index: number): string {
    const lua = this.#lua;
    const sizePointer = lua._malloc(4);
    const pointer = lua._lua_tolstring(this.#L, index, sizePointer);
    const size = lua.HEAPU32[sizePointer >> 2] ?? 0;
    lua._free(sizePointer);
    this.#outputBytes += size;
    if (this.#outputBytes > this.#limits.outputBytes) throw this.#tooLarge();
    return this.#decoder.decode(lua.HEAPU8.subarray(pointer, pointer + size));
  }

  #tooLarge(): ProgramFailure {
    const { outputBytes } = this.#limits;
    return new ProgramFailure('TOO_LARGE', `its result is larger than ${mebibytes(outputBytes)}`);
  }

  #pushText(text: string): void {
    this.#withText(text, (pointer, size) => this.#lua._lua_pushlstring(this.#L, pointer, size));
  }

  #withText<T>(text: string, use: (pointer: number, size: number) => T): T {
    const lua = this.#lua;
    const capacity = text.length * 3 + 1;
    const pointer = lua._malloc(capacity);
    if (pointer === 0) throw new ProgramFailure('OUT_OF_MEMORY', 'its input is too large', true);
    const { written } = this.#encoder.encodeInto(text, lua.HEAPU8.subarray(pointer, pointer + capacity));
    lua.HEAPU8[pointer + written] = 0;
    try {
      return use(pointer, written);
    } finally {
      lua._free(pointer);
    }
  }
}

function isSequence(members: ReadonlyMap<string | number, unknown>): boolean {
  for (let at = 1; at <= members.size; at++) if (!members.has(at)) return false;
  return true;
}

/** Nested calls put the same position in front again and again. */
function readable(message: string): string {
  return message.replace(/(script:\d+: )\1+/g, '$1').slice(0, MAX_MESSAGE);
}

/** JSON has no infinities. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
