import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appLogs = defineCommand({
  words: 'app logs',
  describe: 'Print logs of the pods of an application',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    name: { type: 'string', value: 'name', describe: 'Of this resource' },
    kind: { type: 'string', value: 'kind', describe: 'Kind of --name, e.g. Deployment or Pod' },
    group: { type: 'string', value: 'group', describe: 'Group of --name, e.g. apps' },
    namespace: { type: 'string', value: 'namespace', describe: 'Namespace of the pods' },
    container: { type: 'string', short: 'c', value: 'name', describe: 'Only this container' },
    follow: { type: 'boolean', short: 'f', describe: 'Go on as lines are written' },
    previous: { type: 'boolean', short: 'p', describe: 'Of the container that ran before' },
    tail: { type: 'number', value: 'lines', describe: 'Only the last lines' },
    'since-seconds': { type: 'number', value: 'seconds', describe: 'Only lines not older than this' },
    filter: { type: 'string', value: 'text', describe: 'Only lines with this text; ! in front: without it' },
    'match-case': { type: 'boolean', short: 'm', describe: '--filter minds upper and lower case' },
  },
  examples: [
    'fairlead app logs web --tail 100',
    'fairlead app logs web --kind Deployment --group apps --name web -f',
  ],
  async run({ client, options, positionals, out, signal }) {
    const isPod = options.kind === 'Pod' && options.name !== undefined;
    const query = {
      namespace: options.namespace,
      container: options.container,
      follow: options.follow,
      previous: options.previous,
      tailLines: options.tail,
      sinceSeconds: options['since-seconds'],
      filter: options.filter,
      matchCase: options['match-case'],
      ...(isPod
        ? { podName: options.name }
        : { group: options.group, kind: options.kind, resourceName: options.name }),
    };
    const id = applicationId(positionals[0], options);
    const pods = new Set<string>();
    for await (const { content, podName, last } of (await client()).applications.logs(id, query, signal)) {
      if (last) break;
      pods.add(podName);
      // With one pod its name says nothing new.
      out.line(pods.size > 1 ? `${podName}: ${content}` : content);
    }
    return ExitCode.Ok;
  },
});
