// Reads YAML as kubectl does, several documents per text, with limits. Values are plain JSON.
// Deviations from YAML 1.2 are kubectl's (go-yaml v2): YAML 1.1 booleans and octals, the last of two equal keys wins,
// `<<` merges in written order. Does not write YAML and does not keep comments; use the `yaml` package for edits.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { CodedError } from './errors.ts';
import { BAIL, parseBlockDocument, type YamlValue } from './yaml-block.ts';
import { keyText, resolvePlain, ScalarError, type YamlScalar } from './yaml-scalar.ts';

export type { YamlValue } from './yaml-block.ts';

export type YamlErrorCode = 'YAML_SYNTAX' | 'YAML_VALUE' | 'YAML_LIMIT';

/** The text is not YAML kubectl would take, or is beyond a limit. `line` is 1-based within the text. */
export class YamlError extends CodedError<YamlErrorCode> {
  readonly line: number;

  constructor(code: YamlErrorCode, line: number, message: string, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
    this.line = line;
  }
}

export interface YamlDocument {
  readonly value: YamlValue;
  /** 1-based line of the document's first content. */
  readonly line: number;
}

export interface YamlOptions {
  /** What the text is, for messages: a path. */
  readonly name?: string;
  readonly maxBytes?: number;
}

/** Bounds of one text. Anchors and aliases multiply, so nodes are counted after expansion. */
export const yamlLimits = {
  bytes: 16 * 1024 * 1024,
  /** Text that needs the full parser (anchors, tags, odd indentation), which is some fifty times slower. */
  fullParserBytes: 1024 * 1024,
  depth: 200,
  nodes: 200_000,
  /** Merge keys (`<<`) in one text; each one copies a mapping. */
  merges: 5_000,
  documents: 20_000,
} as const;

/** Every document that is not empty, in order. Throws YamlError. */
export function parseYamlDocuments(text: string, options: YamlOptions = {}): YamlDocument[] {
  const clean = normalise(text, options);
  if (FULL_STREAM.test(clean)) return parseFull(clean, 1, options);
  const documents: YamlDocument[] = [];
  for (const chunk of splitDocuments(clean)) {
    const parsed = parseChunk(chunk, options);
    for (const document of parsed) documents.push(document);
    if (documents.length > yamlLimits.documents) {
      throw limit(options, chunk.line, `has more than ${yamlLimits.documents} documents`);
    }
  }
  return documents;
}

/** The only document of `text`; null when it is empty. Throws YamlError, also for a second document. */
export function parseYaml(text: string, options: YamlOptions = {}): YamlValue {
  const documents = parseYamlDocuments(text, options);
  const second = documents[1];
  if (second !== undefined) {
    throw new YamlError(
      'YAML_SYNTAX',
      second.line,
      `${where(options, second.line)}: a second document begins here and one was expected`,
    );
  }
  return documents[0]?.value ?? null;
}

