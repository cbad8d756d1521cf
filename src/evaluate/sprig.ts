// The functions of Go templates: text/template's own and the part of sprig that templates in the field use.
// Argument order is sprig's: the value that a pipe brings is last.
import { createHash } from 'node:crypto';
import { parseYaml } from '../lib/index.ts';
import { compare, isEqual } from './expr.ts';
import { plainText } from './expr-builtins.ts';
import { goPrintf, goType, printed } from './go-printf.ts';
import { GoDuration, GoTime, parseGoDuration, parseGoTime } from './go-time.ts';
import { LanguageError } from './language-error.ts';
import type { Budget } from './language-limits.ts';
import { isPlain, setOwn, typeName } from './members.ts';
import { regexFindAll, regexReplace, regexSplit, regexTest } from './regex.ts';
import { yamlText } from './yaml-text.ts';

export type TemplateFunction = (...args: readonly unknown[]) => unknown;
export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

export interface TemplateFunctionDeps {
  now(): number;
}

export function templateFunctions(clock: TemplateFunctionDeps, budget: Budget): TemplateFunctions {
  return {
    ...comparisons(budget),
    ...printing(budget),
    ...textFunctions(budget),
    ...caseFunctions,
    ...regexFunctions,
    ...listFunctions(budget),
    ...mapFunctions(budget),
    ...numberFunctions(budget),
    ...encodings(),
    ...defaults,
    ...timeFunctions(clock),
  };
}

function comparisons(budget: Budget): TemplateFunctions {
  return {
    eq: (value, ...others) => others.some((other) => isEqual(value, other, budget)),
    ne: (a, b) => !isEqual(a, b, budget),
    lt: (a, b) => compare(a, b) < 0,
    le: (a, b) => compare(a, b) <= 0,
    gt: (a, b) => compare(a, b) > 0,
    ge: (a, b) => compare(a, b) >= 0,
    not: (value) => isEmpty(value),
    deepEqual: (a, b) => isEqual(a, b, budget),
    len: (value) => {
      if (typeof value === 'string') return Buffer.byteLength(value);
      if (Array.isArray(value)) return value.length;
      if (isPlain(value)) return Object.keys(value).length;
      throw new LanguageError('EVALUATION', `len of ${typeName(value)}`);
    },
    index: (holder, ...keys) => keys.reduce<unknown>(indexed, holder),
    slice: (holder, from = 0, to) =>
      sliceable(holder).slice(num(from), to === undefined ? undefined : num(to)),
    call: (target, ...args) => {
      if (typeof target !== 'function')
        throw new LanguageError('EVALUATION', 'call of a value that is no function');
      return target(...args) as unknown;
    },
  };
}

function printing(budget: Budget): TemplateFunctions {
  return {
    print: (...values) => values.map(printed).join(''),
    println: (...values) => `${values.map(printed).join(' ')}\n`,
    printf: (format, ...args) => goPrintf(str(format), args, budget),
    html: (value) => escapeHtml(printed(value)),
    js: (value) => JSON.stringify(printed(value)).slice(1, -1),
    urlquery: (value) => encodeURIComponent(printed(value)).replaceAll('%20', '+'),
    quote: (...values) =>
      values
        .filter((v) => v != null)
        .map((v) => JSON.stringify(plainText(v)))
        .join(' '),
    squote: (...values) =>
      values
        .filter((v) => v != null)
        .map((v) => `'${plainText(v)}'`)
        .join(' '),
    toString: (value: unknown) => (value == null ? '<nil>' : plainText(value)),
    toStrings: (list) => arr(list).map(plainText),
    fail: (message) => {
      throw new LanguageError('EVALUATION', str(message).slice(0, 500));
    },
    kindOf: (value) => kind(value),
    kindIs: (name, value) => kind(value) === name,
    typeOf: (value) => goType(value),
    typeIs: (name, value) => goType(value) === name,
  };
}

