// `KEY=VALUE` flags.
import { CliError } from './errors.ts';

export function entries(texts: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at <= 0) throw new CliError('USAGE', `${flag}: "${text}" is not KEY=VALUE`, 1);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
