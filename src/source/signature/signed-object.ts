// Takes the signature out of a commit or an annotated tag: the bytes that were signed, and the signature. Reads the raw
// object as Git stores it and refuses everything Git itself would not have written: what two readers could read
// differently must not be trusted.
import { SignatureError } from './errors.ts';

/** By the first line of the block; `x509` are those of gitsign. */
type SignatureFormat = 'pgp' | 'ssh' | 'x509';

export interface SignedObject {
  /** The bytes the signature is over. */
  readonly payload: Buffer;
  readonly signature: string;
  readonly format: SignatureFormat;
}

export interface RawCommit {
  readonly parents: readonly string[];
  readonly message: string;
}

const ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const FORMATS: Readonly<Record<string, SignatureFormat>> = {
  'PGP SIGNATURE': 'pgp',
  'SSH SIGNATURE': 'ssh',
  'SIGNED MESSAGE': 'x509',
};
const BEGIN = /^-----BEGIN (?:PGP SIGNATURE|SSH SIGNATURE|SIGNED MESSAGE|PGP MESSAGE)-----$/m;
/** Headers that may stand only once. */
const SINGLE: readonly string[] = [
  'tree',
  'author',
  'committer',
  'encoding',
  'gpgsig',
  'object',
  'type',
  'tag',
  'tagger',
];

interface Header {
  readonly name: string;
  readonly value: string;
  /** The line with its continuations and line ends. */
  readonly text: string;
}

/** The signed parts of a commit. @throws SignatureError `UNSIGNED` or `MALFORMED` */
export function signedCommit(body: Buffer): SignedObject {
  const { headers, rest } = split(body, ['tree']);
  const signature = headers.find(({ name }) => name === 'gpgsig');
  if (signature === undefined) throw new SignatureError('UNSIGNED', 'it has no signature');
  const payload = headers.filter((header) => header !== signature).map(({ text }) => text);
  return {
    payload: Buffer.from(`${payload.join('')}\n${rest}`, 'latin1'),
    ...armored(signature.value),
  };
}

/** Parents and message of a commit, read by the same rules. @throws SignatureError `MALFORMED` */
export function rawCommit(body: Buffer): RawCommit {
  const { headers, rest } = split(body, ['tree']);
  const parents = headers.filter(({ name }) => name === 'parent').map(({ value }) => value);
  if (!parents.every((parent) => ID.test(parent))) throw malformed('a parent is no commit id');
  return { parents, message: Buffer.from(rest, 'latin1').toString('utf8') };
}

/**
 * The signed parts of an annotated tag.
 * @param expected what the tag must name: a signed tag of another name, or for another commit, proves nothing
 * @throws SignatureError
 */
export function signedTag(
  body: Buffer,
  expected: { readonly commit: string; readonly name: string },
): SignedObject {
  const { headers, rest, head } = split(body, ['object', 'type', 'tag']);
  const [object, type, tag] = headers;
  if (type?.value !== 'commit' || object?.value !== expected.commit) {
    throw malformed(`the tag does not name commit ${expected.commit} itself`);
  }
  if (tag?.value !== expected.name) {
    throw malformed(
      `the tag object is named ${JSON.stringify(tag?.value.slice(0, 80))}, not ${expected.name}`,
    );
  }
  if (headers.some(({ name }) => name.startsWith('gpgsig'))) throw malformed('a tag has no header gpgsig');
  const begin = BEGIN.exec(rest);
  if (begin === null) throw new SignatureError('UNSIGNED', 'the tag has no signature');
  return {
    payload: Buffer.from(`${head}\n${rest.slice(0, begin.index)}`, 'latin1'),
    ...armored(rest.slice(begin.index)),
  };
}

/** Headers and what follows them, as Latin-1 text: one character for each byte. */
function split(body: Buffer, first: readonly string[]): { headers: Header[]; head: string; rest: string } {
  const text = body.toString('latin1');
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end + 1);
  const rest = end < 0 ? '' : text.slice(end + 2);
  if (end < 0) throw malformed('its headers do not end');
  if (/[\0\r]/.test(head)) throw malformed('its headers hold a NUL or a carriage return');
  const headers: Header[] = [];
  for (const line of head.split('\n').slice(0, -1)) {
    const last = headers.at(-1);
    if (line.startsWith(' ') && last !== undefined) {
      headers[headers.length - 1] = {
        name: last.name,
        value: `${last.value}\n${line.slice(1)}`,
        text: `${last.text}${line}\n`,
      };
      continue;
    }
    const space = line.indexOf(' ');
    if (space <= 0) throw malformed('a header has no value');
    headers.push({ name: line.slice(0, space), value: line.slice(space + 1), text: `${line}\n` });
  }
  for (const [index, name] of first.entries()) {
    if (headers[index]?.name !== name) throw malformed(`it does not begin with ${first.join(', ')}`);
  }
  for (const name of SINGLE) {
    if (headers.filter((header) => header.name === name).length > 1) throw malformed(`it has ${name} twice`);
  }
  if (headers.some(({ name }) => name === 'gpgsig-sha256')) {
    throw malformed('it is signed for another object format');
  }
  return { headers, head, rest };
}

/** One armoured block and nothing around it. */
function armored(text: string): Pick<SignedObject, 'signature' | 'format'> {
  const signature = text.replace(/\n+$/, '\n').trimEnd();
  const match = /^-----BEGIN ([A-Z]+ [A-Z]+)-----\n[\s\S]*\n-----END \1-----$/.exec(signature);
  const format = FORMATS[match?.[1] ?? ''];
  if (format === undefined) throw malformed('its signature is not one whole block');
  if ((signature.match(/-----BEGIN /g)?.length ?? 0) > 1) throw malformed('it holds more than one signature');
  return { signature, format };
}

function malformed(why: string): SignatureError {
  return new SignatureError('MALFORMED', why);
}
