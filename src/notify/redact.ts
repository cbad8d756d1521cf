// Keeps values of argocd-notifications-secret out of every text that leaves: errors, journal, events.
import { isRecord } from '../lib/index.ts';

/** `$name` as services of the configuration refer to the Secret. */
const REFERENCE = /\$[-A-Za-z0-9_.]+/g;
/** Shorter ones occur in ordinary words. */
const SHORTEST = 4;

/** Puts secret values in the place of their names. Names that the Secret does not have stay as they are. */
export function withSecrets(value: unknown, secrets: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (reference) => {
      const name = reference.slice(1);
      return Object.hasOwn(secrets, name) ? (secrets[name] ?? reference).trimEnd() : reference;
    });
  }
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, secrets));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withSecrets(member, secrets)]),
  );
}

/** A function that replaces every secret value, and each line of a key, by `[redacted]`. */
export function redactor(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const values = Object.values(secrets)
    .flatMap((value) => [value, ...value.split('\n')])
    .map((value) => value.trim())
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [value, encodeURIComponent(value), Buffer.from(value).toString('base64')])
    .sort((a, b) => b.length - a.length);
  return (text) => values.reduce((clean, value) => clean.replaceAll(value, '[redacted]'), text);
}
