// Reads argocd-notifications-cm and argocd-notifications-secret. What is wrong with one entry is kept as a problem of
// that entry; the others work.
import { createHash } from 'node:crypto';
import { compileExpr, compileGoTemplate, type ExprProgram, type GoTemplate } from '../evaluate/index.ts';
import { type Clock, isRecord, messageOf, parseYaml } from '../lib/index.ts';
import { CATALOG_TEMPLATES, CATALOG_TRIGGERS } from './catalog.ts';
import { NotifyError } from './errors.ts';
import { redactor, withSecrets } from './redact.ts';
import type { Destination, Service, ServiceDeps } from './service.ts';
import { SERVICES } from './services/index.ts';
import { type Fields, textOf } from './values.ts';

export interface TriggerCondition {
  /** `[0].<hash of when>`: part of the remembered state, as Argo CD writes it. */
  readonly key: string;
  readonly when: ExprProgram;
  readonly oncePer: ExprProgram | undefined;
  readonly send: readonly string[];
}

/** A template: texts to render by service, in the shape they were written. */
export type CompiledFields =
  | GoTemplate
  | readonly CompiledFields[]
  | { readonly [key: string]: CompiledFields }
  | Plain;
interface Plain {
  readonly plain: unknown;
}

export interface GlobalSubscription {
  readonly destinations: readonly Destination[];
  /** Empty: the default triggers. */
  readonly triggers: readonly string[];
  /** Label selector; '' selects every application. */
  readonly selector: string;
}

export interface NotifyConfig {
  readonly triggers: ReadonlyMap<string, readonly TriggerCondition[]>;
  readonly templates: ReadonlyMap<string, Readonly<Record<string, CompiledFields>>>;
  readonly services: ReadonlyMap<string, Service>;
  readonly subscriptions: readonly GlobalSubscription[];
  /** True while nobody has said who is told of what: then the built-in alerts go out. */
  readonly alerts: boolean;
  readonly defaultTriggers: readonly string[];
  readonly serviceDefaultTriggers: Readonly<Record<string, readonly string[]>>;
  readonly context: Fields;
  readonly secrets: Readonly<Record<string, string>>;
  /** What cannot be used, by key of the config map. Holds no secret. */
  readonly problems: readonly { readonly key: string; readonly message: string }[];
  /** Takes secret values out of a text. */
  redact(text: string): string;
}

export interface ConfigSources {
  /** `data` of argocd-notifications-cm; empty when there is none. */
  readonly data: Readonly<Record<string, string>>;
  /** Decoded members of argocd-notifications-secret. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Address of the page, for links; '' when unknown. */
  readonly url: string;
}

/** Never throws for what somebody has configured. */
export function readNotifyConfig(deps: ServiceDeps, sources: ConfigSources): NotifyConfig {
  const { data, secrets } = sources;
  const problems: { key: string; message: string }[] = [];
  const redact = redactor(secrets);
  const attempt = <T>(key: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push({ key, message: redact(messageOf(error)).slice(0, 500) });
      return undefined;
    }
  };
  const triggers = new Map<string, readonly TriggerCondition[]>();
  const templates = new Map<string, Readonly<Record<string, CompiledFields>>>();
  const services = new Map<string, Service>();
  for (const [name, trigger] of Object.entries(CATALOG_TRIGGERS)) triggers.set(name, [condition(trigger, 0)]);
  for (const [name, fields] of Object.entries(CATALOG_TEMPLATES))
    templates.set(name, compiledTemplate(fields, deps.clock));
  for (const [key, text] of Object.entries(data)) {
    const [section = '', ...names] = key.split('.');
    const name = names.join('.');
    if (section === 'trigger') {
      const read = attempt(key, () => parsedList(text, key).map((item, i) => condition(item, i)));
      // A broken entry does not fall back to the one it was meant to replace.
      if (read === undefined) triggers.delete(name);
      else triggers.set(name, read);
    } else if (section === 'template') {
      const read = attempt(key, () => compiledTemplate(parsedRecord(text, key), deps.clock));
      if (read === undefined) templates.delete(name);
      else templates.set(name, read);
    } else if (section === 'service') {
      const service = attempt(key, () =>
        serviceOf(name, withSecrets(parsedRecord(text, key), secrets), deps),
      );
      if (service !== undefined) services.set(service.name, service.service);
    }
  }
  const context = attempt('context', () => parsedRecord(data['context'] ?? '{}', 'context')) ?? {};
  return {
    triggers,
    templates,
    services,
    subscriptions: attempt('subscriptions', () => subscriptionsOf(data['subscriptions'])) ?? [],
    alerts: data['subscriptions'] === undefined && data['fairlead.alerts'] !== 'false',
    defaultTriggers:
      attempt('defaultTriggers', () => names(data['defaultTriggers'], 'defaultTriggers')) ?? [],
    serviceDefaultTriggers: serviceDefaults(data, attempt),
    context: { ...(sources.url === '' ? {} : { argocdUrl: sources.url }), ...context },
    secrets,
    problems,
    redact,
  };
}

