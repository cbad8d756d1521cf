// Prints values as Go's fmt package does, as far as templates need it.
import { plainText } from './expr-builtins.ts';
import { type Budget, languageLimits } from './language-limits.ts';

/** How a template prints a value: as `%v`, but a missing one as `<no value>`. */
export function printed(value: unknown): string {
  return value === null || value === undefined ? '<no value>' : plainText(value);
}

export function goPrintf(format: string, args: readonly unknown[], budget: Budget): string {
  let next = 0;
  const text = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      const size = width === '*' ? Number(args[next++]) : Number(width ?? 0);
      const digits =
        precision === '*' ? Number(args[next++]) : precision === undefined ? undefined : Number(precision);
      if (next >= args.length) return `%!${verb}(MISSING)`;
      budget.size(Math.min(size, languageLimits.valueLength + 1) + (digits ?? 0));
      return padded(formatted(verb, args[next++], flags, digits), size, flags);
    },
  );
  budget.size(text.length);
  if (next >= args.length) return text;
  const extra = args.slice(next).map((value) => `${goType(value)}=${plainText(value)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatted(verb: string, value: unknown, flags: string, digits: number | undefined): string {
  const sign = flags.includes('+') && typeof value === 'number' && value >= 0 ? '+' : '';
  switch (verb) {
    case 'v':
    case 's': {
      const text = plainText(value);
      return verb === 's' && digits !== undefined ? [...text].slice(0, digits).join('') : text;
    }
    case 'd':
      return typeof value === 'number' ? `${sign}${Math.trunc(value)}` : wrong(verb, value);
    case 'f':
    case 'F':
      return typeof value === 'number'
        ? `${sign}${value.toFixed(Math.min(digits ?? 6, 100))}`
        : wrong(verb, value);
    case 'e':
      return typeof value === 'number' ? value.toExponential(Math.min(digits ?? 6, 100)) : wrong(verb, value);
    case 'g':
      return typeof value === 'number' ? sign + String(value) : wrong(verb, value);
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong(verb, value);
    case 'q':
      return JSON.stringify(typeof value === 'string' ? value : plainText(value));
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'number'
          ? Math.trunc(value).toString(16)
          : Buffer.from(plainText(value)).toString('hex');
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    case 'b':
    case 'o':
      return typeof value === 'number'
        ? Math.trunc(value).toString(verb === 'b' ? 2 : 8)
        : wrong(verb, value);
    case 'c':
      return typeof value === 'number' && value >= 0 && value <= 0x10ffff
        ? String.fromCodePoint(value)
        : wrong(verb, value);
    case 'T':
      return goType(value);
    default:
      return wrong(verb, value);
  }
}

function wrong(verb: string, value: unknown): string {
  return `%!${verb}(${goType(value)}=${plainText(value)})`;
}

/** Go's name for the type, as `kindOf` and `%T` print it. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

function padded(text: string, size: number, flags: string): string {
  if (size === 0) return text;
  if (flags.includes('-')) return text.padEnd(size);
  if (!flags.includes('0') || !/^[+-]?[\d.]+$/.test(text)) return text.padStart(size);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(size - sign.length, '0');
}
