// What a command prints when the server knows it, and leaves out when it does not.
import { type ApplicationId, type Client, ClientError } from '../../client/index.ts';
import type { ResourceTree } from '../../contract/index.ts';

/** The answer, or undefined when the server has none; an interruption still ends the command. */
export async function ifKnown<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError && !signal.aborted) return undefined;
    throw error;
  }
}

/** The tree, for the health of each resource; an application that was never compared has none. */
export async function findTree(
  api: Client,
  id: ApplicationId,
  signal: AbortSignal,
): Promise<ResourceTree | undefined> {
  return await ifKnown(api.applications.tree(id, { signal }), signal);
}
