// What a notification service is: something that takes a message for a recipient. One file per service in services/.
import type { AddressGuard, Clock } from '../lib/index.ts';
import type { HttpSend } from './http.ts';
import type { Fields } from './values.ts';

export interface Destination {
  /** Name in the configuration: `slack`, `email.gmail` → `gmail`. */
  readonly service: string;
  readonly recipient: string;
}

/** A message ready to be sent: templates are rendered. */
export interface Message {
  readonly text: string;
  /** Members of the templates by the type of service, e.g. `slack`, `email`, `webhook`. */
  readonly sections: Fields;
  /** The application concerned, for services that need more of it than text. */
  readonly subject: { readonly namespace: string; readonly name: string };
}

export interface SendContext {
  readonly signal: AbortSignal;
  /** Idempotency key: the same for every try of one notification. */
  readonly id: string;
}

export interface Service {
  readonly type: string;
  /** Destinations that make sense without being asked for: webhooks by URL, recipients named in the configuration. */
  readonly defaultRecipients: readonly string[];
  /** Resolves when the service has taken the message. Throws NotifyError. */
  send(message: Message, recipient: string, context: SendContext): Promise<void>;
}

/** Remembers which message a later one answers to, over restarts. */
export interface Threads {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

export interface ServiceDeps {
  readonly http: HttpSend;
  readonly clock: Clock;
  readonly threads: Threads;
  /** Says where connections may go besides `http`; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

export interface ServiceConfig {
  /** What templates and destinations call it. */
  readonly name: string;
  readonly type: string;
  readonly fields: Fields;
}

/** Throws NotifyError `NOTIFY_CONFIG` when the fields cannot be used. */
export type ServiceFactory = (config: ServiceConfig, deps: ServiceDeps) => Service;
