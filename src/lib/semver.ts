// Version constraints as Argo CD's users write them (the semantics of the Masterminds semver library). Pure.

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Without the dash; '' for a release. */
  readonly prerelease: string;
}

interface Term {
  readonly operator: string;
  readonly version: Version;
  /** Some part is missing or a wildcard. */
  readonly dirty: boolean;
  readonly minorDirty: boolean;
  readonly patchDirty: boolean;
}

/** A list of alternatives, each a list of terms that must all hold. */
export type Constraint = readonly (readonly Term[])[];

const PRERELEASE = '(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?';
const BUILD = '(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?';
const VERSION = new RegExp(`^v?(\\d{1,15})(?:\\.(\\d{1,15}))?(?:\\.(\\d{1,15}))?${PRERELEASE}${BUILD}$`);
const PART = '(\\d{1,15}|[xX*])';
const OPERATOR = '(=|!=|>|<|>=|=>|<=|=<|~>|~|\\^)?';
const TERM = new RegExp(`^${OPERATOR}\\s*v?${PART}(?:\\.${PART})?(?:\\.${PART})?${PRERELEASE}${BUILD}$`);
const HYPHEN = /(\S+)\s+-\s+(\S+)/g;

/** A version with up to two parts missing (`v1.2`), or undefined. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2] ?? 0),
    patch: Number(match[3] ?? 0),
    prerelease: match[4] ?? '',
  };
}

/** A constraint such as `^1.2`, `>=1.0 <2.0 || 3.x`, `1.2 - 1.4`; undefined when it is not one. */
export function parseConstraint(text: string): Constraint | undefined {
  if (text.length > 256) return undefined;
  const alternatives: Term[][] = [];
  for (const alternative of text.split('||')) {
    const terms = splitTerms(alternative.replace(HYPHEN, '>=$1 <=$2')).map(parseTerm);
    if (terms.length === 0 || terms.some((term) => term === undefined)) return undefined;
    alternatives.push(terms as Term[]);
  }
  return alternatives;
}

export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.some((terms) => {
    // A prerelease is only ever meant when one of the terms names one.
    if (version.prerelease !== '' && terms.every((term) => term.version.prerelease === '')) return false;
    return terms.every((term) => holds(term, version));
  });
}

/** Negative, zero or positive, as for sort; a prerelease is before its release. */
export function compareVersions(a: Version, b: Version): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    comparePrereleases(a.prerelease, b.prerelease)
  );
}

/** The greatest of `names` that satisfies the constraint; names that are not versions are passed over. */
export function greatest(names: Iterable<string>, constraint: Constraint): string | undefined {
  let best: { name: string; version: Version } | undefined;
  for (const name of names) {
    const version = parseVersion(name);
    if (version === undefined || !satisfies(version, constraint)) continue;
    if (best === undefined || compareVersions(version, best.version) > 0) best = { name, version };
  }
  return best?.name;
}

function splitTerms(text: string): string[] {
  return text
    .replace(/([=!<>~^])\s+/g, '$1')
    .split(/[\s,]+/)
    .filter((term) => term !== '');
}

function parseTerm(text: string): Term | undefined {
  const match = TERM.exec(text);
  if (match === null) return undefined;
  const [, operator = '', major = '', minor, patch, prerelease = ''] = match;
  if (isWild(major)) {
    return {
      operator,
      version: { major: 0, minor: 0, patch: 0, prerelease },
      dirty: true,
      minorDirty: false,
      patchDirty: false,
    };
  }
  const minorDirty = isWild(minor);
  const patchDirty = !minorDirty && isWild(patch);
  return {
    operator,
    version: {
      major: Number(major),
      minor: minorDirty ? 0 : Number(minor),
      patch: minorDirty || patchDirty ? 0 : Number(patch),
      prerelease,
    },
    dirty: minorDirty || patchDirty,
    minorDirty,
    patchDirty,
  };
}

function isWild(part: string | undefined): boolean {
  return part === undefined || part === 'x' || part === 'X' || part === '*';
}

function holds(term: Term, version: Version): boolean {
  const order = compareVersions(version, term.version);
  switch (term.operator) {
    case '':
    case '=':
      return term.dirty ? tilde(term, version) : order === 0;
    case '!=':
      return term.dirty ? !tilde(term, version) : order !== 0;
    case '>':
      return greater(term, version, order);
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return term.dirty ? atMostDirty(term, version) : order <= 0;
    case '^':
      return order >= 0 && caret(term, version);
    default:
      return tilde(term, version);
  }
}

function greater(term: Term, version: Version, order: number): boolean {
  if (!term.dirty) return order > 0;
  if (version.major !== term.version.major) return version.major > term.version.major;
  return !term.minorDirty && version.minor > term.version.minor;
}

function atMostDirty(term: Term, version: Version): boolean {
  if (version.major !== term.version.major) return version.major < term.version.major;
  return term.minorDirty || version.minor <= term.version.minor;
}

function tilde(term: Term, version: Version): boolean {
  const base = term.version;
  if (compareVersions(version, base) < 0) return false;
  const any =
    base.major === 0 && base.minor === 0 && base.patch === 0 && !term.minorDirty && !term.patchDirty;
  if (any) return true;
  return version.major === base.major && (term.minorDirty || version.minor === base.minor);
}

function caret(term: Term, version: Version): boolean {
  const base = term.version;
  if (base.major > 0 || term.minorDirty) return version.major === base.major;
  if (version.major > 0) return false;
  if (base.minor > 0 || term.patchDirty) return version.minor === base.minor;
  return version.minor === 0 && version.patch === base.patch;
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const order = comparePart(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const numeric = [a, b].map((part) => /^\d+$/.test(part));
  if (numeric[0] && numeric[1]) return Number(a) - Number(b);
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
