// Where two normalised recordings differ, as paths with both values.
import type { Recorded } from './run.ts';

export interface Difference {
  readonly step: string;
  /** Dotted path inside the answer, e.g. `body.spec.replicas`; array positions are numbers. */
  readonly path: string;
  readonly real: unknown;
  readonly embedded: unknown;
}

const MAX_PER_STEP = 40;

/** All differences, step by step; a step only one side has is one difference. */
export function differences(real: readonly Recorded[], embedded: readonly Recorded[]): Difference[] {
  const found: Difference[] = [];
  for (let i = 0; i < Math.max(real.length, embedded.length); i += 1) {
    const step = real[i]?.step ?? embedded[i]?.step ?? '';
    const ofStep: Difference[] = [];
    collect(step, '', real[i]?.answer, embedded[i]?.answer, ofStep);
    found.push(...ofStep.slice(0, MAX_PER_STEP));
  }
  return found;
}

function collect(step: string, path: string, real: unknown, embedded: unknown, found: Difference[]): void {
  if (Object.is(real, embedded)) return;
  if (!isContainer(real) || !isContainer(embedded) || Array.isArray(real) !== Array.isArray(embedded)) {
    found.push({ step, path, real, embedded });
    return;
  }
  const a = real as Record<string, unknown>;
  const b = embedded as Record<string, unknown>;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    collect(step, path === '' ? key : `${path}.${key}`, a[key], b[key], found);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** One line per difference, for people. */
export function describe(difference: Difference): string {
  const show = (value: unknown) => {
    const text = value === undefined ? 'nothing' : JSON.stringify(value);
    return text.length > 400 ? `${text.slice(0, 400)}…` : text;
  };
  return `${difference.step}\n    ${difference.path}\n      real:     ${show(difference.real)}\n      embedded: ${show(difference.embedded)}`;
}
