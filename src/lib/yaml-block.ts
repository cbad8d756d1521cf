// The fast way through ordinary YAML: block and flow collections, plain, quoted and block scalars, one document.
// Anchors, aliases, tags, explicit keys, tabs as indentation and everything doubtful are handed back (BAIL) to the
// full parser in yaml.ts, which also words the errors. Never reports an error of its own except for limits.
import { keyText, resolvePlain, type YamlScalar } from './yaml-scalar.ts';

/** Thrown (one shared value, no stack) when the text needs the full parser. */
export const BAIL = Symbol('needs the full YAML parser');

export type YamlValue = YamlScalar | YamlValue[] | { [key: string]: YamlValue };

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const DASH = 0x2d;
const COLON = 0x3a;
const QUESTION = 0x3f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const BAR = 0x7c;
const GREATER = 0x3e;
const BACKSLASH = 0x5c;
/** Characters a plain scalar cannot begin with: , [ ] { } # & * ! | > ' " % @ ` */
const INDICATORS = new Set([...',[]{}#&*!|>\'"%@`'].map((c) => c.charCodeAt(0)));
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const HEX_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Parses one document without directives and markers. Throws BAIL, or ScalarError for values JSON cannot hold. */
export function parseBlockDocument(text: string, maxDepth: number): YamlValue {
  return new BlockParser(text, maxDepth).document();
}

