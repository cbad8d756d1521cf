// Who wants to hear of what: annotations of the application and its project, the config map, and the built-in alerts.
import { isRecord, parseYaml } from '../lib/index.ts';
import { ALERT_TRIGGERS } from './catalog.ts';
import { destinationOf, type NotifyConfig } from './config.ts';
import { matchesSelector } from './selector.ts';
import type { Destination } from './service.ts';

const PREFIX = 'notifications.argoproj.io/subscribe.';
const YAML_PREFIXES = ['notifications.argoproj.io/subscriptions', 'notifications.argoproj.io/subscribe_yaml'];
/** Of the days before the notifications were part of Argo CD. */
const LEGACY = /^(?:(.+)\.)?recipients\.argocd-notifications\.argoproj\.io$/;

type Annotations = Readonly<Record<string, string>>;

/** Destinations by trigger, without repetition. */
export function subscriptionsFor(
  config: NotifyConfig,
  app: { readonly annotations: Annotations; readonly labels: Annotations },
  projectAnnotations: Annotations,
): ReadonlyMap<string, readonly Destination[]> {
  const found = new Map<string, Map<string, Destination>>();
  const add = (trigger: string, destination: Destination): void => {
    const known = found.get(trigger) ?? new Map<string, Destination>();
    known.set(`${destination.service}\n${destination.recipient}`, destination);
    found.set(trigger, known);
  };
  const addAll = (trigger: string, destination: Destination): void => {
    const triggers = trigger === '' ? defaultsFor(config, destination.service) : [trigger];
    for (const name of triggers) add(name, destination);
  };
  for (const annotations of [app.annotations, projectAnnotations]) {
    for (const [trigger, destination] of annotated(annotations)) addAll(trigger, destination);
  }
  for (const { destinations, triggers, selector } of config.subscriptions) {
    if (!matchesSelector(selector, app.labels)) continue;
    for (const destination of destinations) {
      for (const trigger of triggers.length === 0 ? [''] : triggers) addAll(trigger, destination);
    }
  }
  if (config.alerts) for (const [trigger, destination] of alerts(config)) add(trigger, destination);
  return new Map([...found].map(([trigger, destinations]) => [trigger, [...destinations.values()]]));
}

function defaultsFor(config: NotifyConfig, service: string): readonly string[] {
  return config.serviceDefaultTriggers[service] ?? config.defaultTriggers;
}

/** Every service that knows where to send to hears of what is wrong. */
function alerts(config: NotifyConfig): [string, Destination][] {
  return [...config.services].flatMap(([service, { defaultRecipients }]) =>
    defaultRecipients.flatMap((recipient) =>
      ALERT_TRIGGERS.map((trigger): [string, Destination] => [trigger, { service, recipient }]),
    ),
  );
}

function annotated(annotations: Annotations): [string, Destination][] {
  return Object.entries(annotations).flatMap(([key, value]): [string, Destination][] => {
    if (key.startsWith(PREFIX)) return subscribed(key.slice(PREFIX.length), value);
    if (YAML_PREFIXES.some((prefix) => key.startsWith(prefix))) return listed(value);
    const legacy = LEGACY.exec(key);
    if (legacy === null) return [];
    return value
      .split(',')
      .filter((item) => item.trim() !== '')
      .map((item) => [legacy[1] ?? '', destinationOf(item)]);
  });
}

/** `<trigger>.<service>` or `<service>`: recipients separated by semicolons. */
function subscribed(name: string, value: string): [string, Destination][] {
  const [first = '', ...rest] = name.split('.');
  const trigger = rest.length === 0 ? '' : first;
  const service = rest.length === 0 ? first : rest.join('.');
  const recipients =
    value.trim() === ''
      ? ['']
      : value
          .split(';')
          .map((item) => item.trim())
          .filter((item) => item !== '');
  return recipients.map((recipient) => [trigger, { service, recipient }]);
}

function listed(text: string): [string, Destination][] {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch {
    // Somebody's broken annotation subscribes nobody; the rest of the application's annotations still count.
    return [];
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter(isRecord).flatMap((item) => {
    const triggers = texts(item['trigger'] ?? item['triggers']);
    const destinations = (Array.isArray(item['destinations']) ? item['destinations'] : []).filter(isRecord);
    return destinations.flatMap(({ service, recipients }) => {
      const all = texts(recipients);
      return (triggers.length === 0 ? [''] : triggers).flatMap((trigger) =>
        (all.length === 0 ? [''] : all).map((recipient): [string, Destination] => [
          trigger,
          { service: String(service ?? ''), recipient },
        ]),
      );
    });
  });
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