function textFunctions(budget: Budget): TemplateFunctions {
  const indent = (spaces: unknown, text: unknown): string => {
    const lines = str(text).split('\n');
    budget.size(str(text).length + lines.length * num(spaces));
    return lines.map((line) => ' '.repeat(num(spaces)) + line).join('\n');
  };
  return {
    trim: (text) => str(text).trim(),
    trimAll: (chars, text) => trimChars(str(text), str(chars), true, true),
    trimLeft: (chars, text) => trimChars(str(text), str(chars), true, false),
    trimPrefix: (prefix, text) =>
      str(text).startsWith(str(prefix)) ? str(text).slice(str(prefix).length) : text,
    trimSuffix: (suffix, text) =>
      str(suffix) !== '' && str(text).endsWith(str(suffix)) ? str(text).slice(0, -str(suffix).length) : text,
    nospace: (text) => str(text).replace(/\s+/g, ''),
    contains: (part, text) => str(text).includes(str(part)),
    hasPrefix: (part, text) => str(text).startsWith(str(part)),
    hasSuffix: (part, text) => str(text).endsWith(str(part)),
    replace: (from, to, text) => {
      const parts = str(text).split(str(from));
      budget.size(str(text).length + parts.length * str(to).length);
      return parts.join(str(to));
    },
    repeat: (count, text) => {
      budget.size(Math.max(0, num(count)) * str(text).length);
      return str(text).repeat(Math.max(0, num(count)));
    },
    substr: (from, to, text) => str(text).slice(Math.max(0, num(from)), num(to) < 0 ? undefined : num(to)),
    trunc: (length, text) =>
      num(length) < 0 ? str(text).slice(num(length)) : str(text).slice(0, num(length)),
    abbrev: (length, text) =>
      num(length) < 4 || str(text).length <= num(length) ? text : `${str(text).slice(0, num(length) - 3)}...`,
    indent,
    nindent: (spaces, text) => `\n${indent(spaces, text)}`,
    cat: (...values) =>
      values
        .filter((v) => v != null)
        .map(plainText)
        .join(' '),
    plural: (one, many, count) => (num(count) === 1 ? one : many),
    join: (separator, list) => arr(list).map(plainText).join(str(separator)),
    split: (separator, text) => {
      const parts: Record<string, unknown> = {};
      for (const [i, part] of str(text).split(str(separator)).entries()) parts[`_${i}`] = part;
      return parts;
    },
    splitList: (separator, text) => str(text).split(str(separator)),
    sortAlpha: (list) => arr(list).map(plainText).sort(),
  };
}

const caseFunctions: TemplateFunctions = {
  upper: (text) => str(text).toUpperCase(),
  lower: (text) => str(text).toLowerCase(),
  title: (text) => str(text).replace(/(^|\s)\S/g, (char) => char.toUpperCase()),
  untitle: (text) => str(text).replace(/(^|\s)\S/g, (char) => char.toLowerCase()),
  camelcase: (text) => words(text).map(capital).join(''),
  snakecase: (text) => words(text).join('_').toLowerCase(),
  kebabcase: (text) => words(text).join('-').toLowerCase(),
};

const regexFunctions: TemplateFunctions = {
  regexMatch: (pattern, text) => regexTest(str(pattern), str(text)),
  mustRegexMatch: (pattern, text) => regexTest(str(pattern), str(text)),
  regexFind: (pattern, text) => regexFindAll(str(pattern), str(text))[0] ?? '',
  regexFindAll: (pattern, text, count) => limited(regexFindAll(str(pattern), str(text)), num(count)),
  regexSplit: (pattern, text, count) => limited(regexSplit(str(pattern), str(text)), num(count)),
  regexReplaceAll: (pattern, text, to) => regexReplace(str(pattern), str(text), str(to)),
  mustRegexReplaceAll: (pattern, text, to) => regexReplace(str(pattern), str(text), str(to)),
  regexReplaceAllLiteral: (pattern, text, to) =>
    regexReplace(str(pattern), str(text), str(to).replaceAll('$', '$$$$')),
};

