// Services that take alerts: Alertmanager, PagerDuty (REST and Events API v2), Opsgenie.

import { rfc3339 } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import { expectSuccess, sendJson } from '../http.ts';
import type { ServiceFactory } from '../service.ts';
import { flagOf, given, listOf, recordOf, textOf, textsOf } from '../values.ts';

export const alertmanager: ServiceFactory = ({ name, fields }, { http, clock }) => {
  const targets = listOf(fields, 'targets').map(String);
  if (targets.length === 0)
    throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: targets is empty`);
  const scheme = textOf(fields, 'scheme') || 'http';
  const path = textOf(fields, 'apiPath') || '/api/v2/alerts';
  const basic = recordOf(fields, 'basicAuth');
  const bearer = textOf(fields, 'bearerToken');
  const pair = Buffer.from(`${textOf(basic, 'username')}:${textOf(basic, 'password')}`).toString('base64');
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(bearer !== '' ? { authorization: `Bearer ${bearer}` } : {}),
    ...(bearer === '' && textOf(basic, 'username') !== '' ? { authorization: `Basic ${pair}` } : {}),
  };
  return {
    type: 'alertmanager',
    defaultRecipients: ['default'],
    async send(message, _recipient, { signal }) {
      const section = recordOf(message.sections, 'alertmanager');
      const labels = textsOf(section, 'labels');
      const alert = given({
        labels: {
          alertname: 'Fairlead',
          app: message.subject.name,
          namespace: message.subject.namespace,
          ...labels,
        },
        annotations: { message: message.text, ...textsOf(section, 'annotations') },
        generatorURL: textOf(section, 'generatorURL'),
        startsAt: rfc3339(clock.now()),
      });
      // A cluster of Alertmanagers wants every alert at every member; one that has it is enough to go on.
      const tries = await Promise.allSettled(
        targets.map(async (target) => {
          const url = `${scheme}://${target}${path}`;
          const answer = await http({
            method: 'POST',
            url,
            headers,
            body: JSON.stringify([alert]),
            insecureSkipVerify: flagOf(fields, 'insecureSkipVerify'),
            signal,
          });
          expectSuccess('Alertmanager', url, answer);
        }),
      );
      if (tries.some(({ status }) => status === 'fulfilled')) return;
      throw (tries[0] as PromiseRejectedResult).reason;
    },
  };
};

export const pagerduty: ServiceFactory = ({ name, fields }, { http }) => {
  const token = textOf(fields, 'token');
  const from = textOf(fields, 'from');
  if (token === '' || from === '') {
    throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: token and from are needed`);
  }
  const base = (textOf(fields, 'apiURL') || 'https://api.pagerduty.com').replace(/\/+$/, '');
  return {
    type: 'pagerduty',
    defaultRecipients: [textOf(fields, 'serviceID')].filter((id) => id !== ''),
    async send(message, recipient, { id, signal }) {
      const section = recordOf(message.sections, 'pagerduty');
      const priority = textOf(section, 'priorityId');
      await sendJson(http, 'PagerDuty', {
        url: `${base}/incidents`,
        headers: {
          authorization: `Token token=${token}`,
          from,
          accept: 'application/vnd.pagerduty+json;version=2',
        },
        json: {
          incident: given({
            type: 'incident',
            title: textOf(section, 'title') || message.text.split('\n', 1)[0],
            service: { id: recipient || textOf(fields, 'serviceID'), type: 'service_reference' },
            urgency: textOf(section, 'urgency'),
            priority: priority === '' ? undefined : { id: priority, type: 'priority_reference' },
            body: { type: 'incident_body', details: textOf(section, 'body') || message.text },
            incident_key: id,
          }),
        },
        signal,
      });
    },
  };
};

export const pagerdutyV2: ServiceFactory = ({ name, fields }, { http }) => {
  const keys = textsOf(fields, 'serviceKeys');
  const base = (textOf(fields, 'apiURL') || 'https://events.pagerduty.com').replace(/\/+$/, '');
  return {
    type: 'pagerdutyv2',
    defaultRecipients: Object.keys(keys),
    async send(message, recipient, { id, signal }) {
      const key = keys[recipient];
      if (key === undefined) {
        throw new NotifyError(
          'NOTIFY_CONFIG',
          `Cannot notify ${name}: serviceKeys has no ${recipient.slice(0, 80)}`,
        );
      }
      const section = recordOf(message.sections, 'pagerdutyv2');
      const url = textOf(section, 'url');
      await sendJson(http, 'PagerDuty', {
        url: `${base}/v2/enqueue`,
        json: given({
          routing_key: key,
          event_action: 'trigger',
          dedup_key: textOf(section, 'dedupKey') || id,
          payload: given({
            summary: (textOf(section, 'summary') || message.text).slice(0, 1024),
            severity: textOf(section, 'severity') || 'error',
            source: textOf(section, 'source') || `${message.subject.namespace}/${message.subject.name}`,
            component: textOf(section, 'component'),
            group: textOf(section, 'group'),
            class: textOf(section, 'class'),
          }),
          links: url === '' ? undefined : [{ href: url, text: 'Open' }],
        }),
        signal,
      });
    },
  };
};

export const opsgenie: ServiceFactory = ({ name, fields }, { http }) => {
  const keys = textsOf(fields, 'apiKeys');
  const configured = textOf(fields, 'apiUrl', 'apiURL') || 'api.opsgenie.com';
  const base = (configured.includes('://') ? configured : `https://${configured}`).replace(/\/+$/, '');
  return {
    type: 'opsgenie',
    defaultRecipients: Object.keys(keys),
    async send(message, recipient, { id, signal }) {
      const key = keys[recipient];
      if (key === undefined) {
        throw new NotifyError(
          'NOTIFY_CONFIG',
          `Cannot notify ${name}: apiKeys has no ${recipient.slice(0, 80)}`,
        );
      }
      const section = recordOf(message.sections, 'opsgenie');
      const list = (member: string): unknown =>
        listOf(section, member).length === 0 ? undefined : section[member];
      await sendJson(http, 'Opsgenie', {
        url: `${base}/v2/alerts`,
        headers: { authorization: `GenieKey ${key}` },
        json: given({
          message: message.text.slice(0, 130),
          description: (textOf(section, 'description') || message.text).slice(0, 15_000),
          priority: textOf(section, 'priority'),
          alias: textOf(section, 'alias') || id,
          note: textOf(section, 'note'),
          actions: list('actions'),
          tags: list('tags'),
          visibleTo: list('visibleTo'),
          details:
            Object.keys(textsOf(section, 'details')).length === 0 ? undefined : textsOf(section, 'details'),
          entity: textOf(section, 'entity'),
          user: textOf(section, 'user'),
          responders: [{ name: recipient, type: 'team' }],
          source: 'Fairlead',
        }),
        signal,
      });
    },
  };
};
