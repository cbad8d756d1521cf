// CEL expressions that judge the objects of one kind, in the shape of Flux's `healthCheckExprs`. They come from an
// annotation of the Application and hold for its objects alone.
import type { Evaluator } from '../../evaluate/index.ts';
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { CodedError, isRecord, messageOf, parseYaml } from '../../lib/index.ts';
import { annotations, type Health } from '../../model/index.ts';

export type CustomHealthErrorCode = 'INVALID_EXPRESSIONS';

/** The annotation cannot be used; the message quotes it. */
export class CustomHealthError extends CodedError<CustomHealthErrorCode> {}

/** Each expression gives true or false; the first true one of `inProgress`, `failed`, `current` decides. */
export interface HealthExpressions {
  readonly group: string;
  readonly kind: string;
  readonly inProgress?: string;
  readonly failed?: string;
  readonly current: string;
}

const MAX_RULES = 100;
const MEMBERS = new Set(['apiVersion', 'kind', 'inProgress', 'failed', 'current']);

/** Reads a YAML or JSON list; throws CustomHealthError. */
export function parseHealthExpressions(text: string): HealthExpressions[] {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw invalid(text, messageOf(error));
  }
  if (!Array.isArray(value)) throw invalid(text, 'it is not a list');
  if (value.length > MAX_RULES) throw invalid(text, `it has more than ${MAX_RULES} entries`);
  return value.map((entry: unknown) => readEntry(text, entry));
}

function readEntry(text: string, entry: unknown): HealthExpressions {
  if (!isRecord(entry)) throw invalid(text, 'an entry is not a map');
  for (const [name, member] of Object.entries(entry)) {
    if (!MEMBERS.has(name)) throw invalid(text, `${name} is not one of ${[...MEMBERS].join(', ')}`);
    if (typeof member !== 'string') throw invalid(text, `${name} is not a text`);
  }
  const { apiVersion = '', kind = '', inProgress, failed, current } = entry as Record<string, string>;
  if (apiVersion === '' || kind === '') throw invalid(text, 'an entry lacks apiVersion or kind');
  if (current === undefined) throw invalid(text, `the entry for ${kind} lacks current`);
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return {
    group,
    kind,
    current,
    ...(inProgress === undefined ? {} : { inProgress }),
    ...(failed === undefined ? {} : { failed }),
  };
}

function invalid(text: string, why: string): CustomHealthError {
  const quoted = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const message = `Annotation ${annotations.healthExprs} cannot be used: ${why} in "${quoted}"; give a list of {apiVersion, kind, current} with optional inProgress and failed`;
  return new CustomHealthError('INVALID_EXPRESSIONS', 'on-change', message);
}

export function expressionsFor(
  object: KubeObject,
  list: readonly HealthExpressions[],
): HealthExpressions | undefined {
  const { group, kind } = gvkOf(object);
  return list.find((item) => item.group === group && item.kind === kind);
}

/** Rejects with EvaluateError. */
export async function judgeByExpressions(
  evaluator: Evaluator,
  object: KubeObject,
  expressions: HealthExpressions,
): Promise<Health> {
  const { kind } = object;
  const globals = { spec: {}, status: {}, ...object, self: object };
  const holds = (what: string, source: string | undefined): Promise<boolean> =>
    source === undefined
      ? Promise.resolve(false)
      : isTrue(evaluator, { name: `${what} expression of ${kind}`, source }, globals);
  if (await holds('inProgress', expressions.inProgress)) {
    return { status: 'Progressing', message: `${expressions.inProgress} is true` };
  }
  if (await holds('failed', expressions.failed)) {
    return { status: 'Degraded', message: `${expressions.failed} is true` };
  }
  if (await holds('current', expressions.current)) return { status: 'Healthy' };
  return { status: 'Progressing', message: `${expressions.current} is not true yet` };
}

/** What does not exist yet is not true yet; anything else that goes wrong rejects with EvaluateError. */
export async function isTrue(
  evaluator: Evaluator,
  program: { readonly name: string; readonly source: string },
  globals: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  try {
    return (await evaluator.run({ language: 'cel', ...program }, globals)) === true;
  } catch (error) {
    if (/: No such key: /.test(messageOf(error))) return false;
    throw error;
  }
}
