// Finds members that a JSON text names twice, which JSON.parse silently settles. Pure; one pass, no values made.

/** Most duplicates reported; a text with more is broken in a way a list does not help with. */
const MAX_REPORTED = 20;

interface Frame {
  /** Names seen so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  index: number;
  member: string;
}

/** Paths such as `spec.replicas` or `spec.ports[0].name` that occur more than once; [] for text that is not JSON. */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Frame[] = [];
  let expectName = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    const frame = stack.at(-1);
    if (char === QUOTE) {
      const end = endOfString(text, i);
      if (expectName && frame?.names !== undefined) {
        const name = text.slice(i + 1, end);
        if (frame.names.has(name) && found.length < MAX_REPORTED) found.push(pathOf(stack, name));
        frame.names.add(name);
        frame.member = name;
        expectName = false;
      }
      i = end;
    } else if (char === OPEN_OBJECT) {
      stack.push({ names: new Set(), index: 0, member: '' });
      expectName = true;
    } else if (char === OPEN_ARRAY) {
      stack.push({ names: undefined, index: 0, member: '' });
      expectName = false;
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) {
      stack.pop();
      expectName = false;
    } else if (char === COMMA && frame !== undefined) {
      frame.index += 1;
      expectName = frame.names !== undefined;
    }
  }
  return found;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function pathOf(stack: readonly Frame[], name: string): string {
  let path = '';
  for (const frame of stack.slice(0, -1)) {
    path += frame.names === undefined ? `[${frame.index}]` : `${path === '' ? '' : '.'}${frame.member}`;
  }
  return path === '' ? name : `${path}.${name}`;
}
