import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const output = formatOption('', 'wide', 'json', 'yaml', 'name');

const appNamespace = {
  type: 'string',
  short: 'N',
  value: 'namespace',
  describe: 'Namespace of the application',
} as const;

export const templateGet = defineCommand({
  words: 'admin notifications template get',
  describe: 'List the templates of notifications, or one of them',
  positionals: ['[NAME]'],
  options: { output },
  examples: [
    'fairlead admin notifications template get',
    'fairlead admin notifications template get app-deployed -o yaml',
  ],
  async run({ client, positionals, options, out }) {
    const { items, problems } = await (await client()).notifications.templates();
    const found = named(items, positionals[0], 'template');
    if (options.output === 'json') out.json(found);
    else if (options.output === 'yaml') out.yaml(found);
    else if (options.output === 'name') for (const { name } of found) out.line(name);
    else
      out.line(
        table(
          ['NAME', 'FOR'],
          found.map(({ name, members }) => [name, members.join(', ')]),
        ),
      );
    for (const { key, message } of problems) out.note(`${key} cannot be used: ${message}`);
    return ExitCode.Ok;
  },
});

export const templateNotify = defineCommand({
  words: 'admin notifications template notify',
  describe: 'Render a template for an application and send it; without a recipient only print it',
  positionals: ['NAME', 'APPLICATION'],
  options: {
    recipient: { type: 'list', value: 'service:recipient', describe: 'Where to send it, may be repeated' },
    'app-namespace': appNamespace,
    ...resultOption,
  },
  examples: ['fairlead admin notifications template notify app-deployed web --recipient slack:deploys'],
  async run({ client, positionals: [name = '', application = ''], options, out }) {
    const { notifications } = await client();
    const recipients = options.recipient.filter((item) => item !== 'console' && item !== 'console:stdout');
    const body = {
      application,
      ...(options['app-namespace'] === undefined ? {} : { appNamespace: options['app-namespace'] }),
    };
    if (recipients.length === 0) {
      const { text } = await notifications.notify(name, body);
      printResult(out, options.output, { text }, text);
      return ExitCode.Ok;
    }
    const sent: { readonly destination: string; readonly text: string }[] = [];
    for (const destination of recipients) {
      const { text } = await notifications.notify(name, { ...body, destination });
      sent.push({ destination, text });
      if (options.output === '') out.line(`sent to ${destination}`);
    }
    printResult(out, options.output, sent);
    return ExitCode.Ok;
  },
});

export const triggerGet = defineCommand({
  words: 'admin notifications trigger get',
  describe: 'List the triggers of notifications, or one of them',
  positionals: ['[NAME]'],
  options: { output },
  examples: [
    'fairlead admin notifications trigger get',
    'fairlead admin notifications trigger get on-deployed -o yaml',
  ],
  async run({ client, positionals, options, out }) {
    const found = named((await (await client()).notifications.triggers()).items, positionals[0], 'trigger');
    if (options.output === 'json') out.json(found);
    else if (options.output === 'yaml') out.yaml(found);
    else if (options.output === 'name') for (const { name } of found) out.line(name);
    else {
      const rows = found.flatMap(({ name, conditions }) =>
        conditions.map(({ when, send }) => [name, send.join(', '), when]),
      );
      out.line(table(['NAME', 'TEMPLATE', 'CONDITION'], rows));
    }
    return ExitCode.Ok;
  },
});

export const triggerRun = defineCommand({
  words: 'admin notifications trigger run',
  describe: 'Judge the conditions of a trigger for an application, without sending anything',
  positionals: ['NAME', 'APPLICATION'],
  options: { output, 'app-namespace': appNamespace },
  examples: ['fairlead admin notifications trigger run on-health-degraded web'],
  async run({ client, positionals: [name = '', application = ''], options, out }) {
    const body = {
      application,
      ...(options['app-namespace'] === undefined ? {} : { appNamespace: options['app-namespace'] }),
    };
    const { items } = await (await client()).notifications.run(name, body);
    if (options.output === 'json') out.json(items);
    else if (options.output === 'yaml') out.yaml(items);
    else {
      const rows = items.map(({ triggered, oncePer, send }, i) => [
        String(i),
        String(triggered),
        oncePer,
        send.join(', '),
      ]);
      out.line(table(['CONDITION', 'RESULT', 'ONCE PER', 'TEMPLATE'], rows));
    }
    return ExitCode.Ok;
  },
});

function named<T extends { readonly name: string }>(
  items: readonly T[],
  name: string | undefined,
  what: string,
): readonly T[] {
  if (name === undefined) return items;
  const found = items.filter((item) => item.name === name);
  if (found.length === 0) throw new CliError('USAGE', `There is no ${what} "${name}"`);
  return found;
}