function condition(value: unknown, index: number): TriggerCondition {
  const fields = isRecord(value) ? value : {};
  const when = textOf(fields, 'when', 'condition');
  if (when === '') throw new NotifyError('NOTIFY_CONFIG', 'Cannot use the trigger: when is missing');
  const oncePer = textOf(fields, 'oncePer');
  const send = fields['send'] ?? fields['template'];
  return {
    key: `[${index}].${createHash('sha1').update(when).digest('base64url')}`,
    when: compileExpr(when),
    oncePer: oncePer === '' ? undefined : compileExpr(oncePer),
    send: (Array.isArray(send) ? send : [send]).filter((item) => typeof item === 'string'),
  };
}

function compiledTemplate(fields: Fields, clock: Clock): Readonly<Record<string, CompiledFields>> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, compiled(value, clock)]));
}

function compiled(value: unknown, clock: Clock): CompiledFields {
  if (typeof value === 'string') return compileGoTemplate(value, { clock });
  if (Array.isArray(value)) return value.map((item) => compiled(item, clock));
  return isRecord(value) ? compiledTemplate(value, clock) : { plain: value };
}

function serviceOf(key: string, fields: unknown, deps: ServiceDeps): { name: string; service: Service } {
  const [type = '', ...rest] = key.split('.');
  const factory = SERVICES.get(type);
  if (factory === undefined) {
    const known = [...SERVICES.keys()].join(', ');
    throw new NotifyError(
      'NOTIFY_CONFIG',
      `Cannot use service ${key}: there is no type "${type}", only ${known}`,
    );
  }
  const name = rest.join('.') || type;
  return { name, service: factory({ name, type, fields: isRecord(fields) ? fields : {} }, deps) };
}

function subscriptionsOf(text: string | undefined): GlobalSubscription[] {
  if (text === undefined) return [];
  return parsedList(text, 'subscriptions').map((item) => {
    const fields = isRecord(item) ? item : {};
    const recipients = Array.isArray(fields['recipients']) ? fields['recipients'] : [];
    const triggers = fields['triggers'] ?? fields['trigger'] ?? [];
    return {
      destinations: recipients.map((recipient) => destinationOf(String(recipient))),
      triggers: (Array.isArray(triggers) ? triggers : [triggers]).map(String),
      selector: textOf(fields, 'selector'),
    };
  });
}

/** `slack:channel`; a service that needs no recipient is named alone. */
export function destinationOf(text: string): Destination {
  const at = text.indexOf(':');
  return at < 0
    ? { service: text.trim(), recipient: '' }
    : { service: text.slice(0, at).trim(), recipient: text.slice(at + 1).trim() };
}

function serviceDefaults(
  data: Readonly<Record<string, string>>,
  attempt: <T>(key: string, read: () => T) => T | undefined,
): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {};
  for (const [key, text] of Object.entries(data)) {
    const service = /^defaultTriggers\.(.+)$/.exec(key)?.[1];
    if (service !== undefined) found[service] = attempt(key, () => names(text, key)) ?? [];
  }
  return found;
}

function names(text: string | undefined, key: string): string[] {
  return text === undefined ? [] : parsedList(text, key).map(String);
}

function parsedRecord(text: string, key: string): Fields {
  const value: unknown = parseYaml(text);
  if (value === null || value === undefined) return {};
  if (isRecord(value)) return value;
  throw new NotifyError('NOTIFY_CONFIG', `Cannot use ${key}: it is no map`);
}

function parsedList(text: string, key: string): readonly unknown[] {
  const value: unknown = parseYaml(text);
  if (Array.isArray(value)) return value;
  throw new NotifyError('NOTIFY_CONFIG', `Cannot use ${key}: it is no list`);
}
