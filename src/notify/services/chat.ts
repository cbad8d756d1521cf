// Chat services with one simple request: Telegram, Mattermost, Google Chat, Pushover; and Grafana annotations.
import { isRecord } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { sendJson } from '../http.ts';
import { parsedJson } from '../parsed.ts';
import type { ServiceFactory } from '../service.ts';
import { flagOf, given, listOf, recordOf, textOf, textsOf } from '../values.ts';

export const telegram: ServiceFactory = ({ name, fields }, { http }) => {
  const token = needed(name, textOf(fields, 'token'), 'token');
  const base = (textOf(fields, 'apiURL') || 'https://api.telegram.org').replace(/\/+$/, '');
  return {
    type: 'telegram',
    defaultRecipients: listOf(fields, 'defaultRecipients').map(String),
    async send(message, recipient, { signal }) {
      // `-100123|45`: a topic of a group; names of channels come without the @.
      const [chat = '', topic] = recipient.split('|');
      const isId = /^-?\d+$/.test(chat);
      await sendJson(http, 'Telegram', {
        url: `${base}/bot${token}/sendMessage`,
        json: given({
          chat_id: isId ? Number(chat) : `@${chat.replace(/^@/, '')}`,
          message_thread_id: topic === undefined ? undefined : Number(topic),
          text: message.text.slice(0, 4096),
          parse_mode: 'Markdown',
        }),
        signal,
      });
    },
  };
};

export const mattermost: ServiceFactory = ({ name, fields }, { http }) => {
  const token = needed(name, textOf(fields, 'token'), 'token');
  const base = needed(name, textOf(fields, 'apiURL'), 'apiURL').replace(/\/+$/, '');
  return {
    type: 'mattermost',
    defaultRecipients: listOf(fields, 'defaultRecipients').map(String),
    async send(message, recipient, { signal }) {
      const section = recordOf(message.sections, 'mattermost');
      const attachments = parsedJson(textOf(section, 'attachments'), 'mattermost.attachments');
      await sendJson(http, 'Mattermost', {
        url: `${base}/api/v4/posts`,
        headers: { authorization: `Bearer ${token}` },
        json: given({
          channel_id: recipient,
          message: message.text,
          props: attachments === undefined ? undefined : { attachments },
        }),
        insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
        signal,
      });
    },
  };
};

export const googleChat: ServiceFactory = ({ name, fields }, { http }) => {
  const webhooks = textsOf(fields, 'webhooks');
  return {
    type: 'googlechat',
    defaultRecipients: Object.keys(webhooks),
    async send(message, recipient, { signal }) {
      const configured = webhooks[recipient];
      if (configured === undefined || !URL.canParse(configured)) {
        throw new NotifyError(
          'NOTIFY_CONFIG',
          `Cannot notify ${name}: webhooks has no URL for ${recipient.slice(0, 80)}`,
        );
      }
      const section = recordOf(message.sections, 'googlechat');
      const url = new URL(configured);
      const thread = textOf(section, 'threadKey');
      if (thread !== '') {
        url.searchParams.set('threadKey', thread);
        url.searchParams.set('messageReplyOption', 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD');
      }
      await sendJson(http, 'Google Chat', {
        url: url.href,
        json: given({
          text: message.text,
          cardsV2: cards(section['cardsV2']),
          cards: cards(section['cards']),
        }),
        insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
        signal,
      });
    },
  };
};

export const pushover: ServiceFactory = ({ name, fields }, { http }) => {
  const token = needed(name, textOf(fields, 'token'), 'token');
  const base = (textOf(fields, 'apiURL') || 'https://api.pushover.net').replace(/\/+$/, '');
  return {
    type: 'pushover',
    defaultRecipients: listOf(fields, 'defaultRecipients').map(String),
    async send(message, recipient, { signal }) {
      const answer = await sendJson(http, 'Pushover', {
        url: `${base}/1/messages.json`,
        json: { token, user: recipient, message: message.text.slice(0, 1024) },
        signal,
      });
      if (isRecord(answer) && answer['status'] === 0) {
        throw new NotifyError(
          'NOTIFY_REFUSED',
          'Cannot notify through Pushover: it refused. Check token and user key',
        );
      }
    },
  };
};

export const grafana: ServiceFactory = ({ name, fields }, { http, clock }) => {
  const base = needed(name, textOf(fields, 'apiUrl', 'apiURL'), 'apiUrl').replace(/\/+$/, '');
  const key = needed(name, textOf(fields, 'apiKey'), 'apiKey');
  return {
    type: 'grafana',
    defaultRecipients: ['fairlead'],
    async send(message, recipient, { signal }) {
      await sendJson(http, 'Grafana', {
        url: `${base}/annotations`,
        headers: { authorization: `Bearer ${key}` },
        json: {
          time: clock.now(),
          isRegion: false,
          tags: recipient.split('|').filter((tag) => tag !== ''),
          text: message.text,
        },
        insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
        signal,
      });
    },
  };
};

function cards(value: unknown): unknown {
  if (typeof value === 'string') return parsedJson(value, 'googlechat.cardsV2');
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}

function needed(name: string, value: string, member: string): string {
  if (value === '')
    throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: ${member} is missing`);
  return value;
}
