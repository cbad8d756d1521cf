import type { ApplicationId, Client } from '../../../client/index.ts';
import type { Application, CommitMetadata } from '../../../contract/index.ts';
import { describeApplication } from '../../application/describe.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { findTree, ifKnown } from '../../application/known.ts';
import { qualifiedName } from '../../application/text.ts';
import { treeText } from '../../application/tree.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const appGet = defineCommand({
  words: 'app get',
  describe: 'Show an application: which commit runs, why, what is wrong, and its resources',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    output: formatOption('wide', 'json', 'yaml', 'name', 'tree', 'tree=detailed'),
    refresh: { type: 'boolean', describe: 'Look at the source and the cluster again first' },
    'hard-refresh': { type: 'boolean', describe: 'The same, and render again even if nothing changed' },
  },
  examples: ['fairlead app get web', 'fairlead app get team-a/web -o tree'],
  async run({ client, options, positionals, out, signal, environment }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    const level = options['hard-refresh'] === true ? 'hard' : options.refresh === true ? 'normal' : undefined;
    const app = await api.applications.get(id, level, { signal });
    const { output } = options;
    if (output === 'json') out.json(app);
    else if (output === 'yaml') out.yaml(app);
    else if (output === 'name') out.line(qualifiedName(app));
    else if (output.startsWith('tree')) out.line(treeText(await api.applications.tree(id, { signal })));
    else {
      const [commit, tree, windows] = await Promise.all([
        findCommit(api, id, app, signal),
        findTree(api, id, signal),
        ifKnown(api.applications.windows(id, { signal }), signal),
      ]);
      const facts = {
        app,
        url: `${api.server}/applications/${qualifiedName(app)}`,
        now: environment.clock.now(),
      };
      const more = {
        ...(commit === undefined ? {} : { commit }),
        ...(tree === undefined ? {} : { tree }),
        ...(windows === undefined ? {} : { windows }),
      };
      out.line(describeApplication({ ...facts, ...more }));
    }
    return ExitCode.Ok;
  },
});

/** The commit in the cluster's comparison; charts and digests have none, which is no failure of `app get`. */
async function findCommit(
  api: Client,
  id: ApplicationId,
  app: Application,
  signal: AbortSignal,
): Promise<CommitMetadata | undefined> {
  const revision = app.status?.sync?.revision ?? app.status?.sync?.revisions?.[0] ?? '';
  if (revision === '') return undefined;
  return await ifKnown(api.applications.commit(id, revision, { signal }), signal);
}
