// Microsoft Teams: message cards to connector URLs, adaptive cards to workflow URLs.
import { isRecord } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { sendJson } from '../http.ts';
import { parsedJson } from '../parsed.ts';
import type { Message, ServiceFactory } from '../service.ts';
import { type Fields, flagOf, given, recordOf, textOf, textsOf } from '../values.ts';

export const teams: ServiceFactory = (config, deps) => toUrls(config, deps, 'Teams', messageCard);

export const teamsWorkflows: ServiceFactory = (config, deps) => toUrls(config, deps, 'Teams', adaptiveCard);

function toUrls(
  { name, type, fields }: Parameters<ServiceFactory>[0],
  { http }: Parameters<ServiceFactory>[1],
  label: string,
  cardOf: (message: Message, section: Fields) => unknown,
): ReturnType<ServiceFactory> {
  const urls = textsOf(fields, 'recipientUrls');
  return {
    type,
    defaultRecipients: Object.keys(urls),
    async send(message, recipient, { signal }) {
      const url = urls[recipient];
      if (url === undefined) {
        throw new NotifyError(
          'NOTIFY_CONFIG',
          `Cannot notify ${name}: recipientUrls has no ${recipient.slice(0, 80)}`,
        );
      }
      const json = cardOf(message, recordOf(message.sections, type));
      await sendJson(http, label, {
        url,
        json,
        insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
        signal,
      });
    },
  };
}

function messageCard(message: Message, section: Fields): unknown {
  const template = textOf(section, 'template');
  if (template !== '') return parsedJson(template, 'teams.template');
  const facts = parsedJson(textOf(section, 'facts'), 'teams.facts');
  const sections = parsedJson(textOf(section, 'sections'), 'teams.sections');
  const all = [
    ...(Array.isArray(sections) ? (sections as unknown[]) : []),
    ...(facts === undefined ? [] : [{ facts }]),
  ];
  return given({
    '@type': 'MessageCard',
    '@context': 'https://schema.org/extensions',
    title: textOf(section, 'title'),
    summary: textOf(section, 'summary') || message.text.split('\n', 1)[0],
    text: textOf(section, 'text') || message.text,
    themeColor: textOf(section, 'themeColor'),
    sections: all.length === 0 ? undefined : all,
    potentialAction: parsedJson(textOf(section, 'potentialAction'), 'teams.potentialAction'),
  });
}

function adaptiveCard(message: Message, section: Fields): unknown {
  const whole = parsedJson(textOf(section, 'adaptiveCard', 'template'), 'teams-workflows.adaptiveCard');
  if (isRecord(whole) && whole['type'] === 'message') return whole;
  const facts = parsedJson(textOf(section, 'facts'), 'teams-workflows.facts');
  const block = (text: string, extra: object = {}): object => ({
    type: 'TextBlock',
    text,
    wrap: true,
    ...extra,
  });
  const title = textOf(section, 'title');
  const content = whole ?? {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      ...(title === '' ? [] : [block(title, { weight: 'Bolder', size: 'Large' })]),
      block(textOf(section, 'text') || message.text),
      ...(Array.isArray(facts) ? [{ type: 'FactSet', facts: facts.map(factOf) }] : []),
    ],
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  };
}

function factOf(fact: unknown): unknown {
  const { name, value } = isRecord(fact) ? fact : {};
  return { title: String(name ?? ''), value: String(value ?? '') };
}
