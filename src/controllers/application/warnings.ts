// What is wrong with an application without being in anybody's way: options and annotations that mean nothing, objects
// of two applications, deletions that are held. Pure.
import { describeKey, type KubeObject, keyOf } from '../../k8s/index.ts';
import { parseDurationMs } from '../../lib/index.ts';
import { type Application, annotations, type Manifest, type OperationState } from '../../model/index.ts';
import { hookProblems, objectOptions, optionProblems, parseOptions } from '../../sync/index.ts';
import type { Finding } from './conditions.ts';

/** More of a kind are counted, not shown. */
const MAX_SHOWN = 5;
const WAVE = /^\s*[+-]?\d{1,9}\s*$/;
const PRUNE_LIMIT = /^\s*\d{1,9}\s*%?\s*$/;

/** Words without a meaning in the application and in its objects; each counts as absent. */
export function optionFindings(app: Application, targets: readonly Manifest[]): Finding[] {
  const problems = [...applicationProblems(app), ...targetProblems(targets)];
  return problems.length === 0 ? [] : [{ type: 'OptionWarning', message: limited(problems) }];
}

function applicationProblems(app: Application): string[] {
  const marks = app.metadata.annotations ?? {};
  const maxPrune = marks[annotations.maxPrune];
  const timeouts = [annotations.waveTimeout, annotations.hookTimeout, annotations.operationTimeout].filter(
    (name) => marks[name] !== undefined && parseDurationMs(marks[name]) === undefined,
  );
  return [
    ...optionProblems(parseOptions(app.spec.syncPolicy?.syncOptions)).map(
      (problem) => `spec.syncPolicy.syncOptions: ${problem}`,
    ),
    ...(maxPrune === undefined || PRUNE_LIMIT.test(maxPrune)
      ? []
      : [`${annotations.maxPrune}: ${JSON.stringify(maxPrune)} is neither a number nor a percentage`]),
    ...timeouts.map(
      (name) => `${name}: ${JSON.stringify(marks[name])} is no duration; write for example 30m`,
    ),
  ];
}

const known = new WeakMap<readonly Manifest[], readonly string[]>();

function targetProblems(targets: readonly Manifest[]): readonly string[] {
  const before = known.get(targets);
  if (before !== undefined) return before;
  const problems = targets.flatMap(({ object }) =>
    objectProblems(object).map((problem) => `${describeKey(keyOf(object))}: ${problem}`),
  );
  known.set(targets, problems);
  return problems;
}

function objectProblems(object: KubeObject): string[] {
  const marks = object.metadata.annotations;
  if (marks === undefined) return [];
  const wave = marks[annotations.syncWave];
  return [
    ...optionProblems(objectOptions(object)),
    ...(wave === undefined || WAVE.test(wave)
      ? []
      : [`${annotations.syncWave}: ${JSON.stringify(wave)} is no whole number`]),
    ...hookProblems(object),
  ];
}

/** Deletions of the last sync that the guard did not let through, with its reasons. */
export function heldFindings(state: OperationState | undefined): Finding[] {
  const held = (state?.syncResult?.resources ?? [])
    .filter(({ status, message }) => status === 'PruneSkipped' && message?.startsWith('kept ') === true)
    .map(({ message }) => message ?? '');
  return held.length === 0 ? [] : [{ type: 'DeletionHeldWarning', message: limited(held) }];
}

function limited(problems: readonly string[]): string {
  const more = problems.length > MAX_SHOWN ? ` and ${problems.length - MAX_SHOWN} more` : '';
  return `${problems.slice(0, MAX_SHOWN).join('; ')}${more}`;
}
