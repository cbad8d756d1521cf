// The plugin generator: asks a service of the user's own for parameter sets, as Argo CD's plugins are asked.
import type { z } from 'zod';
import { isRecord, messageOf } from '../../../lib/index.ts';
import type { PluginGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { flattened } from '../parameters.ts';
import type { GeneratorContext, Parameters } from './generator.ts';
import { configMapTexts, secretText } from './secret-text.ts';
import { withValues } from './with-values.ts';

const PATH = 'api/v1/getparams.execute';
const MAX_BYTES = 8 * 1024 * 1024;
const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 300;

/** Rejects with ApplicationSetError. Nothing of the answer is repeated in a message. */
export async function generateFromPlugin(
  { configMapRef, input, values }: z.infer<typeof PluginGenerator>,
  context: GeneratorContext,
): Promise<readonly Parameters[]> {
  const { deps, set, filler, signal } = context;
  const config = await configMapTexts(context, configMapRef.name);
  const address = config['baseUrl'] ?? '';
  if (!URL.canParse(address)) {
    throw new ApplicationSetError(
      'SET_INVALID',
      'on-change',
      `Plugin generator: ConfigMap ${configMapRef.name} has no baseUrl that is an address`,
    );
  }
  const answer = await deps.http
    .get({
      url: new URL(PATH, address.endsWith('/') ? address : `${address}/`).href,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      authorization: `Bearer ${await tokenOf(context, config['token'] ?? '')}`,
      body: JSON.stringify({
        applicationSetName: set.metadata.name ?? '',
        input: { parameters: input?.parameters ?? {} },
      }),
      maxBytes: MAX_BYTES,
      timeoutMs: secondsOf(config['requestTimeout']) * 1_000,
      signal,
    })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      throw failed(messageOf(error), error);
    });
  const { host } = new URL(address);
  if (answer.status !== 200) throw failed(`${host} answered with status ${answer.status}`);
  const list = listIn(answer.body);
  if (list === undefined) {
    throw failed(`${host} answered something else than {"output":{"parameters":[…]}} with objects`);
  }
  return list.map((found) =>
    withValues(
      filler.isGoTemplate
        ? { ...found, generator: { input: { parameters: input?.parameters ?? {} } } }
        : {
            ...flattened(found),
            ...flattened({ generator: { input: { parameters: input?.parameters ?? {} } } }),
          },
      values,
      context,
    ),
  );
}

/** `$secret:key` names a Secret, `$key` one of argocd-secret; anything else is no token. */
async function tokenOf(context: GeneratorContext, reference: string): Promise<string> {
  const [, first, second] = /^\$([^:]+)(?::(.+))?$/.exec(reference) ?? [];
  if (first === undefined) {
    throw new ApplicationSetError(
      'SET_INVALID',
      'on-change',
      'Plugin generator: token of the ConfigMap must name a Secret, as $secret:key',
    );
  }
  return second === undefined
    ? await secretText(context, 'argocd-secret', first)
    : await secretText(context, first, second);
}

function secondsOf(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_SECONDS);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MAX_SECONDS) : DEFAULT_SECONDS;
}

function listIn(body: Buffer): readonly Readonly<Record<string, unknown>>[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const output = isRecord(answer) ? answer['output'] : undefined;
  const list = isRecord(output) ? output['parameters'] : undefined;
  return Array.isArray(list) && list.every((item) => isRecord(item)) ? list : undefined;
}

function failed(seen: string, cause?: unknown): ApplicationSetError {
  return new ApplicationSetError('GENERATOR_FAILED', 'backoff', `Plugin generator: ${seen}`, { cause });
}
