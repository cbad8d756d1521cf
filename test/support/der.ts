// ASN.1 in DER, as far as certificates and CMS need it: each function makes one element.

export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  const digits = size.subarray(
    Math.max(
      0,
      size.findIndex((byte) => byte !== 0),
    ),
  );
  const head = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 | digits.length, ...digits];
  return Buffer.concat([Buffer.from(head), body]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

/** SET OF, sorted as DER demands. */
export function setOf(...parts: readonly Buffer[]): Buffer {
  return der(0x31, ...[...parts].sort(Buffer.compare));
}

export function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

export function bits(content: Buffer, unused = 0): Buffer {
  return der(0x03, Buffer.from([unused]), content);
}

/** A positive INTEGER of these bytes. */
export function integer(...bytes: readonly number[]): Buffer {
  return der(0x02, Buffer.from((bytes[0] ?? 0) > 0x7f ? [0, ...bytes] : bytes));
}

export function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arc = (value: number): number[] => {
    const digits = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left & 0x7f) | 0x80);
    }
    return digits;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(arc)]));
}

/** UTCTime. */
export function time(ms: number): Buffer {
  return der(0x17, Buffer.from(digitsOf(ms).slice(2)));
}

export function generalizedTime(ms: number): Buffer {
  return der(0x18, Buffer.from(digitsOf(ms)));
}

function digitsOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
}
