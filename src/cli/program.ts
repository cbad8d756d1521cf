// Turns the registry into a command-line parser. The only file that knows commander.
import { InvalidArgumentError, Option, Command as Program } from 'commander';
import type { Command, ConnectionFlags, OptionSpec, OptionSpecs, OptionsOf } from './command.ts';

export interface Parsed {
  readonly command: Command;
  readonly positionals: readonly string[];
  readonly options: OptionsOf<OptionSpecs>;
  readonly connection: ConnectionFlags;
}

export interface ProgramOutput {
  stdout(text: string): void;
  stderr(text: string): void;
}

const NOUNS: Readonly<Record<string, string>> = {
  account: 'Accounts',
  proj: 'Projects',
  'proj role': 'Roles of a project',
  'proj windows': 'Sync windows of a project',
  'proj source-integrity': 'Whose signatures a project demands',
  'proj source-integrity git': 'Whose signatures commits need',
  'proj source-integrity git policies': 'Whose signatures the commits of which repositories need',
  app: 'Applications',
  appset: 'ApplicationSets, which generate applications',
  'app actions': 'What can be done to the resources of an application',
  admin: 'Tools for administrators',
  cluster: 'Clusters that are deployed to',
  repo: 'Repositories and how they are reached',
  repocreds: 'Credentials lent to repositories by their address',
  gpg: 'OpenPGP keys that signatures are verified with',
  cert: 'TLS certificates and SSH host keys of Git servers',
  'admin settings': 'Try settings out before they are in use',
  'admin settings resource-overrides': 'Try checks and actions out on a manifest',
  'admin settings rbac': 'Try policies out',
  'admin proj': 'Projects: manifests, many at once',
  'admin app': 'Applications: manifests, all at once',
  'admin cluster': 'Clusters: what is deployed to them, and their Secrets',
  'admin repo': 'Repositories without a server',
  'admin notifications': 'Try notifications out',
  'admin notifications template': 'Texts of notifications',
  'admin notifications trigger': 'Conditions of notifications',
  audit: 'The record of everything that happened',
};

/** @param onParsed called with the command that was given */
export function createProgram(
  commands: readonly Command[],
  output: ProgramOutput,
  onParsed: (parsed: Parsed) => void,
): Program {
  const program = new Program('fairlead')
    .description('GitOps continuous delivery for Kubernetes')
    .exitOverride()
    .configureOutput({
      writeOut: output.stdout,
      writeErr: output.stderr,
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
    })
    .showSuggestionAfterError(true)
    .helpCommand(false);
  const nouns = new Map<string, Program>();
  for (const command of commands) {
    const words = command.words.split(' ');
    const word = words.pop() ?? '';
    add(nounOf(program, nouns, words), word, command, onParsed);
  }
  return program;
}

/** The group of commands that these words lead to; none: the program itself. */
function nounOf(program: Program, nouns: Map<string, Program>, words: readonly string[]): Program {
  const noun = words.at(-1);
  if (noun === undefined) return program;
  const path = words.join(' ');
  const known = nouns.get(path);
  if (known !== undefined) return known;
  const created = nounOf(program, nouns, words.slice(0, -1))
    .command(noun)
    .description(NOUNS[path] ?? noun)
    .helpCommand(false);
  nouns.set(path, created);
  return created;
}

function add(parent: Program, word: string, command: Command, onParsed: (parsed: Parsed) => void): void {
  const leaf = parent.command(word).description(command.describe).allowExcessArguments(false);
  for (const positional of command.positionals) leaf.argument(argumentText(positional));
  for (const [name, spec] of Object.entries(command.options)) {
    for (const option of optionsFor(name, spec)) leaf.addOption(option);
  }
  if (command.isClient) {
    // A command may have a flag of that name itself, which then says both.
    const own = connectionOptions().filter((option) => !(option.name() in command.options));
    for (const option of own) leaf.addOption(option);
  }
  if (command.examples.length > 0) {
    leaf.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  }
  leaf.action(() => {
    const values = leaf.opts<Record<string, unknown>>();
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, spec]) => [name, values[camel(name)] ?? emptyOf(spec)]),
    ) as OptionsOf<OptionSpecs>;
    onParsed({ command, positionals: leaf.args, options, connection: connectionOf(values) });
  });
}

function argumentText(positional: string): string {
  if (positional.startsWith('[')) return positional;
  return `<${positional}>`;
}

