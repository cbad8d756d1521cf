// The part of the Lua interpreter's C interface that is used, over linear memory. Knows no values and no programs.
import { LuaWasm } from 'wasmoon';

type Pointer = number;

/** The C functions, by the names Lua's manual gives them. */
export interface LuaFunctions {
  _malloc(size: number): Pointer;
  _free(pointer: Pointer): void;
  _realloc(pointer: Pointer, size: number): Pointer;
  _lua_newstate(allocate: Pointer, data: Pointer): Pointer;
  _lua_close(L: Pointer): void;
  _luaopen_base(L: Pointer): number;
  _luaopen_table(L: Pointer): number;
  _luaopen_string(L: Pointer): number;
  _luaopen_math(L: Pointer): number;
  _luaopen_os(L: Pointer): number;
  _luaopen_coroutine(L: Pointer): number;
  _luaL_loadbufferx(L: Pointer, text: Pointer, size: number, name: Pointer, mode: Pointer): number;
  _lua_pcallk(
    L: Pointer,
    args: number,
    results: number,
    handler: number,
    context: number,
    k: Pointer,
  ): number;
  _lua_checkstack(L: Pointer, count: number): number;
  _lua_settop(L: Pointer, index: number): void;
  _lua_gettop(L: Pointer): number;
  _lua_type(L: Pointer, index: number): number;
  _lua_toboolean(L: Pointer, index: number): number;
  _lua_tonumberx(L: Pointer, index: number, isNumber: Pointer): number;
  _lua_tolstring(L: Pointer, index: number, length: Pointer): Pointer;
  _lua_topointer(L: Pointer, index: number): Pointer;
  _lua_pushnil(L: Pointer): void;
  _lua_pushboolean(L: Pointer, value: number): void;
  _lua_pushnumber(L: Pointer, value: number): void;
  _lua_pushinteger(L: Pointer, value: bigint): void;
  _lua_pushlstring(L: Pointer, text: Pointer, size: number): Pointer;
  _lua_pushvalue(L: Pointer, index: number): void;
  _lua_createtable(L: Pointer, items: number, members: number): void;
  _lua_rawset(L: Pointer, index: number): void;
  _lua_rawseti(L: Pointer, index: number, at: bigint): void;
  _lua_rawequal(L: Pointer, a: number, b: number): number;
  _lua_next(L: Pointer, index: number): number;
  _lua_setmetatable(L: Pointer, index: number): number;
  _lua_getmetatable(L: Pointer, index: number): number;
  _lua_setglobal(L: Pointer, name: Pointer): void;
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  addFunction(call: (...args: number[]) => number, signature: string): Pointer;
}

export const luaTypes = { nil: 0, boolean: 1, number: 3, string: 4, table: 5, function: 6 } as const;
export const luaTypeNames: readonly string[] = [
  'nil',
  'boolean',
  'userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
];

/** Loads the interpreter and makes it write whole numbers as Lua 5.1 does. */
export async function loadLua(): Promise<LuaFunctions> {
  const { module } = await LuaWasm.initialize();
  const functions = module as unknown as LuaFunctions;
  writeWholeNumbersPlainly(functions.HEAPU8);
  return functions;
}

/**
 * Lua 5.4 writes the float 3 as "3.0", Lua 5.1 as "3": "ready " .. 6 / 2 must not become "ready 3.0". The interpreter
 * adds ".0" to a text made of nothing but the characters of this one constant; an empty set never matches.
 */
function writeWholeNumbersPlainly(memory: Uint8Array): void {
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const constant = Buffer.from('\0-0123456789\0');
  const at = bytes.indexOf(constant);
  if (at >= 0 && bytes.indexOf(constant, at + 1) < 0) memory[at + 1] = 0;
}
