// Follows an ApplicationSet until it is as wanted.
import type { ApplicationSetId, Client } from '../../client/index.ts';
import type { ApplicationSet } from '../../contract/index.ts';
import type { CommandContext, OptionSpecs } from '../command.ts';
import { type Followed, follow, type Wanted } from '../follow.ts';

export const timeoutOption = {
  timeout: {
    type: 'number',
    default: 0,
    value: 'seconds',
    describe: 'With --wait: give up after this long; 0: never',
  },
} as const satisfies OptionSpecs;

/** The set once it is as wanted; undefined when it was deleted and that is fine. */
export async function waitForSet(
  api: Client,
  id: ApplicationSetId,
  wanted: Wanted<ApplicationSet>,
  timeoutSeconds: number,
  { environment, out, signal }: Pick<CommandContext, 'environment' | 'out' | 'signal'>,
): Promise<ApplicationSet | undefined> {
  const { name, appsetNamespace } = id;
  const { applicationSets } = api;
  const followed: Followed<ApplicationSet> = {
    called: `ApplicationSet "${name}"`,
    list: async (ends) => {
      const { items } = await applicationSets.list({ appsetNamespace }, { signal: ends });
      return items.filter(({ metadata }) => metadata.name === name);
    },
    async *watch(ends, onOpen) {
      for await (const { type, applicationSet } of applicationSets.watch(
        { name, appsetNamespace },
        ends,
        onOpen,
      ))
        yield { isDeleted: type === 'DELETED', object: applicationSet };
    },
  };
  const deps = { clock: environment.clock, out };
  return await follow(deps, followed, wanted, { timeoutMs: timeoutSeconds * 1000, signal });
}
