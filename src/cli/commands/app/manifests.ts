import { applicationId, identityOptions } from '../../application/identity.ts';
import { revisionsByPosition, revisionsOptions } from '../../application/source-position.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

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
    output: {
      ...resultOption.output,
      default: 'yaml',
      choices: ['json', 'yaml'],
      describe: 'YAML documents, or one list as JSON',
    },
    ...revisionsOptions,
  },
  async run({ client, options, positionals, out, signal }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    const { source, revision } = options;
    const bySource =
      options.revisions.length === 0
        ? {}
        : revisionsByPosition(await api.applications.get(id, undefined, { signal }), options);
    const query = {
      revision,
      revisions: bySource.revisions,
      sourcePositions: bySource.sourcePositions?.map(String),
    };
    const texts =
      source === 'live'
        ? (await api.applications.managedResources(id, { signal })).items.map(({ liveState }) => liveState)
        : (await api.applications.manifests(id, query, { signal })).manifests;
    const objects: unknown[] = texts
      .filter((item) => item !== '' && item !== 'null')
      .map((text) => JSON.parse(text));
    if (options.output === 'json') printResult(out, 'json', objects);
    else
      for (const object of objects) {
        out.line('---');
        out.yaml(object);
      }
    return ExitCode.Ok;
  },
});
