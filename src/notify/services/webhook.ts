// Webhook: method, path, headers and body as the configuration and the template say.
import { isRecord, parseDurationMs } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { expectSuccess } from '../http.ts';
import type { Message, ServiceFactory } from '../service.ts';
import { type Fields, flagOf, listOf, recordOf, textOf, textsOf } from '../values.ts';

const MAX_TRIES = 10;
const MAX_WAIT_MS = 30_000;

export const webhook: ServiceFactory = ({ name, fields }, { http, clock }) => {
  const url = textOf(fields, 'url');
  if (!URL.canParse(url)) throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: url is no URL`);
  const headers: Record<string, string> = {};
  for (const header of listOf(fields, 'headers')) {
    if (isRecord(header)) headers[textOf(header, 'name').toLowerCase()] = textOf(header, 'value');
  }
  const basic = recordOf(fields, 'basicAuth');
  if (textOf(basic, 'username') !== '') {
    const pair = `${textOf(basic, 'username')}:${textOf(basic, 'password')}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const tries = Math.min(MAX_TRIES, Number(textOf(fields, 'retryMax') || 3)) + 1;
  const waitMs = (text: string, otherwise: number): number =>
    Math.min(MAX_WAIT_MS, text === '' ? otherwise : (parseDurationMs(text) ?? otherwise));
  const firstMs = waitMs(textOf(fields, 'retryWaitMin'), 1_000);
  const lastMs = waitMs(textOf(fields, 'retryWaitMax'), 5_000);
  return {
    type: 'webhook',
    defaultRecipients: [''],
    async send(message, _recipient, { id, signal }) {
      const written = recordOf(message.sections, 'webhook')[name];
      const section = isRecord(written) ? written : defaultRequest(message);
      const method = (textOf(section, 'method') || 'GET').toUpperCase();
      if (!/^(GET|POST|PUT|PATCH|DELETE|HEAD)$/.test(method)) {
        throw new NotifyError('NOTIFY_PROGRAM', `Cannot send to webhook ${name}: unknown method`);
      }
      const target = joined(url, textOf(section, 'path'), name);
      const body = textOf(section, 'body') || (method === 'GET' || method === 'HEAD' ? '' : message.text);
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await http({
            method,
            url: target,
            headers: {
              'idempotency-key': id,
              ...headersOf(section),
              ...(body.startsWith('{') ? JSON_TYPE : {}),
              ...headers,
            },
            ...(body === '' ? {} : { body }),
            insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
            signal,
          });
          expectSuccess(`webhook ${name}`, target, answer);
          return;
        } catch (error) {
          const isOver = attempt >= tries || !(error instanceof NotifyError) || error.retry !== 'backoff';
          if (isOver) throw error;
          await clock.sleep(Math.min(lastMs, firstMs * 2 ** (attempt - 1)), signal);
        }
      }
    },
  };
};

/** Of a template; those of the configuration win, so that no template takes a credential's place. */
function headersOf(section: Fields): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(textsOf(section, 'headers'))) {
    if (!/^[\w-]+$/.test(name) || /[\r\n\0]/.test(value)) {
      throw new NotifyError(
        'NOTIFY_PROGRAM',
        'Cannot send to the webhook: the template makes a header that is none',
      );
    }
    found[name.toLowerCase()] = value;
  }
  return found;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** For templates that say nothing of this webhook. */
function defaultRequest({ text, subject }: Message): Fields {
  return {
    method: 'POST',
    body: JSON.stringify({ text, application: subject.name, namespace: subject.namespace }),
  };
}

/** The template gives the path; it never reaches another host, whatever an application's name looks like. */
function joined(base: string, path: string, name: string): string {
  if (path === '') return base;
  const text = `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  if (URL.canParse(text) && new URL(text).origin === new URL(base).origin) return text;
  throw new NotifyError('NOTIFY_PROGRAM', `Cannot send to webhook ${name}: its path leads to another host`);
}
