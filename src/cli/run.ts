// One call of the command line: parse, run, report, give the exit code. Never ends the process.
import { CommanderError } from 'commander';
import { ClientError } from '../client/index.ts';
import { CodedError, isAbort, messageOf } from '../lib/index.ts';
import type { CommandContext } from './command.ts';
import { type Connected, openConnection } from './connect.ts';
import type { CliEnvironment } from './environment.ts';
import { CliError } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import { commandOf, normaliseFlags, splitWords } from './flags.ts';
import { type Output, outputTo } from './output.ts';
import { findPlugin } from './plugins.ts';
import { createProgram, type Parsed } from './program.ts';
import { commands } from './registry.ts';

/** @param argv the words after `fairlead` */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  const out = outputTo(environment.terminal);
  try {
    const plugin = pluginOf(argv, environment);
    if (plugin !== undefined) return await environment.runProgram(plugin, argv.slice(1));
    const parsed = parse(argv, environment);
    return parsed === undefined ? ExitCode.Ok : await execute(parsed, environment, out);
  } catch (error) {
    return report(error, out, environment.signal);
  }
}

/** A word that is none of our own may name a program of somebody else; our own words always win. */
function pluginOf([word = '']: readonly string[], { path }: CliEnvironment): string | undefined {
  const isOwn = commands.some(({ words }) => words.split(' ')[0] === word);
  return isOwn || word === 'help' ? undefined : findPlugin(path, word);
}

function parse(argv: readonly string[], environment: CliEnvironment): Parsed | undefined {
  let parsed: Parsed | undefined;
  const program = createProgram(commands, environment.terminal, (result) => {
    parsed = result;
  });
  const isClient = commandOf(argv, commands)?.isClient === true;
  const extra = isClient && environment.cliOptions !== undefined ? splitWords(environment.cliOptions) : [];
  // Flags of the call come later and therefore win.
  const [words, rest] = split(argv);
  program.parse(normaliseFlags([...words, ...extra, ...rest], commands), { from: 'user' });
  return parsed;
}

/** The leading words (the command) and what follows them. */
function split(argv: readonly string[]): [readonly string[], readonly string[]] {
  const count = commandOf(argv, commands)?.words.split(' ').length ?? 0;
  const isLeading = argv.slice(0, count).every((word) => !word.startsWith('-'));
  return isLeading ? [argv.slice(0, count), argv.slice(count)] : [argv, []];
}

async function execute(parsed: Parsed, environment: CliEnvironment, out: Output): Promise<number> {
  const { command, positionals, options, connection } = parsed;
  let connected: Promise<Connected> | undefined;
  const context: CommandContext = {
    environment,
    out,
    connection,
    signal: environment.signal,
    async client() {
      connected ??= openConnection(environment, connection);
      return (await connected).client;
    },
  };
  try {
    return await command.run(positionals, options, context);
  } finally {
    await connected?.then(
      ({ close }) => close(),
      () => {},
    );
  }
}

/** Says what went wrong, in one line with its remedy, and with which code the process should end. */
function report(error: unknown, out: Output, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.CommandFailed;
  if (signal.aborted || isAbort(error)) {
    out.note('Interrupted');
    return ExitCode.Interrupted;
  }
  if (error instanceof CliError) {
    out.note(`Error: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof ClientError) {
    // A wrong password says enough by itself.
    const isSignedOut = error.code === 'UNAUTHENTICATED' && error.message.includes('session');
    out.note(`Error: ${error.message}${isSignedOut ? '; sign in with: fairlead login SERVER' : ''}`);
    return error.code === 'UNREACHABLE' || error.code === 'UNTRUSTED'
      ? ExitCode.Unreachable
      : ExitCode.General;
  }
  if (error instanceof CodedError && error.code !== 'BUG') {
    out.note(`Error: ${error.message}`);
    return ExitCode.General;
  }
  out.note(
    `Fairlead has a bug here, please report it: ${error instanceof Error ? error.stack : messageOf(error)}`,
  );
  return ExitCode.General;
}
