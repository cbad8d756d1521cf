// Label selectors as texts: `a=b,c!=d,e,!f,g in (x, y)`.

type Labels = Readonly<Record<string, string>>;

/** An empty selector matches everything; one that cannot be read matches nothing. */
export function matchesSelector(selector: string, labels: Labels): boolean {
  const parts = selector.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.every((part) => part === '' || matchesPart(part, labels));
}

function matchesPart(part: string, labels: Labels): boolean {
  const value = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const set = /^([\w./-]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const members = (set[3] ?? '').split(',').map((member) => member.trim());
    return members.includes(value(set[1] ?? '') ?? '\n') === (set[2] === 'in');
  }
  const equal = /^([\w./-]+)\s*(==?|!=)\s*([\w./-]*)$/.exec(part);
  if (equal !== null) return (value(equal[1] ?? '') === equal[3]) === (equal[2] !== '!=');
  const exists = /^(!?)\s*([\w./-]+)$/.exec(part);
  return exists !== null && (value(exists[2] ?? '') !== undefined) === (exists[1] === '');
}
