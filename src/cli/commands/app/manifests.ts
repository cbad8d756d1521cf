import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appManifests = defineCommand({
  words: 'app manifests',
  describe: 'Print the manifests of an application as YAML. Secrets are masked',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    source: {
      type: 'string',
      default: 'git',
      choices: ['git', 'live'],
      describe: 'What the source says, or what runs',
    },
    revision: { type: 'string', value: 'ref', describe: 'Render this revision' },
    revisions: {
      type: 'list',
      value: 'ref',
      describe: 'Revisions of several sources, with --source-positions',
    },
    'source-positions': {
      type: 'list',
      value: 'number',
      describe: 'Which sources --revisions mean, counted from 1',
    },
  },
  async run({ client, options, positionals, out, signal }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    const { source, revision, revisions, 'source-positions': sourcePositions } = options;
    const texts =
      source === 'live'
        ? (await api.applications.managedResources(id, { signal })).items.map(({ liveState }) => liveState)
        : (await api.applications.manifests(id, { revision, revisions, sourcePositions }, { signal }))
            .manifests;
    for (const text of texts.filter((item) => item !== '' && item !== 'null')) {
      out.line('---');
      out.yaml(JSON.parse(text));
    }
    return ExitCode.Ok;
  },
});
