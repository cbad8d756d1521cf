// The tracking id `<instance>:<group>/<Kind>:<namespace>/<name>` (Argo CD). Pure.

export interface TrackingId {
  readonly instance: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Splits on the first two colons, so that colons in object names survive. Undefined when the text is no id. */
export function parseTrackingId(text: string): TrackingId | undefined {
  const first = text.indexOf(':');
  const second = text.indexOf(':', first + 1);
  if (first <= 0 || second < 0) return undefined;
  const groupKind = text.slice(first + 1, second).split('/');
  const place = text.slice(second + 1).split('/');
  if (groupKind.length !== 2 || place.length !== 2) return undefined;
  const [group = '', kind = ''] = groupKind;
  const [namespace = '', name = ''] = place;
  if (kind === '' || name === '') return undefined;
  return { instance: text.slice(0, first), group, kind, namespace, name };
}
