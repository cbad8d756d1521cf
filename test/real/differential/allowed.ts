// The differences to a real API server that Fairlead keeps, each with its reason, and the sequences whose answers are
// not alike yet. Both stand in docs/embedded-api-differences.md too.
import type { Difference } from './compare.ts';
import { OPEN } from './open.ts';

export interface AllowedDifference {
  /** Which sequences, by name. */
  readonly sequence: RegExp;
  /** Which steps, by label such as `3 PATCH /api/…`; all when left out. */
  readonly step?: RegExp;
  /** Which places inside the answer. */
  readonly path: RegExp;
  readonly reason: string;
}

const MESSAGE = /^body\.(message|details\.causes\.\d+\.message)$/;

export const ALLOWED: readonly AllowedDifference[] = [
  {
    sequence: /^(table|custom columns)/,
    path: /^body\.columnDefinitions\.\d+\.description$/,
    reason: 'Table columns are described in our own words',
  },
  {
    sequence: /^table: DaemonSet/,
    path: /^body\.rows\.0\.object\.metadata\./,
    reason: 'Rows of a table show the metadata as it is stored',
  },
  {
    sequence:
      /^(body|merge patch|json patch|custom shapes: wrong bodies|apply: (without a kind|broken YAML))/,
    path: /^body\.message$/,
    reason: 'Messages about bodies that cannot be read say what is wrong without naming Go types',
  },
  {
    sequence:
      /^(immutable|pod rules: a privileged|rules: a (wrong strategy|budget)|definition|service rules: one port)/,
    path: MESSAGE,
    reason: 'Messages that quote a whole object quote its JSON, not the internal structures of the server',
  },
  {
    sequence: /^field validation/,
    step: /^4 POST/,
    path: /^(warnings|body\.message)/,
    reason: 'A member named twice in YAML is reported by its path, not by its line',
  },
  {
    sequence: /^(accept|body: an unknown content type)/,
    path: /^body\.message$/,
    reason: 'Protobuf is read but never written, so it is not offered',
  },
  {
    sequence: /^(review|token)/,
    path: /^body\.(metadata\.(managedFields|creationTimestamp|uid)|spec\.audiences|status\.reason)/,
    reason: 'Reviews and token requests are answered without managedFields and identity: nothing is stored',
  },
  {
    sequence: /^review: who am I/,
    path: /^body\.status\.userInfo/,
    reason: 'The administrator of the embedded server is called kubernetes-admin',
  },
  {
    sequence: /^life: Endpoints/,
    path: /^warnings/,
    reason: 'Refusals and bare confirmations carry no deprecation warnings',
  },
  {
    sequence: /^(apply: a null value|metadata: null members)/,
    path: /^body\.(data|metadata\.(annotations|managedFields))/,
    reason: 'A null in a map of texts removes the entry, where a real server stores an empty text',
  },
  {
    sequence: /^pod defaults: volumes from outside/,
    path: /./,
    reason: 'Volumes of cloud providers are accepted without a look at their addresses',
  },
  {
    sequence: /^service default\/kubernetes/,
    path: /^body\.metadata\.managedFields/,
    reason: 'The service of the server itself has no history of who set which field',
  },
];

/** The reason for which a difference is accepted, or undefined when it is a failure. */
export function acceptedBecause(sequence: string, { step, path }: Difference): string | undefined {
  const rule = ALLOWED.find(
    (one) => one.sequence.test(sequence) && (one.step?.test(step) ?? true) && one.path.test(path),
  );
  return rule?.reason ?? (OPEN.has(sequence) ? 'not alike yet' : undefined);
}
