// A command as data: its words, positionals, flags and one handler. Knows no parser.
import type { Client } from '../client/index.ts';
import type { CliEnvironment } from './environment.ts';
import type { Output } from './output.ts';

interface CommonOption {
  readonly describe: string;
  /** One letter, without the dash. */
  readonly short?: string;
}

export type OptionSpec =
  | (CommonOption & { readonly type: 'boolean'; readonly default?: boolean })
  | (CommonOption & {
      readonly type: 'string';
      readonly default?: string;
      /** Name of the value in the help text. */
      readonly value?: string;
      readonly choices?: readonly string[];
    })
  | (CommonOption & { readonly type: 'number'; readonly default?: number; readonly value?: string })
  /** May be given many times; commas separate, too, unless `isWhole`. */
  | (CommonOption & { readonly type: 'list'; readonly value?: string; readonly isWhole?: boolean });

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'string'
    ? string
    : S['type'] extends 'number'
      ? number
      : readonly string[];

/** A flag is undefined when it was not given and has no default; lists are then empty. */
export type OptionsOf<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends { readonly default: unknown } | { readonly type: 'list' }
    ? ValueOf<O[K]>
    : ValueOf<O[K]> | undefined;
};

/** `NAME`, `[NAME]` (may be left out) or `NAME...` (one or more). */
export type PositionalSpec = string;

export interface CommandContext {
  readonly environment: CliEnvironment;
  readonly out: Output;
  /** Connects on first use. */
  client(): Promise<Client>;
  readonly signal: AbortSignal;
  /** The connection flags of this call. */
  readonly connection: ConnectionFlags;
}

export interface ConnectionFlags {
  readonly server?: string;
  readonly authToken?: string;
  readonly config?: string;
  readonly context?: string;
  readonly insecure?: boolean;
  readonly plaintext?: boolean;
  /** No server: straight to the cluster of the kubeconfig. */
  readonly core?: boolean;
  readonly kubeconfig?: string;
  readonly kubeContext?: string;
  readonly headers: readonly string[];
}

export interface Command {
  /** `app get`. */
  readonly words: string;
  readonly describe: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: OptionSpecs;
  readonly examples: readonly string[];
  /** Talks to a server: has the connection flags. */
  readonly isClient: boolean;
  readonly run: (
    positionals: readonly string[],
    options: OptionsOf<OptionSpecs>,
    context: CommandContext,
  ) => Promise<number>;
}

interface CommandDefinition<O extends OptionSpecs> {
  readonly words: string;
  readonly describe: string;
  readonly positionals?: readonly PositionalSpec[];
  readonly options?: O;
  readonly examples?: readonly string[];
  readonly isClient?: boolean;
  /** @returns the exit code */
  readonly run: (call: CommandCall<O>) => Promise<number>;
}

export interface CommandCall<O extends OptionSpecs> extends CommandContext {
  readonly positionals: readonly string[];
  readonly options: OptionsOf<O>;
}

export function defineCommand<const O extends OptionSpecs = Record<never, never>>(
  definition: CommandDefinition<O>,
): Command {
  const { words, describe, positionals = [], options, examples = [], isClient = true, run } = definition;
  return {
    words,
    describe,
    positionals,
    options: options ?? {},
    examples,
    isClient,
    // The parser fills the options from these very specifications.
    run: (given, values, context) =>
      run({ ...context, positionals: given, options: values as unknown as OptionsOf<O> }),
  };
}
