// Programs of a simulated container: enough to look around. They answer from the pod alone and change nothing.

/** The container as its programs see it. */
export interface ShellWorld {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  readonly image: string;
  readonly node: string;
  readonly ip: string;
  now(): Date;
}

export interface ShellState {
  readonly variables: Map<string, string>;
  directory: string;
  size: { columns: number; rows: number };
}

export interface ProgramResult {
  readonly code: number;
  readonly out?: string;
  readonly err?: string;
}

type Program = (args: readonly string[], world: ShellWorld, state: ShellState) => ProgramResult;

const ok = (out = ''): ProgramResult => ({ code: 0, out });
const fault = (err: string, code = 1): ProgramResult => ({ code, err: `${err}\n` });

/** Folders and what is in them. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '/': ['app', 'bin', 'dev', 'etc', 'home', 'proc', 'root', 'tmp', 'usr', 'var'],
  '/app': ['README', 'server'],
  '/bin': ['sh'],
  '/dev': ['null'],
  '/etc': ['hostname', 'hosts', 'os-release', 'resolv.conf'],
  '/home': [],
  '/proc': [],
  '/root': [],
  '/tmp': [],
  '/usr': ['bin'],
  '/usr/bin': [],
  '/var': ['log'],
  '/var/log': [],
};

function filesOf(world: ShellWorld): Readonly<Record<string, string>> {
  return {
    '/app/README': 'This container is simulated: nothing runs in it.\n',
    '/etc/hostname': `${world.pod}\n`,
    '/etc/hosts': `127.0.0.1\tlocalhost\n${world.ip}\t${world.pod}\n`,
    '/etc/os-release': 'NAME="Simulated Linux"\nID=simulated\n',
    '/etc/resolv.conf': `search ${world.namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.0.0.10\noptions ndots:5\n`,
    '/dev/null': '',
  };
}

/** Programs by name; `cd`, `exit`, `export` and `sleep` are the shell's own. */
export const programs: Readonly<Record<string, Program>> = {
  echo: (args) => (args[0] === '-n' ? ok(args.slice(1).join(' ')) : ok(`${args.join(' ')}\n`)),
  printf: ([format = '']) => ok(format.replace(/\\n/g, '\n').replace(/\\t/g, '\t')),
  true: () => ok(),
  false: () => ({ code: 1 }),
  ':': () => ok(),
  pwd: (_args, _world, state) => ok(`${state.directory}\n`),
  whoami: () => ok('root\n'),
  id: () => ok('uid=0(root) gid=0(root) groups=0(root)\n'),
  hostname: (_args, { pod }) => ok(`${pod}\n`),
  date: (_args, world) => ok(`${world.now().toUTCString()}\n`),
  uname: (args, { node }) => ok(args.includes('-a') ? `Linux ${node} simulated\n` : 'Linux\n'),
  clear: () => ok('\u001b[H\u001b[2J'),
  ps: (_args, { container }) =>
    ok(`PID   USER     COMMAND\n    1 root     /app/server --name ${container}\n    7 root     sh\n`),
  stty: (args, _world, { size }) => (args[0] === 'size' ? ok(`${size.rows} ${size.columns}\n`) : ok()),
  env: environment,
  printenv: environment,
  ls: list,
  cat,
  help: () => ok(`${['cd', 'exit', 'export', 'sleep', ...Object.keys(programs)].sort().join(' ')}\n`),
};

function environment(args: readonly string[], _world: ShellWorld, { variables }: ShellState): ProgramResult {
  const [name] = args;
  if (name !== undefined) {
    const value = variables.get(name);
    return value === undefined ? { code: 1 } : ok(`${value}\n`);
  }
  return ok([...variables].map(([key, value]) => `${key}=${value}\n`).join(''));
}

function list(args: readonly string[], world: ShellWorld, state: ShellState): ProgramResult {
  const isLong = args.some((arg) => /^-\w*l/.test(arg));
  const path = pathOf(args.find((arg) => !arg.startsWith('-')) ?? '', state);
  const files = filesOf(world);
  const names = FOLDERS[path] ?? (files[path] === undefined ? undefined : [path]);
  if (names === undefined) return fault(`ls: ${path}: No such file or directory`);
  const line = (name: string): string => {
    const full = name.startsWith('/') ? name : `${path === '/' ? '' : path}/${name}`;
    const size = Buffer.byteLength(files[full] ?? '');
    const kind = FOLDERS[full] === undefined ? '-rw-r--r--' : 'drwxr-xr-x';
    return `${kind}    1 root     root     ${String(size).padStart(9)} ${name}\n`;
  };
  return ok(isLong ? names.map(line).join('') : names.length === 0 ? '' : `${names.join('  ')}\n`);
}

function cat(args: readonly string[], world: ShellWorld, state: ShellState): ProgramResult {
  const files = filesOf(world);
  let out = '';
  for (const arg of args) {
    const path = pathOf(arg, state);
    const text = files[path];
    if (text !== undefined) out += text;
    else if (FOLDERS[path] !== undefined) return fault(`cat: ${arg}: Is a directory`);
    else return fault(`cat: can't open '${arg}': No such file or directory`);
  }
  return ok(out);
}

export function changeDirectory([to = '/root']: readonly string[], state: ShellState): ProgramResult {
  const path = pathOf(to, state);
  if (FOLDERS[path] === undefined) return fault(`sh: cd: can't cd to ${to}: No such file or directory`, 2);
  state.directory = path;
  return ok();
}

function pathOf(text: string, { directory }: ShellState): string {
  const parts: string[] = [];
  for (const part of (text.startsWith('/') ? text : `${directory}/${text}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
