// Cells as kubectl users know them: ages, lists, selectors, images. Pure.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `5m30s`, `3h`, `7d`: two units while the first is small. */
export function humanDuration(ms: number): string {
  if (ms < -SECOND) return '<invalid>';
  if (ms < 0) return '0s';
  const seconds = Math.floor(ms / SECOND);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(ms / MINUTE);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(ms / HOUR);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(ms / DAY);
  if (hours < 192) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(ms / YEAR);
  return days < 8 * 365 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

function pair(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`;
}

/** Time since an RFC 3339 text, `<unknown>` without one. */
export function since(time: unknown, nowMs: number): string {
  return typeof time === 'string' && time !== '' ? humanDuration(nowMs - Date.parse(time)) : '<unknown>';
}

/** The value at a dotted path. */
export function at(object: unknown, path: string): unknown {
  let value = object;
  for (const part of path.split('.')) value = isRecord(value) ? value[part] : undefined;
  return value;
}

export function text(object: unknown, path: string, otherwise = ''): string {
  const value = at(object, path);
  return value === undefined || value === null || value === '' ? otherwise : String(value);
}

export function count(object: unknown, path: string): number {
  return Number(at(object, path) ?? 0);
}

export function records(object: unknown, path: string): Record<string, unknown>[] {
  const value = at(object, path);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function strings(object: unknown, path: string): string[] {
  const value = at(object, path);
  return Array.isArray(value) ? value.map(String) : [];
}

export function joined(values: readonly string[], otherwise = '<none>'): string {
  return values.length === 0 ? otherwise : values.join(',');
}

/** `a=b,c=d` of a plain map. */
export function pairs(map: unknown): string {
  if (!isRecord(map)) return '<none>';
  return joined(
    Object.keys(map)
      .sort()
      .map((key) => `${key}=${String(map[key])}`),
  );
}

/** A LabelSelector as text. */
export function selectorText(selector: unknown): string {
  if (!isRecord(selector)) return '<none>';
  const labels = isRecord(selector['matchLabels']) ? selector['matchLabels'] : {};
  const terms = Object.keys(labels).map((key) => `${key}=${String(labels[key])}`);
  for (const { key, operator, values } of records(selector, 'matchExpressions')) {
    const list = Array.isArray(values) ? values.join(',') : '';
    if (operator === 'Exists') terms.push(String(key));
    else if (operator === 'DoesNotExist') terms.push(`!${String(key)}`);
    else terms.push(`${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${list})`);
  }
  return joined(terms.sort());
}

/** Names or images of the containers of a pod template. */
export function containers(object: KubeObject, path: string, member: 'name' | 'image'): string {
  return records(object, path)
    .map((container) => String(container[member] ?? ''))
    .join(',');
}
