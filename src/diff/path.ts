// Paths into Kubernetes objects, as people read them and as managedFields spell them. No objects are read here.

/** A member by name, a list item by its key fields, a set item by its value, or an item by its position. */
export type Segment =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'item'; readonly keys: Readonly<Record<string, unknown>> }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'index'; readonly index: number };

export type Path = readonly Segment[];

export function field(name: string): Segment {
  return { kind: 'field', name };
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `.spec.template.spec.containers[name="web"].image`; `.` for the object itself. */
export function formatPath(path: Path): string {
  return path.length === 0 ? '.' : path.map(formatSegment).join('');
}

function formatSegment(segment: Segment): string {
  switch (segment.kind) {
    case 'field':
      return PLAIN.test(segment.name) ? `.${segment.name}` : `[${JSON.stringify(segment.name)}]`;
    case 'item': {
      const keys = Object.entries(segment.keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      return `[${keys.join(',')}]`;
    }
    case 'value':
      return `[=${JSON.stringify(segment.value)}]`;
    case 'index':
      return `[${segment.index}]`;
  }
}

/** The names of the members on the way, items left out: `['spec', 'containers', 'image']`. */
export function fieldNames(path: Path): string[] {
  return path.flatMap((segment) => (segment.kind === 'field' ? [segment.name] : []));
}
