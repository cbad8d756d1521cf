// The command line's own file: servers, users and contexts, in the shape argocd uses, readable only by its owner.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CliError } from './errors.ts';

const Configuration = z.object({
  'current-context': z.string().default(''),
  'prompts-enabled': z.boolean().optional(),
  contexts: z.array(z.object({ name: z.string(), server: z.string(), user: z.string() })).nullish(),
  servers: z
    .array(
      z.looseObject({
        server: z.string(),
        insecure: z.boolean().optional(),
        'plain-text': z.boolean().optional(),
        core: z.boolean().optional(),
      }),
    )
    .nullish(),
  users: z.array(z.looseObject({ name: z.string(), 'auth-token': z.string().optional() })).nullish(),
});

export interface Context {
  readonly name: string;
  /** `HOST:PORT` or a URL. */
  readonly server: string;
  readonly insecure: boolean;
  readonly plaintext: boolean;
  /** There is no server: calls go straight to the cluster of the kubeconfig. */
  readonly isCore?: boolean;
  readonly token?: string;
}

export interface Configuration {
  readonly current: string;
  readonly contexts: readonly Context[];
  /** Ask before something is deleted. */
  readonly isAsking?: boolean;
}

const EMPTY: Configuration = { current: '', contexts: [] };

/** The file's contexts; a missing file has none. Rejects with `CONFIG` when it cannot be read as one. */
export async function readConfiguration(file: string): Promise<Configuration> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CliError('CONFIG', `Cannot read ${file}: ${error.message}`, 20, { cause: error });
  });
  if (text === undefined || text.trim() === '') return EMPTY;
  const result = Configuration.safeParse(parsed(file, text));
  if (!result.success) {
    throw new CliError('CONFIG', `${file} is not a configuration of this command; correct it or remove it`);
  }
  const { contexts, servers, users } = result.data;
  return {
    current: result.data['current-context'],
    ...(result.data['prompts-enabled'] === undefined ? {} : { isAsking: result.data['prompts-enabled'] }),
    contexts: (contexts ?? []).map(({ name, server, user }) => {
      const how = servers?.find((item) => item.server === server);
      const token = users?.find((item) => item.name === user)?.['auth-token'];
      return {
        name,
        server,
        insecure: how?.insecure === true,
        plaintext: how?.['plain-text'] === true,
        ...(how?.core === true ? { isCore: true } : {}),
        ...(token === undefined || token === '' ? {} : { token }),
      };
    }),
  };
}

/** Writes the file whole, through a temporary one beside it. */
export async function writeConfiguration(
  file: string,
  { current, contexts, isAsking }: Configuration,
): Promise<void> {
  const text = stringify({
    contexts: contexts.map(({ name, server }) => ({ name, server, user: name })),
    'current-context': current,
    ...(isAsking === undefined ? {} : { 'prompts-enabled': isAsking }),
    servers: contexts.map(({ server, insecure, plaintext, isCore }) => ({
      server,
      insecure,
      'plain-text': plaintext,
      ...(isCore === true ? { core: true } : {}),
    })),
    users: contexts.map(({ name, token }) => ({
      name,
      ...(token === undefined ? {} : { 'auth-token': token }),
    })),
  });
  const temporary = `${file}.new`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    throw new CliError('CONFIG', `Cannot write ${file}: ${seen}`, 20, { cause: error });
  }
}

/** Adds or replaces the context and makes it the current one. */
export function withContext(configuration: Configuration, context: Context): Configuration {
  const others = configuration.contexts.filter(({ name }) => name !== context.name);
  return { ...configuration, current: context.name, contexts: [...others, context] };
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError('CONFIG', `${file} is not YAML; correct it or remove it`, 20, { cause: error });
  }
}
