// The list generator: the parameters stand in the set itself.
import type { z } from 'zod';
import { isRecord, messageOf, parseYaml } from '../../../lib/index.ts';
import type { ListGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { flattened } from '../parameters.ts';
import type { GeneratorContext, Parameters } from './generator.ts';

/** Throws ApplicationSetError `SET_INVALID`. */
export function generateFromList(
  { elements = [], elementsYaml }: z.infer<typeof ListGenerator>,
  { filler }: Pick<GeneratorContext, 'filler'>,
): readonly Parameters[] {
  const all =
    elementsYaml === undefined || elementsYaml === '' ? elements : [...elements, ...listOf(elementsYaml)];
  return all.map((element, i) => {
    if (!isRecord(element)) throw invalid(`element ${i + 1} is no object of parameters`);
    return filler.isGoTemplate ? element : texts(element, i);
  });
}

function listOf(text: string): readonly unknown[] {
  let list: unknown;
  try {
    list = parseYaml(text);
  } catch (error) {
    throw invalid(`elementsYaml is no YAML: ${messageOf(error)}`);
  }
  if (list === null) return [];
  if (Array.isArray(list)) return list;
  throw invalid('elementsYaml is no YAML list');
}

function texts(element: Readonly<Record<string, unknown>>, i: number): Parameters {
  const nested = Object.entries(element).find(
    ([name, value]) => name !== 'values' && typeof value === 'object' && value !== null,
  );
  if (nested === undefined) return flattened(element);
  throw invalid(
    `member "${nested[0].slice(0, 80)}" of element ${i + 1} is no text; nested parameters need goTemplate: true`,
  );
}

function invalid(seen: string): ApplicationSetError {
  return new ApplicationSetError('SET_INVALID', 'on-change', `List generator: ${seen}`);
}
