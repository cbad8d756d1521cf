import { visibleLine } from '../../../lib/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { readLogs } from '../../application/read-logs.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appLogs = defineCommand({
  words: 'app logs',
  describe: 'Print logs of the pods of an application, in order of time',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    name: { type: 'string', value: 'name', describe: 'Of the pods of this resource' },
    kind: { type: 'string', value: 'kind', describe: 'Kind of --name, e.g. Deployment or Pod' },
    group: { type: 'string', value: 'group', describe: 'Group of --name, e.g. apps' },
    namespace: { type: 'string', value: 'namespace', describe: 'Namespace of the pods' },
    container: {
      type: 'string',
      short: 'c',
      value: 'name',
      describe: 'Only this container; without it the default one of each pod',
    },
    follow: { type: 'boolean', short: 'f', describe: 'Go on as lines are written and pods appear' },
    previous: { type: 'boolean', short: 'p', describe: 'Of the container that ran before' },
    tail: { type: 'number', value: 'lines', describe: 'Only the last lines of each pod' },
    'since-seconds': { type: 'number', value: 'seconds', describe: 'Only lines not older than this' },
    'until-time': { type: 'string', value: 'time', describe: 'Only lines until then: 2006-01-02T15:04:05Z' },
    filter: { type: 'string', value: 'text', describe: 'Only lines with this text; ! in front: without it' },
    'match-case': { type: 'boolean', short: 'm', describe: '--filter minds upper and lower case' },
    prefix: { type: 'boolean', describe: 'Begin each line with the name of its pod' },
    timestamps: { type: 'boolean', describe: 'Begin each line with its time' },
    output: {
      type: 'string',
      short: 'o',
      default: '',
      value: 'format',
      choices: ['', 'json'],
      describe: 'json: one object a line, with pod and time',
    },
  },
  examples: [
    'fairlead app logs web --tail 100',
    'fairlead app logs web --kind Deployment --group apps --name web -f --prefix',
  ],
  async run({ client, options, positionals, out, signal, environment }) {
    const isPod = options.kind === 'Pod' && options.name !== undefined;
    const follow = options.follow === true;
    const query = {
      namespace: options.namespace,
      container: options.container,
      follow: options.follow,
      previous: options.previous,
      tailLines: options.tail,
      sinceSeconds: options['since-seconds'],
      untilTime: options['until-time'],
      filter: options.filter,
      matchCase: options['match-case'],
      ...(isPod
        ? { podName: options.name }
        : { group: options.group, kind: options.kind, resourceName: options.name }),
    };
    const id = applicationId(positionals[0], options);
    const onBreak = (reason: string): void => out.note(`${reason}; trying again`);
    const deps = { client: await client(), clock: environment.clock, onBreak };
    for await (const entry of readLogs(deps, { id, query, follow }, signal)) {
      if (options.output === 'json') {
        out.line(JSON.stringify(entry));
        continue;
      }
      const pod = options.prefix === true && entry.podName !== '' ? `${entry.podName}: ` : '';
      const time = options.timestamps === true && entry.timeStampStr !== '' ? `${entry.timeStampStr} ` : '';
      out.line(visibleLine(`${pod}${time}${entry.content}`));
    }
    return ExitCode.Ok;
  },
});