class BlockParser {
  readonly #text: string;
  readonly #end: number;
  readonly #maxDepth: number;
  #depth = 0;
  /** Where reading goes on: the start of a line, or inside one after an inline value. */
  #pos = 0;
  /** Set by #peek: the next content line's first character and its column. */
  #start = 0;
  #indent = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#end = text.length;
    this.#maxDepth = maxDepth;
  }

  document(): YamlValue {
    if (!this.#peek()) return null;
    const value = this.#node(-1);
    if (this.#peek()) throw BAIL;
    return value;
  }

  /** Finds the next line with content; false at the end. `#pos` stays on its first character. */
  #peek(): boolean {
    const text = this.#text;
    let pos = this.#pos;
    while (pos < this.#end) {
      const lineStart = pos;
      let code = text.charCodeAt(pos);
      while (code === SPACE) code = text.charCodeAt(++pos);
      if (code === NEWLINE) {
        pos += 1;
      } else if (code === HASH) {
        const next = text.indexOf('\n', pos);
        pos = next < 0 ? this.#end : next + 1;
      } else if (code === TAB) {
        throw BAIL;
      } else if (pos < this.#end) {
        this.#start = pos;
        this.#indent = pos - lineStart;
        this.#pos = lineStart;
        return true;
      }
    }
    this.#pos = this.#end;
    return false;
  }

  /** The block node on the line #peek found, whose indent is greater than `parent`. */
  #node(parent: number): YamlValue {
    if (++this.#depth > this.#maxDepth) throw BAIL;
    const value = this.#nodeAt(this.#start, this.#indent, parent);
    this.#depth -= 1;
    return value;
  }

  #nodeAt(start: number, column: number, parent: number): YamlValue {
    if (this.#isDash(start)) return this.#sequence(start, column);
    const colon = this.#keyColon(start);
    if (colon >= 0) return this.#mapping(start, column, colon);
    return this.#inline(start, parent);
  }

  #isDash(pos: number): boolean {
    return this.#text.charCodeAt(pos) === DASH && this.#isBlank(pos + 1);
  }

  #isBlank(pos: number): boolean {
    const code = this.#text.charCodeAt(pos);
    return code === SPACE || code === NEWLINE || code === TAB || pos >= this.#end;
  }

  #sequence(first: number, column: number): YamlValue[] {
    const items: YamlValue[] = [];
    let dash = first;
    for (;;) {
      items.push(this.#afterIndicator(dash + 1, column, dash - column, false));
      if (!this.#peek() || this.#indent < column) return items;
      if (this.#indent > column) throw BAIL;
      if (!this.#isDash(this.#start)) return items;
      dash = this.#start;
    }
  }

  #mapping(first: number, column: number, firstColon: number): YamlValue {
    const map: { [key: string]: YamlValue } = {};
    let start = first;
    let colon = firstColon;
    for (;;) {
      const key = this.#key(start, colon);
      const value = this.#afterIndicator(colon + 1, column, start - column, true);
      if (key === '__proto__') {
        Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      } else {
        map[key] = value;
      }
      if (!this.#peek() || this.#indent < column) return map;
      if (this.#indent > column) throw BAIL;
      start = this.#start;
      if (this.#isDash(start)) throw BAIL;
      colon = this.#keyColon(start);
      if (colon < 0) throw BAIL;
    }
  }

  /** What follows a `-` or a `key:` of a collection at `column`; `lineStart` is where its line begins. */
  #afterIndicator(from: number, column: number, lineStart: number, inMapping: boolean): YamlValue {
    const text = this.#text;
    let pos = from;
    let code = text.charCodeAt(pos);
    while (code === SPACE) code = text.charCodeAt(++pos);
    if (code === TAB) throw BAIL;
    if (code === HASH && pos > from) {
      const next = text.indexOf('\n', pos);
      pos = next < 0 ? this.#end : next;
      code = NEWLINE;
    }
    if (code === NEWLINE || pos >= this.#end) {
      this.#pos = Math.min(pos + 1, this.#end);
      if (!this.#peek()) return null;
      if (this.#indent > column) return this.#node(column);
      // A list may stand at the column of the key it belongs to.
      if (inMapping && this.#indent === column && this.#isDash(this.#start)) return this.#node(column);
      return null;
    }
    if (inMapping) {
      if (this.#isDash(pos)) throw BAIL;
      return this.#inline(pos, column);
    }
    if (++this.#depth > this.#maxDepth) throw BAIL;
    const value = this.#nodeAt(pos, pos - lineStart, column);
    this.#depth -= 1;
    return value;
  }

  /** The colon that ends an implicit key beginning at `start`, or -1 when the line holds no key there. */
  #keyColon(start: number): number {
    const text = this.#text;
    const first = text.charCodeAt(start);
    let pos = start;
    if (first === QUOTE || first === APOSTROPHE) {
      pos = this.#quoteEnd(start, first);
      const newline = text.indexOf('\n', start);
      if (newline >= 0 && newline < pos) return -1;
      while (text.charCodeAt(pos) === SPACE) pos += 1;
      if (text.charCodeAt(pos) !== COLON) return -1;
      if (!this.#isBlank(pos + 1)) throw BAIL;
      return pos;
    }
    if (first === OPEN_LIST || first === OPEN_MAP || first === BAR || first === GREATER) return -1;
    if (INDICATORS.has(first)) throw BAIL;
    if ((first === QUESTION || first === COLON) && this.#isBlank(start + 1)) throw BAIL;
    for (let code = first; pos < this.#end && code !== NEWLINE; code = text.charCodeAt(++pos)) {
      if (code === COLON && this.#isBlank(pos + 1)) return pos;
      if (code === HASH && text.charCodeAt(pos - 1) === SPACE) return -1;
      if (code === TAB) throw BAIL;
    }
    return -1;
  }

  #key(start: number, colon: number): string {
    const text = this.#text;
    const first = text.charCodeAt(start);
    if (first === QUOTE || first === APOSTROPHE) return this.#quoted(start, this.#quoteEnd(start, first));
    let end = colon;
    while (end > start && text.charCodeAt(end - 1) === SPACE) end -= 1;
    const plain = text.slice(start, end);
    if (plain === '<<') throw BAIL;
    const value = resolvePlain(plain);
    if (value === null) throw BAIL;
    return keyText(value);
  }

  /** A value that begins inside a line; leaves #pos at the start of the next line. */
  #inline(start: number, parent: number): YamlValue {
    const first = this.#text.charCodeAt(start);
    if (first === BAR || first === GREATER) return this.#blockScalar(start, parent);
    if (first === QUOTE || first === APOSTROPHE) {
      const end = this.#quoteEnd(start, first);
      const value = this.#quoted(start, end);
      this.#endLine(end);
      return value;
    }
    if (first === OPEN_LIST || first === OPEN_MAP) {
      this.#pos = start;
      const value = this.#flow();
      this.#endLine(this.#pos);
      return value;
    }
    if (INDICATORS.has(first)) throw BAIL;
    if ((first === QUESTION || first === COLON || first === DASH) && this.#isBlank(start + 1)) throw BAIL;
    return this.#plain(start, parent);
  }

  /** Only blanks and a comment may follow a finished value on its line. */
  #endLine(from: number): void {
    const text = this.#text;
    let pos = from;
    while (text.charCodeAt(pos) === SPACE) pos += 1;
    const code = text.charCodeAt(pos);
    if (pos >= this.#end || code === NEWLINE) {
      this.#pos = pos + 1;
    } else if (code === HASH && pos > from) {
      const next = text.indexOf('\n', pos);
      this.#pos = next < 0 ? this.#end : next + 1;
    } else {
      throw BAIL;
    }
  }

  /** A plain scalar, which may go on over further lines deeper than `parent`. */
  #plain(start: number, parent: number): YamlScalar {
    let [line, comment] = this.#plainLine(start);
    let folded: string | undefined;
    while (!comment) {
      const breaks = this.#continuation(parent);
      if (breaks === 0) break;
      const [more, ended] = this.#plainLine(this.#start);
      folded = (folded ?? line) + (breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)) + more;
      comment = ended;
      line = more;
    }
    return folded ?? resolvePlain(line);
  }

  /** The rest of the line at `start` as plain text, and whether a comment ended it. */
  #plainLine(start: number): [string, boolean] {
    const text = this.#text;
    let pos = start;
    let last = start;
    let comment = false;
    for (; pos < this.#end; pos += 1) {
      const code = text.charCodeAt(pos);
      if (code === NEWLINE) break;
      if (code === TAB) throw BAIL;
      if (code === COLON && this.#isBlank(pos + 1)) throw BAIL;
      if (code === HASH && text.charCodeAt(pos - 1) === SPACE) {
        comment = true;
        break;
      }
      if (code !== SPACE) last = pos + 1;
    }
    const next = comment ? text.indexOf('\n', pos) : pos;
    this.#pos = next < 0 ? this.#end : Math.min(next + 1, this.#end);
    return [text.slice(start, last), comment];
  }

  /** Line breaks up to a line that continues a plain scalar, or 0 when the scalar ends here. */
  #continuation(parent: number): number {
    const text = this.#text;
    let breaks = 1;
    let pos = this.#pos;
    while (pos < this.#end) {
      const lineStart = pos;
      while (text.charCodeAt(pos) === SPACE) pos += 1;
      const code = text.charCodeAt(pos);
      if (code === TAB) throw BAIL;
      if (code === HASH || pos >= this.#end) return 0;
      if (code === NEWLINE) {
        breaks += 1;
        pos += 1;
      } else {
        if (pos - lineStart <= parent) return 0;
        this.#start = pos;
        return breaks;
      }
    }
    return 0;
  }

  /** The position after the closing quote. */
  #quoteEnd(start: number, quote: number): number {
    const text = this.#text;
    for (let pos = start + 1; pos < this.#end; pos += 1) {
      const code = text.charCodeAt(pos);
      if (code === BACKSLASH && quote === QUOTE) {
        pos += 1;
      } else if (code === quote) {
        if (quote === APOSTROPHE && text.charCodeAt(pos + 1) === APOSTROPHE) pos += 1;
        else return pos + 1;
      }
    }
    throw BAIL;
  }

  #quoted(start: number, end: number): string {
    const raw = this.#text.slice(start + 1, end - 1);
    const single = this.#text.charCodeAt(start) === APOSTROPHE;
    if (single) return foldQuoted(raw).replaceAll("''", "'");
    if (!raw.includes('\\')) return foldQuoted(raw);
    return unescapeQuoted(raw);
  }

  #flow(): YamlValue {
    if (++this.#depth > this.#maxDepth) throw BAIL;
    const open = this.#text.charCodeAt(this.#pos);
    this.#pos += 1;
    const value = open === OPEN_LIST ? this.#flowList() : this.#flowMap();
    this.#depth -= 1;
    return value;
  }

  #flowList(): YamlValue[] {
    const items: YamlValue[] = [];
    for (;;) {
      let code = this.#flowToken();
      if (code === CLOSE_LIST) {
        this.#pos += 1;
        return items;
      }
      items.push(this.#flowValue(code));
      code = this.#flowToken();
      if (code === COMMA) this.#pos += 1;
      else if (code !== CLOSE_LIST) throw BAIL;
    }
  }

  #flowMap(): YamlValue {
    const map: { [key: string]: YamlValue } = {};
    for (;;) {
      let code = this.#flowToken();
      if (code === CLOSE_MAP) {
        this.#pos += 1;
        return map;
      }
      if (code === OPEN_LIST || code === OPEN_MAP) throw BAIL;
      const key = this.#flowScalar(code);
      if (key === null || key === '<<' || key === '__proto__') throw BAIL;
      if (this.#flowToken() !== COLON) throw BAIL;
      this.#pos += 1;
      code = this.#flowToken();
      map[keyText(key)] = code === COMMA || code === CLOSE_MAP ? null : this.#flowValue(code);
      code = this.#flowToken();
      if (code === COMMA) this.#pos += 1;
      else if (code !== CLOSE_MAP) throw BAIL;
    }
  }

  #flowValue(code: number): YamlValue {
    return code === OPEN_LIST || code === OPEN_MAP ? this.#flow() : this.#flowScalar(code);
  }

  /** Skips blanks, line ends and comments inside a flow collection; the next character's code. */
  #flowToken(): number {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#pos);
      if (this.#pos >= this.#end || code === TAB) throw BAIL;
      if (code === HASH) {
        const before = text.charCodeAt(this.#pos - 1);
        if (before !== SPACE && before !== NEWLINE) throw BAIL;
        const next = text.indexOf('\n', this.#pos);
        if (next < 0) throw BAIL;
        this.#pos = next;
      } else if (code !== SPACE && code !== NEWLINE) {
        return code;
      } else {
        this.#pos += 1;
      }
    }
  }

  #flowScalar(first: number): YamlScalar {
    const start = this.#pos;
    if (first === QUOTE || first === APOSTROPHE) {
      const end = this.#quoteEnd(start, first);
      this.#pos = end;
      return this.#quoted(start, end);
    }
    if (INDICATORS.has(first)) throw BAIL;
    if (first === DASH || first === QUESTION || first === COLON) {
      const next = this.#text.charCodeAt(start + 1);
      if (this.#isBlank(start + 1) || INDICATORS.has(next)) throw BAIL;
    }
    return this.#flowPlain(start);
  }

  #flowPlain(start: number): YamlScalar {
    const text = this.#text;
    let last = start;
    let pos = start;
    for (; ; pos += 1) {
      const code = text.charCodeAt(pos);
      if (pos >= this.#end || code === TAB || code === QUESTION) throw BAIL;
      if (code === NEWLINE) {
        this.#assertFlowEnds(pos);
        break;
      }
      if (code === COMMA || code === CLOSE_LIST || code === CLOSE_MAP) break;
      if (code === OPEN_LIST || code === OPEN_MAP) throw BAIL;
      if (code === COLON) {
        if (this.#isBlank(pos + 1)) break;
        if (INDICATORS.has(text.charCodeAt(pos + 1))) throw BAIL;
      }
      if (code === HASH && text.charCodeAt(pos - 1) === SPACE) throw BAIL;
      if (code !== SPACE) last = pos + 1;
    }
    this.#pos = pos;
    return resolvePlain(text.slice(start, last));
  }

  /** Plain text inside brackets ends at a line break only when the collection goes on after it. */
  #assertFlowEnds(from: number): void {
    const next = /\S/g;
    next.lastIndex = from;
    const char = next.exec(this.#text)?.[0] ?? '';
    if (!',]}'.includes(char) || char === '') throw BAIL;
  }

  /** `|` and `>`: as libyaml's scanner does it, since its corner cases are what kubectl users rely on. */
  #blockScalar(start: number, parent: number): string {
    const header = this.#blockHeader(start);
    const contentIndent =
      header.indent > 0 ? Math.max(parent, 0) + header.indent : this.#detectIndent(Math.max(parent + 1, 1));
    const literal = this.#text.charCodeAt(start) === BAR;
    const text = this.#text;
    let value = '';
    let leadingBreak = '';
    let wasIndented = false;
    let trailing = this.#blockBreaks(contentIndent);
    while (this.#pos < this.#end && this.#columnIs(contentIndent)) {
      const from = this.#pos + contentIndent;
      const code = text.charCodeAt(from);
      const indented = code === SPACE || code === TAB;
      if (!literal && leadingBreak !== '' && !wasIndented && !indented) {
        if (trailing === '') value += ' ';
      } else {
        value += leadingBreak;
      }
      value += trailing;
      wasIndented = indented;
      const newline = text.indexOf('\n', from);
      value += text.slice(from, newline < 0 ? this.#end : newline);
      leadingBreak = newline < 0 ? '' : '\n';
      this.#pos = newline < 0 ? this.#end : newline + 1;
      trailing = this.#blockBreaks(contentIndent);
    }
    if (header.chomp === '-') return value;
    return header.chomp === '+' ? value + leadingBreak + trailing : value + leadingBreak;
  }

  #blockHeader(start: number): { indent: number; chomp: '' | '-' | '+' } {
    const text = this.#text;
    let indent = 0;
    let chomp: '' | '-' | '+' = '';
    let pos = start + 1;
    for (; pos < this.#end; pos += 1) {
      const char = text[pos] as string;
      if (char === '-' || char === '+') {
        if (chomp !== '') throw BAIL;
        chomp = char;
      } else if (char >= '1' && char <= '9') {
        if (indent > 0) throw BAIL;
        indent = Number(char);
      } else {
        break;
      }
    }
    this.#endLine(pos);
    return { indent, chomp };
  }

  /** The indent of the first line that is not blank, at least `minimum`. */
  #detectIndent(minimum: number): number {
    const text = this.#text;
    let pos = this.#pos;
    let deepestBlank = 0;
    for (;;) {
      const lineStart = pos;
      while (text.charCodeAt(pos) === SPACE) pos += 1;
      const indent = pos - lineStart;
      const code = text.charCodeAt(pos);
      if (pos >= this.#end) return Math.max(minimum, deepestBlank, indent);
      if (code === TAB && indent < minimum) throw BAIL;
      if (code !== NEWLINE) {
        if (deepestBlank > indent && indent >= minimum) throw BAIL;
        return Math.max(minimum, indent, deepestBlank);
      }
      deepestBlank = Math.max(deepestBlank, indent);
      pos += 1;
    }
  }

  /** Consumes blank lines (nothing but up to `indent` spaces) and returns them as line breaks. */
  #blockBreaks(indent: number): string {
    const text = this.#text;
    let breaks = 0;
    for (;;) {
      let pos = this.#pos;
      const limit = pos + indent;
      while (pos < limit && text.charCodeAt(pos) === SPACE) pos += 1;
      if (pos >= this.#end || text.charCodeAt(pos) !== NEWLINE) break;
      breaks += 1;
      this.#pos = pos + 1;
    }
    return '\n'.repeat(breaks);
  }

  #columnIs(indent: number): boolean {
    for (let i = 0; i < indent; i += 1) if (this.#text.charCodeAt(this.#pos + i) !== SPACE) return false;
    return this.#pos + indent < this.#end;
  }
}

/** Line folding inside quotes: blanks around a line break go, one break is a space, more are one fewer breaks. */
function foldQuoted(raw: string): string {
  if (!raw.includes('\n')) return raw;
  return raw.replace(/[ \t]*\n\s*/g, (gap) => {
    const breaks = gap.split('\n').length - 1;
    return breaks === 1 ? ' ' : '\n'.repeat(breaks - 1);
  });
}

function unescapeQuoted(raw: string): string {
  let value = '';
  let pos = 0;
  for (;;) {
    const slash = raw.indexOf('\\', pos);
    if (slash < 0) return value + foldQuoted(raw.slice(pos));
    // Text before an escape keeps its own folding: a fold never reaches across an escape.
    value += foldQuoted(raw.slice(pos, slash));
    const char = raw[slash + 1] ?? '';
    const length = HEX_LENGTH[char];
    if (char === '\n') {
      const rest = /^\n[ \t]*/.exec(raw.slice(slash + 1));
      pos = slash + 1 + (rest?.[0].length ?? 1);
      // Blank lines after an escaped break fold in their own way; leave them to the full parser.
      if (raw[pos] === '\n') throw BAIL;
    } else if (length !== undefined) {
      value += unicodeEscape(raw.slice(slash + 2, slash + 2 + length), length);
      pos = slash + 2 + length;
    } else {
      const plain = ESCAPES[char];
      if (plain === undefined) throw BAIL;
      value += plain;
      pos = slash + 2;
    }
  }
}

function unicodeEscape(hex: string, length: number): string {
  if (hex.length !== length || !/^[0-9a-fA-F]+$/.test(hex)) throw BAIL;
  const code = Number.parseInt(hex, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) throw BAIL;
  return String.fromCodePoint(code);
}
