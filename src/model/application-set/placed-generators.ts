// Every generator of an ApplicationSet and where it stands, children of matrix and merge among them.
import type { ApplicationSet } from './application-set.ts';

/** One generator, e.g. at `spec.generators[0].matrix.generators[1].git`. */
export interface PlacedGenerator {
  readonly path: string;
  /** `git`, `list`, `matrix`, … */
  readonly kind: string;
  readonly generator: Readonly<Record<string, unknown>>;
}

/** Those that stand in others come behind them. */
export function placedGenerators({ spec }: Pick<ApplicationSet, 'spec'>): readonly PlacedGenerator[] {
  return placed(spec.generators, 'spec.generators');
}

function placed(generators: readonly unknown[], at: string): PlacedGenerator[] {
  return generators.flatMap((each, i) =>
    Object.entries(isObject(each) ? each : {}).flatMap(([kind, generator]) => {
      if (!isObject(generator)) return [];
      const path = `${at}[${i}].${kind}`;
      const nested = Array.isArray(generator['generators']) ? generator['generators'] : [];
      return [{ path, kind, generator }, ...placed(nested, `${path}.generators`)];
    }),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
