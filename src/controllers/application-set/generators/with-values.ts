// The `values` that authors add to what a generator finds.
import type { GeneratorContext, Parameters } from './generator.ts';

/**
 * The parameters with the author's own: as a member `values` for Go templates, else as `values.<name>`. A value may
 * use the other parameters, and those of a matrix around the generator.
 */
export function withValues(
  base: Parameters,
  values: Readonly<Record<string, string>> | undefined,
  { filler, outer }: GeneratorContext,
): Parameters {
  if (values === undefined) return base;
  const filled = Object.entries(values).map(
    ([name, text]) => [name, filler.text(text, { ...outer, ...base })] as const,
  );
  if (filler.isGoTemplate) return { ...base, values: Object.fromEntries(filled) };
  return { ...base, ...Object.fromEntries(filled.map(([name, text]) => [`values.${name}`, text])) };
}
