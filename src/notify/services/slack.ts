// Slack: chat.postMessage and chat.update, with threads by grouping key.
import { isRecord } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { sendJson } from '../http.ts';
import { parsedJson } from '../parsed.ts';
import type { ServiceFactory } from '../service.ts';
import { type Fields, flagOf, given, listOf, recordOf, textOf } from '../values.ts';

/** Answers of Slack that mean "later"; everything else is for a person to mend. */
const TEMPORARY = new Set([
  'ratelimited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

export const slack: ServiceFactory = ({ name, fields }, { http, threads }) => {
  const token = textOf(fields, 'token');
  if (token === '') throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: token is missing`);
  const base = textOf(fields, 'apiURL').replace(/\/+$/, '') || 'https://slack.com/api';
  const call = async (method: string, json: unknown, signal: AbortSignal): Promise<Fields> => {
    const answer = await sendJson(http, 'Slack', {
      url: `${base}/${method}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
      json,
      insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
      signal,
    });
    if (isRecord(answer) && answer['ok'] === true) return answer;
    const error = isRecord(answer) && typeof answer['error'] === 'string' ? answer['error'] : 'no answer';
    const word = /^[a-z_]{1,60}$/.test(error) ? error : 'unknown error';
    throw new NotifyError(
      TEMPORARY.has(word) ? 'NOTIFY_UNAVAILABLE' : 'NOTIFY_REFUSED',
      `Cannot notify through Slack: ${word}. Check the channel, the token and its scopes`,
    );
  };
  return {
    type: 'slack',
    defaultRecipients: listOf(fields, 'defaultRecipients').map(String),
    async send(message, recipient, { signal }) {
      const section = recordOf(message.sections, 'slack');
      const group = textOf(section, 'groupingKey');
      const policy = textOf(section, 'deliveryPolicy') || 'Post';
      const key = `${recipient} ${group}`;
      const thread = group === '' ? undefined : await threads.get(key);
      const [channel = recipient, ts] = thread?.split(' ') ?? [];
      const body = given({
        channel: thread === undefined ? recipient : channel,
        text: message.text,
        username: textOf(section, 'username') || textOf(fields, 'username'),
        ...icon(textOf(section, 'icon') || textOf(fields, 'icon')),
        attachments: parsedJson(textOf(section, 'attachments'), 'slack.attachments'),
        blocks: parsedJson(textOf(section, 'blocks'), 'slack.blocks'),
        unfurl_links: fields['disableUnfurl'] === true ? false : undefined,
      });
      if (ts !== undefined && policy !== 'Post') await call('chat.update', { ...body, ts }, signal);
      if (ts !== undefined && policy === 'Update') return;
      const reply =
        ts === undefined ? {} : given({ thread_ts: ts, reply_broadcast: flagOf(section, 'notifyBroadcast') });
      const answer = await call('chat.postMessage', { ...body, ...reply }, signal);
      if (group !== '' && thread === undefined && typeof answer['ts'] === 'string') {
        await threads.set(key, `${textOf(answer, 'channel') || recipient} ${answer['ts']}`);
      }
    },
  };
};

function icon(text: string): Readonly<Record<string, string>> {
  if (text === '') return {};
  return text.startsWith('http') ? { icon_url: text } : { icon_emoji: text };
}
