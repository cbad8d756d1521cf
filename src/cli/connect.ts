// Finds the server and the token of a call: flags, then environment, then the current context, then a local
// `fairlead up` in this directory.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Client, createClient } from '../client/index.ts';
import type { ConnectionFlags } from './command.ts';
import { type Context, readConfiguration } from './configuration.ts';
import type { CliEnvironment } from './environment.ts';
import { CliError } from './errors.ts';

/** Where `fairlead up` says how it is reached. */
const READY_FILE = join('.fairlead', 'ready.json');
const Ready = z.object({
  url: z.string(),
  username: z.string().optional(),
  password: z.string().optional(),
  token: z.string().optional(),
});

export interface Target {
  readonly url: string;
  readonly token?: string;
  readonly insecure: boolean;
  /** Found through the ready file, which has a password instead of a token. */
  readonly password?: string;
}

export interface Connected {
  readonly client: Client;
  close(): Promise<void>;
}

/** A client for the server this call means, or with `--core` for one of our own in this process. */
export async function openConnection(
  environment: CliEnvironment,
  flags: ConnectionFlags,
): Promise<Connected> {
  if (flags.core ?? (await isCoreContext(environment, flags))) return await connectToCore(environment, flags);
  return { client: await connect(environment, flags), close: async () => {} };
}

/** Whether the context that this call goes by was made with `login --core`. */
async function isCoreContext(environment: CliEnvironment, flags: ConnectionFlags): Promise<boolean> {
  const { contexts, current } = await readConfiguration(flags.config ?? environment.cliConfigFile);
  const server = flags.server ?? (flags.context === undefined ? environment.server : undefined);
  if (server !== undefined) return false;
  return contexts.find(({ name }) => name === (flags.context ?? current))?.isCore === true;
}

/** The token that calls bring along now. Rejects with `NOT_SIGNED_IN` when there is none. */
export async function sessionToken(environment: CliEnvironment, flags: ConnectionFlags): Promise<string> {
  const target = await findTarget(environment, flags);
  const { token, password, url } = target;
  if (token !== undefined) return token;
  if (password !== undefined)
    return await localToken(environment, url, password, opener(environment, target, flags));
  throw new CliError('NOT_SIGNED_IN', `Nobody is signed in to ${url}; sign in with: fairlead login SERVER`);
}

async function connectToCore(environment: CliEnvironment, flags: ConnectionFlags): Promise<Connected> {
  const { kubeconfig, kubeContext } = flags;
  const core = await environment.processes.core({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
  });
  const { fetch, clock } = environment;
  const headers = { ...parseHeaders(flags.headers), [core.header.name]: core.header.value };
  return {
    client: createClient({ fetch, clock }, { server: core.url, headers }),
    close: async () => await core[Symbol.asyncDispose](),
  };
}

/** A client for the server this call means. */
export async function connect(environment: CliEnvironment, flags: ConnectionFlags): Promise<Client> {
  const target = await findTarget(environment, flags);
  const open = opener(environment, target, flags);
  const { token, password } = target;
  return await open(
    token ?? (password === undefined ? undefined : await localToken(environment, target.url, password, open)),
  );
}

function opener(environment: CliEnvironment, target: Target, flags: ConnectionFlags) {
  const headers = parseHeaders(flags.headers);
  return async (token: string | undefined): Promise<Client> =>
    createClient(
      {
        fetch: target.insecure ? await environment.insecureFetch() : environment.fetch,
        clock: environment.clock,
      },
      { server: target.url, headers, ...(token === undefined ? {} : { token }) },
    );
}

/** Kept beside the ready file, so that not every call signs in anew. */
const SESSION_FILE = join('.fairlead', 'cli-session.json');
const Session = z.object({ url: z.string(), token: z.string() });

async function localToken(
  { cwd }: CliEnvironment,
  url: string,
  password: string,
  open: (token: string | undefined) => Promise<Client>,
): Promise<string> {
  const file = join(cwd, SESSION_FILE);
  const kept = Session.safeParse(parseJson(await readFile(file, 'utf8').catch(() => '')));
  if (kept.success && kept.data.url === url) {
    const { loggedIn } = await (await open(kept.data.token)).session.userInfo();
    if (loggedIn) return kept.data.token;
  }
  const { token } = await (await open(undefined)).session.create('admin', password);
  // Where nothing can be written, the next call signs in again.
  await writeFile(file, JSON.stringify({ url, token }), { mode: 0o600 }).catch(() => {});
  return token;
}

export async function findTarget(environment: CliEnvironment, flags: ConnectionFlags): Promise<Target> {
  const configuration = await readConfiguration(flags.config ?? environment.cliConfigFile);
  const named = flags.context ?? configuration.current;
  const context = configuration.contexts.find(({ name }) => name === named);
  if (flags.context !== undefined && context === undefined) {
    throw new CliError('CONFIG', `There is no context "${flags.context}"; list them with: fairlead context`);
  }
  const server = flags.server ?? (flags.context === undefined ? environment.server : undefined);
  const token = flags.authToken ?? environment.authToken;
  if (server !== undefined) return targetOf(server, flags, contextOf(configuration.contexts, server), token);
  if (context !== undefined) return targetOf(context.server, flags, context, token);
  const local = await readLocal(environment);
  if (local !== undefined) return token === undefined ? local : { ...local, token };
  throw new CliError(
    'NOT_SIGNED_IN',
    'No server is known; sign in with: fairlead login SERVER (or start one here: fairlead up)',
  );
}

function contextOf(contexts: readonly Context[], server: string): Context | undefined {
  return contexts.find((context) => context.server === server || context.name === server);
}

function targetOf(
  server: string,
  flags: ConnectionFlags,
  context: Context | undefined,
  token: string | undefined,
): Target {
  const plaintext = flags.plaintext ?? context?.plaintext ?? false;
  const found = token ?? context?.token;
  return {
    url: serverUrl(server, plaintext),
    insecure: flags.insecure ?? context?.insecure ?? false,
    ...(found === undefined ? {} : { token: found }),
  };
}

/** `HOST[:PORT]` gets a scheme, a URL keeps its own. */
export function serverUrl(server: string, plaintext: boolean): string {
  const url = /^https?:\/\//.test(server) ? server : `${plaintext ? 'http' : 'https'}://${server}`;
  if (!URL.canParse(url))
    throw new CliError('USAGE', `"${server}" is no server address; write HOST:PORT or a URL`, 1);
  return url.replace(/\/+$/, '');
}

async function readLocal({ cwd }: CliEnvironment): Promise<Target | undefined> {
  const file = join(cwd, READY_FILE);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const ready = Ready.safeParse(parseJson(text));
  if (!ready.success)
    throw new CliError('CONFIG', `${file} does not say how the server is reached; restart: fairlead up`);
  const { url, token, password } = ready.data;
  return {
    url,
    insecure: false,
    ...(token === undefined ? {} : { token }),
    ...(password === undefined ? {} : { password }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseHeaders(headers: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const header of headers) {
    const at = header.indexOf(':');
    if (at <= 0) throw new CliError('USAGE', `"${header}" is no header; write --header "Name: value"`, 1);
    result[header.slice(0, at).trim()] = header.slice(at + 1).trim();
  }
  return result;
}