function listFunctions(budget: Budget): TemplateFunctions {
  const sized = (list: readonly unknown[]): readonly unknown[] => {
    budget.size(list.length);
    return list;
  };
  return {
    list: (...items) => items,
    tuple: (...items) => items,
    first: (list) => arr(list)[0],
    last: (list) => arr(list).at(-1),
    rest: (list) => arr(list).slice(1),
    initial: (list) => arr(list).slice(0, -1),
    append: (list, item) => sized([...arr(list), item]),
    prepend: (list, item) => sized([item, ...arr(list)]),
    concat: (...lists) => sized(lists.flatMap((list) => [...arr(list)])),
    reverse: (list) => [...arr(list)].reverse(),
    uniq: (list) => [...new Map(arr(list).map((item) => [JSON.stringify(item), item])).values()],
    without: (list, ...gone) =>
      arr(list).filter((item) => !gone.some((other) => isEqual(item, other, budget))),
    has: (item, list) => arr(list).some((other) => isEqual(item, other, budget)),
    compact: (list) => arr(list).filter((item) => !isEmpty(item)),
    chunk: (size, list) => {
      const length = Math.max(1, num(size));
      return Array.from({ length: Math.ceil(arr(list).length / length) }, (_, i) =>
        arr(list).slice(i * length, (i + 1) * length),
      );
    },
    until: (count) => sequence(0, num(count), 1, budget),
    untilStep: (from, to, step) => sequence(num(from), num(to), num(step), budget),
  };
}

function mapFunctions(budget: Budget): TemplateFunctions {
  const merged = (maps: readonly unknown[]): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const map of maps) for (const [key, value] of Object.entries(obj(map))) setOwn(result, key, value);
    budget.size(Object.keys(result).length);
    return result;
  };
  return {
    dict: (...pairs) => {
      const map: Record<string, unknown> = {};
      for (let i = 0; i < pairs.length; i += 2) setOwn(map, plainText(pairs[i]), pairs[i + 1] ?? '');
      return map;
    },
    get: (map, key) => (Object.hasOwn(obj(map), str(key)) ? obj(map)[str(key)] : ''),
    // A copy: what the template was given belongs to others.
    set: (map, key, value) => merged([map, { [str(key)]: value }]),
    unset: (map, key) => Object.fromEntries(Object.entries(obj(map)).filter(([name]) => name !== key)),
    hasKey: (map, key) => Object.hasOwn(obj(map), str(key)),
    keys: (...maps) => maps.flatMap((map) => Object.keys(obj(map))),
    values: (map) => Object.values(obj(map)),
    pick: (map, ...keys) =>
      Object.fromEntries(Object.entries(obj(map)).filter(([name]) => keys.includes(name))),
    omit: (map, ...keys) =>
      Object.fromEntries(Object.entries(obj(map)).filter(([name]) => !keys.includes(name))),
    merge: (...maps) => merged([...maps].reverse()),
    mergeOverwrite: (...maps) => merged(maps),
    pluck: (key, ...maps) =>
      maps.filter((map) => Object.hasOwn(obj(map), str(key))).map((map) => obj(map)[str(key)]),
    dig: (...args) => {
      const map = args.at(-1);
      const otherwise = args.at(-2);
      return args.slice(0, -2).reduce<unknown>((value, key) => {
        return isPlain(value) && Object.hasOwn(value, str(key)) ? value[str(key)] : otherwise;
      }, map);
    },
  };
}

function numberFunctions(budget: Budget): TemplateFunctions {
  const all = (values: readonly unknown[]): number[] => values.map((value) => Math.trunc(num(value)));
  return {
    int: (value) => Math.trunc(lenientNumber(value)),
    int64: (value) => Math.trunc(lenientNumber(value)),
    float64: (value) => lenientNumber(value),
    atoi: (value) => Math.trunc(lenientNumber(value)),
    toDecimal: (value) => Number.parseInt(str(value), 8),
    add: (...values) => all(values).reduce((a, b) => a + b, 0),
    add1: (value) => Math.trunc(num(value)) + 1,
    sub: (a, b) => Math.trunc(num(a)) - Math.trunc(num(b)),
    mul: (...values) => all(values).reduce((a, b) => a * b, 1),
    div: (a, b) => Math.trunc(Math.trunc(num(a)) / nonZero(b)),
    mod: (a, b) => Math.trunc(num(a)) % nonZero(b),
    addf: (...values) => values.reduce<number>((a, b) => a + num(b), 0),
    subf: (first, ...values) => values.reduce<number>((a, b) => a - num(b), num(first)),
    mulf: (...values) => values.reduce<number>((a, b) => a * num(b), 1),
    divf: (first, ...values) => values.reduce<number>((a, b) => a / num(b), num(first)),
    max: (...values) => Math.max(...all(values)),
    min: (...values) => Math.min(...all(values)),
    maxf: (...values) => Math.max(...values.map(num)),
    minf: (...values) => Math.min(...values.map(num)),
    floor: (value) => Math.floor(num(value)),
    ceil: (value) => Math.ceil(num(value)),
    round: (value, digits) => {
      const factor = 10 ** Math.min(15, num(digits));
      return Math.round(num(value) * factor) / factor;
    },
    seq: (...values) => {
      const [from, step, to] =
        values.length === 1
          ? [1, 1, num(values[0])]
          : values.length === 2
            ? [num(values[0]), 1, num(values[1])]
            : values.map(num);
      return sequence(from ?? 1, (to ?? 0) + Math.sign(step ?? 1), step ?? 1, budget).join(' ');
    },
  };
}

