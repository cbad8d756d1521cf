// One CEL expression over plain data. Runs in the worker.
import { TypeError as CelTypeError, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js';
import { ProgramFailure, type WorkerLimits } from './protocol.ts';

type Compiled = (context: Record<string, unknown>) => unknown;

/** Parsed expressions that are kept. */
const KEPT = 200;
const MAX_MESSAGE = 2_000;
const MAX_DEPTH = 100;

export class CelRunner {
  readonly #limits: WorkerLimits;
  readonly #environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  readonly #compiled = new Map<string, Compiled>();

  constructor(limits: WorkerLimits) {
    this.#limits = limits;
  }

  /** Throws ProgramFailure when it is no expression. */
  check(source: string): void {
    this.#guarded(() => this.#compile(source));
  }

  /** Throws ProgramFailure. */
  run(source: string, globals: Readonly<Record<string, unknown>>): unknown {
    const context = Object.fromEntries(
      Object.entries(globals).map(([name, value]) => [name, celValue(value)]),
    );
    return this.#guarded(() => this.#plain(this.#compile(source)(context), 0));
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof ProgramFailure) throw error;
      // Messages show the expression with a pointer to the place: one line of it is enough.
      const isCel = [EvaluationError, ParseError, CelTypeError].some((type) => error instanceof type);
      const message = error instanceof Error ? error.message : String(error);
      const text = (message.split('\n')[0] ?? '').slice(0, MAX_MESSAGE);
      throw new ProgramFailure('PROGRAM', isCel ? text : `the expression failed: ${text}`);
    }
  }

  #compile(source: string): Compiled {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    const compiled = this.#environment.parse(source);
    if (this.#compiled.size >= KEPT) this.#compiled.clear();
    this.#compiled.set(source, compiled);
    return compiled;
  }

  #plain(value: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH) throw new ProgramFailure('TOO_LARGE', 'its result is nested too deeply');
    if (typeof value === 'bigint') return Number(value);
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.map((item) => this.#plain(item, depth + 1));
    if (value instanceof Map) return this.#plain(Object.fromEntries(value), depth);
    if (typeof value === 'string' && value.length > this.#limits.outputBytes)
      throw new ProgramFailure(
        'TOO_LARGE',
        `its result is longer than ${this.#limits.outputBytes} characters`,
      );
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#plain(member, depth + 1)]),
    );
  }
}

/** Whole numbers are CEL's int: `status.replicas == 3` compares what it seems to compare. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, celValue(member)]));
}