/** What a flag is that was not given and has no default that the help would show. */
function emptyOf(spec: OptionSpec): readonly string[] | string | undefined {
  if (spec.type === 'list') return [];
  return spec.type === 'string' && spec.default === '' ? '' : undefined;
}

/** A flag that can be on or off also has its opposite, so that `--cascade=false` works; see `normaliseFlags`. */
function optionsFor(name: string, spec: OptionSpec): Option[] {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  if (spec.type === 'boolean') {
    const option = new Option(`${short}--${name}`, spec.describe);
    if (spec.default !== undefined) option.default(spec.default);
    return [option, new Option(`--no-${name}`).hideHelp()];
  }
  const value = ('value' in spec && spec.value) || (spec.type === 'number' ? 'number' : 'value');
  const option = new Option(`${short}--${name} <${value}>`, spec.describe);
  if (spec.type === 'number') option.argParser(numberOf);
  if (spec.type === 'list') option.argParser(collectInto(spec.isWhole === true));
  if (spec.type === 'string' && spec.choices !== undefined) chooseFrom(option, spec.choices);
  // An empty text stands for nothing in particular: there is nothing to show.
  if (spec.type !== 'list' && spec.default !== undefined && spec.default !== '') option.default(spec.default);
  return [option];
}

/** The empty text may be given where it is one of the choices, e.g. by a script's variable; the help leaves it out. */
function chooseFrom(option: Option, choices: readonly string[]): void {
  const shown = choices.filter((choice) => choice !== '');
  option.choices(shown).argParser((text: string) => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${shown.join(', ')}.`);
  });
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || text.trim() === '')
    throw new InvalidArgumentError(`"${text}" is not a number.`);
  return number;
}

function collectInto(
  isWhole: boolean,
): (text: string, before: readonly string[] | undefined) => readonly string[] {
  return (text, before = []) => [
    ...before,
    ...(isWhole ? [text] : text.split(',').filter((item) => item !== '')),
  ];
}

const CONNECTION = 'Connection:';

function connectionOptions(): Option[] {
  return [
    new Option('--server <address>', 'Server, as HOST:PORT or URL'),
    new Option('--auth-token <token>', 'Token instead of a sign-in'),
    new Option('--argocd-context <name>', 'Context of the configuration file').hideHelp(),
    new Option('--context <name>', 'Context of the configuration file'),
    new Option('--config <file>', 'Configuration file'),
    new Option('--insecure', 'Do not verify the server certificate'),
    new Option('--no-insecure').hideHelp(),
    new Option('--plaintext', 'Use HTTP without TLS'),
    new Option('--no-plaintext').hideHelp(),
    new Option('--core', 'Without a server, straight to the cluster of the kubeconfig'),
    new Option('--no-core').hideHelp(),
    new Option('--kubeconfig <file>', 'With --core: kubeconfig (default KUBECONFIG, else ~/.kube/config)'),
    new Option('--kube-context <name>', 'With --core: context of the kubeconfig'),
    new Option('-H, --header <header>', 'Further header of every request, may be repeated').argParser(
      collectInto(true),
    ),
    // Scripts made for argocd name its transport; there is only one here.
    new Option('--grpc-web').hideHelp(),
  ].map((option) => option.helpGroup(CONNECTION));
}

function connectionOf(values: Readonly<Record<string, unknown>>): ConnectionFlags {
  const text = (name: string): string | undefined =>
    typeof values[name] === 'string' ? values[name] : undefined;
  const [server, authToken, config] = [text('server'), text('authToken'), text('config')];
  const [kubeconfig, kubeContext] = [text('kubeconfig'), text('kubeContext')];
  const context = text('context') ?? text('argocdContext');
  return {
    ...(server === undefined ? {} : { server }),
    ...(authToken === undefined ? {} : { authToken }),
    ...(config === undefined ? {} : { config }),
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(kubeContext === undefined ? {} : { kubeContext }),
    ...(typeof values['core'] === 'boolean' ? { core: values['core'] } : {}),
    ...(typeof values['insecure'] === 'boolean' ? { insecure: values['insecure'] } : {}),
    ...(typeof values['plaintext'] === 'boolean' ? { plaintext: values['plaintext'] } : {}),
    headers: (values['header'] as readonly string[] | undefined) ?? [],
  };
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