function encodings(): TemplateFunctions {
  const toJson = (value: unknown): string =>
    JSON.stringify(value ?? null).replace(
      /[<>&\u2028\u2029]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  const fromJson = (text: unknown): unknown => {
    try {
      return JSON.parse(str(text)) as unknown;
    } catch {
      throw new LanguageError('EVALUATION', 'fromJson: the text is not JSON');
    }
  };
  const hash =
    (name: string) =>
    (text: unknown): string =>
      createHash(name).update(str(text)).digest('hex');
  return {
    toJson,
    mustToJson: toJson,
    toRawJson: (value) => JSON.stringify(value ?? null),
    toPrettyJson: (value) => JSON.stringify(value ?? null, undefined, 2),
    fromJson,
    mustFromJson: fromJson,
    toYaml: (value) => yamlText(value).trimEnd(),
    fromYaml: (text) => parseYaml(str(text)),
    b64enc: (text) => Buffer.from(str(text)).toString('base64'),
    b64dec: (text) => Buffer.from(str(text), 'base64').toString('utf8'),
    sha1sum: hash('sha1'),
    sha256sum: hash('sha256'),
    sha512sum: hash('sha512'),
    md5sum: hash('md5'),
    adler32sum: (text) => String(adler32(Buffer.from(str(text)))),
    urlParse: (text) => urlParts(str(text)),
    base: (path) => str(path).replace(/\/+$/, '').split('/').at(-1) ?? '',
    dir: (path) => str(path).split('/').slice(0, -1).join('/') || '.',
    ext: (path) => /\.[^./]*$/.exec(str(path))?.[0] ?? '',
    clean: (path) =>
      str(path)
        .replace(/\/+/g, '/')
        .replace(/(.)\/$/, '$1'),
  };
}

const defaults: TemplateFunctions = {
  default: (otherwise, value) => (isEmpty(value) ? otherwise : value),
  empty: (value) => isEmpty(value),
  coalesce: (...values) => values.find((value) => !isEmpty(value)),
  ternary: (yes, no, test) => (test === true ? yes : no),
  all: (...values) => values.every((value) => !isEmpty(value)),
  any: (...values) => values.some((value) => !isEmpty(value)),
  required: (message, value) => {
    if (!isEmpty(value)) return value;
    throw new LanguageError('EVALUATION', str(message).slice(0, 500));
  },
};

function timeFunctions(clock: TemplateFunctionDeps): TemplateFunctions {
  const now = (): GoTime => new GoTime(clock.now());
  const time = (value: unknown): GoTime => {
    if (value instanceof GoTime) return value;
    if (typeof value === 'number') return new GoTime(value * 1_000);
    return now();
  };
  return {
    now,
    date: (layout, value) => time(value).Format(str(layout)),
    dateInZone: (layout, value) => time(value).UTC().Format(str(layout)),
    date_in_zone: (layout, value) => time(value).UTC().Format(str(layout)),
    htmlDate: (value) => time(value).Format('2006-01-02'),
    toDate: (layout, text) => parseGoTime(str(layout), str(text)),
    unixEpoch: (value) => String(time(value).Unix()),
    ago: (value) => new GoDuration(Math.floor((clock.now() - time(value).ms) / 1_000) * 1_000).toString(),
    dateModify: (change, value) => time(value).Add(parseGoDuration(str(change))),
    date_modify: (change, value) => time(value).Add(parseGoDuration(str(change))),
    duration: (seconds) =>
      new GoDuration(num(typeof seconds === 'string' ? Number(seconds) : seconds) * 1_000).toString(),
    durationRound: (value) => {
      const ms =
        value instanceof GoDuration ? value.ms : typeof value === 'string' ? parseGoDuration(value).ms : 0;
      const [unit, size] = (
        [
          ['d', 86_400_000],
          ['h', 3_600_000],
          ['m', 60_000],
          ['s', 1_000],
        ] as const
      ).find(([, length]) => ms >= length) ?? ['s', 1_000];
      return `${Math.floor(ms / size)}${unit}`;
    },
  };
}

/** Sprig's emptiness: Go's zero values, empty lists and maps. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlain(value) && Object.keys(value).length === 0;
}

function indexed(holder: unknown, key: unknown): unknown {
  if (holder === null || holder === undefined) throw new LanguageError('EVALUATION', 'index of nothing');
  if (isPlain(holder)) return Object.hasOwn(holder, String(key)) ? holder[String(key)] : undefined;
  const items = sliceable(holder);
  const at = num(key);
  if (at < 0 || at >= items.length) throw new LanguageError('EVALUATION', `index out of range: ${at}`);
  return items[at];
}

function sliceable(value: unknown): readonly unknown[] | string {
  if (typeof value === 'string' || Array.isArray(value)) return value as readonly unknown[] | string;
  throw new LanguageError('EVALUATION', `a list or text was expected, not ${typeName(value)}`);
}

function str(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : plainText(value);
}

function num(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  throw new LanguageError('EVALUATION', `a number was expected, not ${typeName(value)}`);
}

/** Sprig's casts answer 0 for what is no number. */
function lenientNumber(value: unknown): number {
  const parsed =
    typeof value === 'string' ? Number(value) : typeof value === 'boolean' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : 0;
}

function nonZero(value: unknown): number {
  const divisor = Math.trunc(num(value));
  if (divisor === 0) throw new LanguageError('EVALUATION', 'division by zero');
  return divisor;
}

function arr(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return [value];
  throw new LanguageError('EVALUATION', `a list was expected, not ${typeName(value)}`);
}

function obj(value: unknown): Record<string, unknown> {
  if (isPlain(value)) return value;
  if (value === null || value === undefined) return {};
  throw new LanguageError('EVALUATION', `a map was expected, not ${typeName(value)}`);
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return 'invalid';
  if (Array.isArray(value)) return 'slice';
  return isPlain(value) ? 'map' : goType(value);
}

function trimChars(text: string, chars: string, left: boolean, right: boolean): string {
  const set = new Set(chars);
  let from = 0;
  let to = text.length;
  while (left && from < to && set.has(text[from] ?? '')) from += 1;
  while (right && to > from && set.has(text[to - 1] ?? '')) to -= 1;
  return text.slice(from, to);
}

function limited<T>(list: readonly T[], count: number): readonly T[] {
  return count < 0 ? list : list.slice(0, count);
}

function sequence(from: number, to: number, step: number, budget: Budget): number[] {
  if (step === 0 || (to - from) / step <= 0) return [];
  const length = Math.ceil((to - from) / step);
  budget.size(length);
  budget.step(length);
  return Array.from({ length }, (_, i) => from + i * step);
}

function words(text: unknown): string[] {
  return str(text)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[\s_\-.]+/)
    .filter((word) => word !== '');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const HTML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => HTML[char] ?? char);
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

function urlParts(text: string): Record<string, unknown> {
  if (!URL.canParse(text)) throw new LanguageError('EVALUATION', 'urlParse: not a URL');
  const { protocol, host, hostname, pathname, search, hash, username, password } = new URL(text);
  const userinfo = username === '' ? '' : password === '' ? username : `${username}:${password}`;
  return {
    scheme: protocol.slice(0, -1),
    host,
    hostname,
    path: pathname,
    query: search.slice(1),
    fragment: hash.slice(1),
    userinfo,
    opaque: '',
  };
}
