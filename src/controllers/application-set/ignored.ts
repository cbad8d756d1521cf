// `ignoreApplicationDifferences`: parts of generated applications that others may set.
import { EvaluateError, type Evaluator } from '../../evaluate/index.ts';
import { applyJsonPatch, isRecord, JsonPatchError } from '../../lib/index.ts';
import type { Application, ApplicationSet } from '../../model/index.ts';
import { ApplicationSetError } from './errors.ts';

/** Takes out of an application what the set ignores of it. Rejects with ApplicationSetError `SET_INVALID`. */
export function withoutIgnored(
  { spec }: ApplicationSet,
  evaluator: Evaluator,
): (name: string, app: Application) => Promise<Application> {
  const rules = spec.ignoreApplicationDifferences ?? [];
  return async (name, app) => {
    let rest = app;
    for (const rule of rules) {
      if (rule.name !== undefined && rule.name !== '' && rule.name !== name) continue;
      for (const pointer of rule.jsonPointers ?? []) rest = withoutPointer(rest, pointer);
      for (const path of rule.jqPathExpressions ?? []) rest = await withoutPath(evaluator, rest, path);
    }
    return rest;
  };
}

function withoutPointer(app: Application, path: string): Application {
  try {
    return applyJsonPatch(app, [{ op: 'remove', path }]) as Application;
  } catch (error) {
    // Not there, or no pointer at all: then nothing is ignored by it.
    if (error instanceof JsonPatchError) return app;
    throw error;
  }
}

async function withoutPath(evaluator: Evaluator, app: Application, path: string): Promise<Application> {
  const name = `jq path expression ${JSON.stringify(path.slice(0, 200))}`;
  try {
    const results = await evaluator.run({ language: 'jq', name, source: `del(${path})` }, { input: app });
    const [rest] = Array.isArray(results) ? results : [];
    return isRecord(rest) ? (rest as unknown as Application) : app;
  } catch (error) {
    if (!(error instanceof EvaluateError)) throw error;
    throw new ApplicationSetError(
      'SET_INVALID',
      error.retry,
      `spec.ignoreApplicationDifferences: ${error.message}`,
      { cause: error },
    );
  }
}