/** Directives, document ends and content beside a document marker: rare, and the full parser knows them. */
const FULL_STREAM = /^(?:%|\.\.\.(?:\s|$)|---[ \t]+[^\s#])/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what YAML forbids
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

function normalise(text: string, options: YamlOptions): string {
  const maxBytes = options.maxBytes ?? yamlLimits.bytes;
  if (text.length > maxBytes) throw limit(options, 1, `is longer than ${maxBytes} bytes`);
  const bare = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const clean = bare.includes('\r') ? bare.replace(/\r\n?/g, '\n') : bare;
  const forbidden = FORBIDDEN.exec(clean);
  if (forbidden !== null) {
    const line = lineAt(clean, forbidden.index);
    const code = forbidden[0].charCodeAt(0).toString(16).padStart(4, '0');
    throw syntax(options, line, `control character U+${code} is not allowed`);
  }
  return clean;
}

interface Chunk {
  readonly text: string;
  readonly line: number;
}

function* splitDocuments(text: string): Generator<Chunk> {
  let from = 0;
  let line = 1;
  const marker = /^---(?:[ \t].*)?$/gm;
  for (let match = marker.exec(text); match !== null; match = marker.exec(text)) {
    const chunk = text.slice(from, match.index);
    yield { text: chunk, line };
    line += countLines(chunk) + 1;
    from = Math.min(match.index + match[0].length + 1, text.length);
    marker.lastIndex = from;
    if (from === text.length) return;
  }
  yield { text: text.slice(from), line };
}

function parseChunk(chunk: Chunk, options: YamlOptions): YamlDocument[] {
  const first = chunk.text.search(/[^\s]/);
  if (first < 0) return [];
  if (chunk.text[first] === '{') {
    const value = tryJson(chunk.text);
    if (value !== undefined) return [{ value, line: chunk.line + countLines(chunk.text.slice(0, first)) }];
  }
  try {
    const value = parseBlockDocument(chunk.text, yamlLimits.depth);
    return value === null ? [] : [{ value, line: chunk.line + contentLine(chunk.text) }];
  } catch (error) {
    // ScalarError too: the full parser knows the line.
    if (error !== BAIL && !(error instanceof ScalarError)) throw error;
    return parseFull(chunk.text, chunk.line, options);
  }
}

/** JSON is YAML, and JSON.parse is fast. Undefined: not JSON, or with a number that must be looked at. */
function tryJson(text: string): YamlValue | undefined {
  if (/\d{16}/.test(text)) return undefined;
  try {
    return JSON.parse(text) as YamlValue;
  } catch {
    return undefined;
  }
}

/** 0-based line of the first content. */
function contentLine(text: string): number {
  const content = /^[ ]*[^\s#]/m.exec(text);
  return content === null ? 0 : countLines(text.slice(0, content.index));
}

function parseFull(text: string, firstLine: number, options: YamlOptions): YamlDocument[] {
  if (text.length > yamlLimits.fullParserBytes) {
    throw limit(
      options,
      firstLine,
      `uses anchors, tags or irregular indentation and is longer than ${yamlLimits.fullParserBytes} bytes`,
    );
  }
  if ((text.match(/^\s*(?:- +)*<<\s*:/gm)?.length ?? 0) > yamlLimits.merges) {
    throw limit(options, firstLine, `has more than ${yamlLimits.merges} merge keys`);
  }
  const counter = new LineCounter();
  const lineOf = (offset: number): number => counter.linePos(offset).line - 1 + firstLine;
  let documents: Document.Parsed[];
  try {
    documents = [
      ...parseAllDocuments(text, {
        version: '1.1',
        schema: 'failsafe',
        merge: false,
        uniqueKeys: false,
        strict: false,
        prettyErrors: false,
        logLevel: 'silent',
        lineCounter: counter,
      }),
    ];
  } catch (error) {
    if (error instanceof RangeError) throw limit(options, firstLine, 'is nested too deeply');
    throw error;
  }
  const found: YamlDocument[] = [];
  for (const document of documents) {
    const value = new Converter(document, text, lineOf, options).value();
    if (value !== null) found.push({ value, line: lineOf(contentOffset(document, text)) });
  }
  return found;
}

function contentOffset(document: Document.Parsed, text: string): number {
  const from = document.contents?.range?.[0] ?? document.range[0];
  const content = text.slice(from).search(/[^\s]/);
  return content < 0 ? from : from + content;
}

/** Errors of the `yaml` package that kubectl does not share, and whose value is right all the same. */
const TOLERATED = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED']);

interface ScalarNode {
  readonly value: unknown;
  readonly type?: string;
  readonly source?: string;
  readonly tag?: string;
  readonly range?: [number, number, number] | null;
}

/** One parsed document → JSON, with aliases expanded under a node budget. */
class Converter {
  readonly #document: Document.Parsed;
  readonly #text: string;
  readonly #lineOf: (offset: number) => number;
  readonly #options: YamlOptions;
  readonly #open = new Set<unknown>();
  readonly #anchors = new Map<string, unknown>();
  #nodes = 0;
  #depth = 0;

  constructor(
    document: Document.Parsed,
    text: string,
    lineOf: (offset: number) => number,
    options: YamlOptions,
  ) {
    this.#document = document;
    this.#text = text;
    this.#lineOf = lineOf;
    this.#options = options;
  }

  value(): YamlValue {
    const error = this.#document.errors.find(({ code }) => !TOLERATED.has(code));
    if (error !== undefined)
      throw syntax(this.#options, this.#lineOf(error.pos[0]), firstLineOf(error.message));
    return this.#convert(this.#document.contents);
  }

  #convert(node: unknown): YamlValue {
    if (++this.#nodes > yamlLimits.nodes) {
      throw this.#limit(node, `expands to more than ${yamlLimits.nodes} values`);
    }
    if ((isScalar(node) || isSeq(node) || isMap(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (isScalar(node)) return this.#scalar(node);
    if (isAlias(node)) return this.#inside(node, () => this.#convert(this.#target(node)));
    if (isSeq(node)) return this.#inside(node, () => node.items.map((item) => this.#convert(item)));
    if (isMap(node)) {
      return this.#inside(node, () => {
        const map: { [key: string]: YamlValue } = {};
        for (const pair of node.items) this.#pair(map, pair.key, pair.value);
        return map;
      });
    }
    return null;
  }

  #pair(map: { [key: string]: YamlValue }, keyNode: unknown, valueNode: unknown): void {
    if (
      isScalar(keyNode) &&
      keyNode.type === 'PLAIN' &&
      keyNode.source === '<<' &&
      keyNode.tag === undefined
    ) {
      this.#merge(map, valueNode);
      return;
    }
    const key = this.#convert(keyNode);
    if (typeof key === 'object' && key !== null) {
      throw this.#error('YAML_VALUE', keyNode, 'a mapping key is a collection, which JSON has not');
    }
    const value = this.#convert(valueNode);
    const name = this.#guard(keyNode, () => keyText(key));
    Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
  }

  /** go-yaml v2: in written order, so a merge replaces what stands before it; of several, the first wins. */
  #merge(map: { [key: string]: YamlValue }, node: unknown): void {
    const target = isAlias(node) ? this.#target(node) : node;
    const sources = isSeq(target) ? [...target.items].reverse() : [node];
    for (const source of sources) {
      const value = this.#convert(source);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw this.#error('YAML_SYNTAX', node, 'the value of << must be a mapping or a list of mappings');
      }
      Object.assign(map, value);
    }
  }

  /** The node last anchored under the alias's name; looked up here because the package searches the whole text. */
  #target(alias: { source: string }): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) throw this.#error('YAML_SYNTAX', alias, `unknown anchor ${alias.source}`);
    return target;
  }

  #inside<T>(node: unknown, task: () => T): T {
    if (this.#open.has(node)) throw this.#error('YAML_SYNTAX', node, 'an alias contains itself');
    if (++this.#depth > yamlLimits.depth) {
      throw this.#limit(node, `is nested deeper than ${yamlLimits.depth} levels`);
    }
    this.#open.add(node);
    try {
      return task();
    } finally {
      this.#open.delete(node);
      this.#depth -= 1;
    }
  }

  #scalar(node: ScalarNode): YamlScalar {
    const text = String(
      node.type?.startsWith('BLOCK') === true ? node.value : (node.source ?? node.value ?? ''),
    );
    const tag = node.tag?.replace('tag:yaml.org,2002:', '!!');
    if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
    if (tag === '!!str' || tag === '!' || (tag === undefined && node.type !== 'PLAIN')) {
      // go-yaml: a block scalar cut off by the end of the text has no last line break.
      return node.type?.startsWith('BLOCK') === true && this.#endsText(node) ? text.replace(/\n$/, '') : text;
    }
    if (tag !== undefined && !SCALAR_TAGS.has(tag)) return text;
    const value = this.#guard(node, () => resolvePlain(text));
    if (tag !== undefined && !hasTag(value, tag)) {
      throw this.#error('YAML_VALUE', node, `cannot read ${JSON.stringify(text)} as ${tag}`);
    }
    return tag === '!!timestamp' ? text : value;
  }

  #endsText(node: { range?: [number, number, number] | null }): boolean {
    return !this.#text.endsWith('\n') && (node.range?.[1] ?? 0) >= this.#text.length;
  }

  #guard<T>(node: unknown, task: () => T): T {
    try {
      return task();
    } catch (error) {
      if (error instanceof ScalarError) throw this.#error('YAML_VALUE', node, error.message);
      throw error;
    }
  }

  #limit(node: unknown, what: string): YamlError {
    return limit(this.#options, this.#line(node), what);
  }

  #error(code: YamlErrorCode, node: unknown, what: string): YamlError {
    const line = this.#line(node);
    return new YamlError(code, line, `${where(this.#options, line)}: ${what}`);
  }

  #line(node: unknown): number {
    const range = (node as { range?: [number, number, number] } | null)?.range;
    return this.#lineOf(range?.[0] ?? this.#document.range[0]);
  }
}

const SCALAR_TAGS = new Set(['!!bool', '!!int', '!!float', '!!null', '!!timestamp']);

function hasTag(value: YamlScalar, tag: string): boolean {
  if (tag === '!!null') return value === null;
  if (tag === '!!bool') return typeof value === 'boolean';
  if (tag === '!!int') return Number.isInteger(value);
  if (tag === '!!float') return typeof value === 'number';
  return true;
}

function syntax(options: YamlOptions, line: number, what: string): YamlError {
  return new YamlError('YAML_SYNTAX', line, `${where(options, line)}: ${what}`);
}

function limit(options: YamlOptions, line: number, what: string): YamlError {
  return new YamlError('YAML_LIMIT', line, `${options.name ?? 'YAML'} ${what}, the limit; split it`);
}

function where(options: YamlOptions, line: number): string {
  return options.name === undefined ? `YAML line ${line}` : `${options.name} line ${line}`;
}

function firstLineOf(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/[.:]$/, '');
}

function lineAt(text: string, offset: number): number {
  return countLines(text.slice(0, offset)) + 1;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
