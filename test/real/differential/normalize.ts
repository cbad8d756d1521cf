// Takes out of answers what two equal servers may do differently: identities, versions, times, assigned addresses.
// Identities and versions become numbers in the order they appear, so that "the same" and "another one" still show.
import type { Recorded } from './run.ts';

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const ADDRESS = /\b10\.\d+\.\d+\.\d+\b/g;
/** Versions inside messages: of conflicts, of expired lists, of objects quoted as JSON. */
const VERSION_IN_TEXT =
  /(precondition \(|record \(|ResourceVersion: |resourceVersion\\*":\\*"|too old: \d+ \(|, current: )(\d+)(?=[),"\\]|$)/g;
const TOKEN_VOLUME = /kube-api-access-[a-z0-9]{5}/g;
const CERTIFICATE = /-----BEGIN[\s\S]*-----END [A-Z ]+-----/g;
const NODE_PORT_IN_TEXT = /:3\d{4}\//g;
const TOKEN = /^ey[\w-]+\.[\w-]+\.[\w-]+$/;

export interface NormalizeOptions {
  /** Versions and generations are the controllers' business too. */
  readonly async: boolean;
}

/** The recorded answers without what may differ. */
export function normalize(recorded: readonly Recorded[], options: NormalizeOptions): Recorded[] {
  const normalizer = new Normalizer(options);
  return recorded.map(({ step, answer, generateName }) => {
    if (generateName !== undefined) normalizer.learnPrefix(generateName, answer);
    return { step, answer: normalizer.value(answer, []) };
  });
}

class Normalizer {
  readonly #async: boolean;
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, string>();
  readonly #names = new Map<string, string>();

  constructor(options: NormalizeOptions) {
    this.#async = options.async;
  }

  value(value: unknown, path: readonly string[]): unknown {
    if (typeof value === 'string') return this.#text(value, path);
    if (typeof value === 'number') return this.#number(value, path);
    if (Array.isArray(value)) {
      const items = value.map((item, i) => this.value(item, [...path, String(i)]));
      return path.at(-1) === 'managedFields' ? items.toSorted(byManager) : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    this.#learnName(value as Record<string, unknown>);
    sortCauses(value as Record<string, unknown>);
    return Object.fromEntries(
      Object.entries(withoutListVersion(value as Record<string, unknown>))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => [this.#text(key, []), this.value(member, [...path, key])]),
    );
  }

  /** A refused object is quoted with a name nobody else has. */
  learnPrefix(generateName: string, answer: unknown): void {
    const prefix = generateName.slice(0, 58);
    const name = (answer as { body?: { details?: { name?: string } } }).body?.details?.name ?? '';
    if (name.startsWith(prefix)) this.#learnName({ name, generateName: prefix });
  }

  #learnName(object: Record<string, unknown>): void {
    const { name, generateName } = object;
    if (typeof name !== 'string' || typeof generateName !== 'string' || !name.startsWith(generateName))
      return;
    const suffix = name.slice(generateName.length);
    const shape = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(suffix) ? 'random' : 'odd';
    if (!this.#names.has(name)) this.#names.set(name, `${generateName}<${shape} ${this.#names.size + 1}>`);
  }

  #text(text: string, path: readonly string[]): string {
    const key = path.at(-1);
    if (key === 'resourceVersion') return this.#version(text);
    if (key === 'continue' && text !== '') return '<continue>';
    if (TOKEN.test(text)) return '<token>';
    if (key === 'serverAddress') return '<server>';
    if (path.includes('cells') && /^\d+s$/.test(text)) return '<age>';
    return this.#known(text)
      .replace(VERSION_IN_TEXT, (_, before: string, digits: string) => before + this.#version(digits))
      .replace(UID, (uid) => ordinal(this.#uids, uid, 'uid'))
      .replace(TIME, (time) => (time.includes('.') ? '<precise time>' : '<time>'))
      .replace(TOKEN_VOLUME, 'kube-api-access-<random>')
      .replace(CERTIFICATE, '<certificate>')
      .replace(NODE_PORT_IN_TEXT, ':<port>/')
      .replace(ADDRESS, '<address>');
  }

  #version(text: string): string {
    if (text === '' || text === '0' || text.startsWith('<')) return text;
    return this.#async ? '<version>' : ordinal(this.#versions, text, 'version');
  }

  #number(value: number, path: readonly string[]): number | string {
    const key = path.at(-1) ?? '';
    if (/([nN]odePort|targetPort)$/.test(key) && value >= 30_000) return '<port>';
    if (this.#async && (key === 'generation' || key === 'observedGeneration')) return '<generation>';
    return value;
  }

  #known(text: string): string {
    let known = text;
    for (const [name, shown] of this.#names) known = known.replaceAll(name, shown);
    return known;
  }
}

function ordinal(map: Map<string, string>, value: string, word: string): string {
  const known = map.get(value) ?? `<${word} ${map.size + 1}>`;
  map.set(value, known);
  return known;
}

/** Servers order entries by a time that two runs need not share. */
function byManager(a: unknown, b: unknown): number {
  const key = (entry: unknown) => {
    const { operation, manager, apiVersion, subresource } = entry as Record<string, string>;
    return [operation, manager, subresource ?? '', apiVersion].join(' ');
  };
  return key(a) < key(b) ? -1 : 1;
}

/** The version of a list, a table or a bookmark moves with every write of anybody. */
function withoutListVersion(value: Record<string, unknown>): Record<string, unknown> {
  const { kind, metadata, type, object } = value;
  if (type === 'BOOKMARK') return { ...value, object: hideVersion(object as Record<string, unknown>) };
  const isList = typeof kind === 'string' && (kind.endsWith('List') || kind === 'Table');
  return isList && typeof metadata === 'object' ? hideVersion(value) : value;
}

function hideVersion(value: Record<string, unknown>): Record<string, unknown> {
  const metadata = value['metadata'] as Record<string, unknown> | undefined;
  if (typeof metadata?.['resourceVersion'] !== 'string' || metadata['resourceVersion'] === '') return value;
  return { ...value, metadata: { ...metadata, resourceVersion: '<list version>' } };
}

/** The causes of one refusal come in the order of a hash table. */
function sortCauses(status: Record<string, unknown>): void {
  const details = status['details'] as { causes?: { field?: string; message?: string }[] } | undefined;
  if (details?.causes === undefined || details.causes.length < 2) return;
  // Two layers of a real server may find the same mistake; its message has it once.
  details.causes = [...new Map(details.causes.map((cause) => [JSON.stringify(cause), cause])).values()];
  const { causes } = details;
  if (causes.length < 2) return;
  const texts = causes.map(({ field = '', message = '' }) => `${field}: ${message}`);
  const order = ({ field = '', message = '' }) => `${field} ${message}`;
  causes.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const message = String(status['message']);
  const start = message.indexOf(': [');
  const whole = start > 0 && texts.every((text) => message.includes(text));
  if (whole && message.length === start + 4 + texts.join(', ').length) {
    status['message'] = `${message.slice(0, start)}: [<causes>]`;
  }
}
