// Copies of JSON values, for functions that return a changed value and leave their input alone.

/** A deep copy; members that are `undefined` are left out. */
export function cloneJson<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, unknown> = {};
  const source = value as Record<string, unknown>;
  for (const key in source) {
    const member = source[key];
    if (member !== undefined) result[key] = copy(member);
  }
  return result;
}
