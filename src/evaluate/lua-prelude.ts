// What turns Lua 5.4 into the Lua 5.1 that Argo CD's scripts are written for, and takes away everything that reaches
// beyond the program: files, processes, modules, byte code, the state of the interpreter itself.

/** Runs first in every state, with the wanted libraries loaded. */
export const PRELUDE = `
local load, error, type, pairs, tostring = load, error, type, pairs, tostring
local pack, unpack_, floor = table.pack, table.unpack, math and math.floor
_G.load = function(chunk, name) return load(chunk, name, 't') end
loadstring = function(text, name) return load(tostring(text), name, 't') end
loadfile, dofile, warn = nil, nil, nil
print = function() end
collectgarbage = function() return 0 end
unpack = unpack_
table.unpack, table.pack, table.move = nil, nil, nil
table.getn = function(list) return #list end
table.maxn = function(list)
  local most = 0
  for key in pairs(list) do
    if type(key) == 'number' and key > most then most = key end
  end
  return most
end
table.foreach = function(list, visit)
  for key, value in pairs(list) do
    local result = visit(key, value)
    if result ~= nil then return result end
  end
end
table.foreachi = function(list, visit)
  for index = 1, #list do
    local result = visit(index, list[index])
    if result ~= nil then return result end
  end
end
local function absent(name)
  return function() error(name .. ' is not available here', 2) end
end
module = absent('module')
setfenv, getfenv = absent('setfenv'), function() return _G end
gcinfo = function() return 0 end
if os then
  os = { time = os.time, date = os.date, clock = os.clock, difftime = os.difftime }
end
if math then
  math.pow = function(x, y) return x ^ y end
  math.mod = math.fmod
  math.log10 = function(x) return math.log(x, 10) end
  math.ldexp = function(m, e) return m * 2.0 ^ e end
  math.cosh = function(x) return (math.exp(x) + math.exp(-x)) / 2 end
  math.sinh = function(x) return (math.exp(x) - math.exp(-x)) / 2 end
  math.tanh = function(x) return math.sinh(x) / math.cosh(x) end
end
if string then
  string.dump, string.pack, string.unpack, string.packsize = nil, nil, nil, nil
  string.gfind = string.gmatch
  local format = string.format
  string.format = function(text, ...)
    local values = pack(...)
    for index = 1, values.n do
      local value = values[index]
      -- 5.1 cuts fractions off where %d and its kin are asked for; 5.4 refuses them.
      if type(value) == 'number' and value ~= floor(value) and text:find('%%[-+ #0-9.]*[cdiouxX]') then
        local seen = 0
        for spec in text:gsub('%%%%', ''):gmatch('%%[-+ #0-9.]*(%a)') do
          seen = seen + 1
          if seen == index and ('cdiouxX'):find(spec, 1, true) then
            values[index] = value < 0 and -floor(-value) or floor(value)
          end
        end
      end
    end
    return format(text, unpack_(values, 1, values.n))
  end
end
package = { loaded = {}, preload = {}, path = '', cpath = '' }
for _, name in ipairs({ 'os', 'table', 'string', 'math', 'coroutine' }) do
  package.loaded[name] = _G[name]
end
local loaded = package.loaded
-- Scripts ask for what is there already: local os = require("os").
require = function(name)
  if loaded[name] ~= nil then return loaded[name] end
  error("module '" .. tostring(name) .. "' not found: programs cannot load modules here", 2)
end
`;
