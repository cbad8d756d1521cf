// Which engine compares an application. Pure.
import type { CompareEngine } from '../../diff/index.ts';
import { type Application, annotations } from '../../model/index.ts';

const ENGINES: readonly CompareEngine[] = ['ownership', 'server-side', 'three-way'];

/** Undefined: it does not choose, or names none that exists. `ServerSideDiff=` is Argo CD's spelling of two of them. */
export function engineOf({ metadata }: Application): CompareEngine | undefined {
  const marks = metadata.annotations ?? {};
  const options = (marks[annotations.compareOptions] ?? '').split(',').map((option) => option.trim());
  const own = engineNamed(marks[annotations.diffEngine]);
  if (own !== undefined) return own;
  if (options.includes('ServerSideDiff=true')) return 'server-side';
  return options.includes('ServerSideDiff=false') ? 'ownership' : undefined;
}

export function engineNamed(text: string | undefined): CompareEngine | undefined {
  return ENGINES.find((engine) => engine === text?.trim());
}
