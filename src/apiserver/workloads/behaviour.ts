// Which misbehaviour a pod simulates, read from its annotations and image tags. See docs/guides/simulated-cluster.md.
//
//   tag `…:crash` or `…:1.2.3-crash` of a container, or on the pod (template) the annotation
//   simulate.fairlead.dev/behaviour: crash | pending | pull-error | not-ready | fail | slow
//   simulate.fairlead.dev/duration: 5s      how long until it is ready, exits or crashes
import { parseDurationMs } from '../../lib/index.ts';
import type { Container, Pod } from './kinds.ts';

export const behaviourAnnotation = 'simulate.fairlead.dev/behaviour';
export const durationAnnotation = 'simulate.fairlead.dev/duration';

const behaviours = ['crash', 'pending', 'pull-error', 'not-ready', 'fail', 'slow'] as const;

/** `normal`: becomes ready, or exits with 0 when it is a Job's. */
export type Behaviour = 'normal' | (typeof behaviours)[number];

/** What one container does. The annotation covers all app containers, a tag its own container. */
export function behaviourOf(pod: Pod, container: Container): Behaviour {
  const annotated = pod.metadata.annotations?.[behaviourAnnotation];
  const isInit = pod.spec.initContainers?.includes(container) === true;
  const wanted = isInit ? undefined : behaviours.find((behaviour) => behaviour === annotated);
  if (wanted !== undefined) return wanted;
  const tag = tagOf(container.image ?? '');
  return behaviours.find((behaviour) => tag === behaviour || tag.endsWith(`-${behaviour}`)) ?? 'normal';
}

/** True when the pod is never scheduled. */
export function staysPending(pod: Pod): boolean {
  return pod.spec.containers.some((container) => behaviourOf(pod, container) === 'pending');
}

/** The annotated duration in milliseconds; undefined when absent or not a duration. */
export function durationOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[durationAnnotation];
  return text === undefined ? undefined : parseDurationMs(text);
}

/** `1m20s`-like text of whole seconds, as Go prints a Duration. */
export function durationText(totalMs: number): string {
  const totalSeconds = Math.round(totalMs / 100) / 10;
  const [hours, minutes] = [Math.floor(totalSeconds / 3600), Math.floor((totalSeconds % 3600) / 60)];
  const seconds = `${Math.round((totalSeconds % 60) * 10) / 10}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function tagOf(image: string): string {
  const [reference = ''] = image.split('@');
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  return colon < 0 ? 'latest' : last.slice(colon + 1);
}
