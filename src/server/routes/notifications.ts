// Notifications: what is configured, and trying it. Configuring is editing argocd-notifications-cm.
import {
  type NotificationNames,
  type NotificationTemplates,
  type NotificationTriggers,
  TemplateNotifyRequest,
  type TemplateNotifyResult,
  TriggerRunRequest,
  type TriggerRunResult,
} from '../../contract/index.ts';
import { CodedError, messageOf } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const read = { resource: 'notifications', action: 'get', scope: 'object', objectOf: () => '*' } as const;
// A try sends real messages, and a template shows whatever it is given of an application.
const send = { resource: 'notifications', action: 'update', scope: 'object', objectOf: () => '*' } as const;

export const notificationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/notifications/services',
    access: read,
    handle: ({ deps }): NotificationNames => ({
      items: deps.notifications.services().map((name) => ({ name })),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/notifications/templates',
    access: read,
    handle: ({ deps }): NotificationNames => ({
      items: deps.notifications.templates().map(({ name }) => ({ name })),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/notifications/triggers',
    access: read,
    handle: ({ deps }): NotificationNames => ({
      items: deps.notifications.triggers().map(({ name }) => ({ name })),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/fairlead/notifications/templates',
    access: read,
    handle: ({ deps: { notifications } }): NotificationTemplates => ({
      items: notifications.templates(),
      problems: notifications.problems(),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/fairlead/notifications/triggers',
    access: read,
    handle: ({ deps }): NotificationTriggers => ({ items: deps.notifications.triggers() }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/notifications/triggers/:name/run',
    access: send,
    body: TriggerRunRequest,
    async handle({ deps, body, params: { name = '' } }): Promise<TriggerRunResult> {
      known(deps.notifications.triggers(), name, 'trigger');
      const app = applicationOf(deps, body);
      return { items: await explained(() => deps.notifications.run(name, app)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/notifications/templates/:name/notify',
    access: send,
    body: TemplateNotifyRequest,
    async handle({ deps, body, caller, params: { name = '' }, signal }): Promise<TemplateNotifyResult> {
      known(deps.notifications.templates(), name, 'template');
      const app = applicationOf(deps, body);
      const [service = '', ...recipient] = (body.destination ?? '').split(':');
      if (service !== '' && !deps.notifications.services().includes(service)) {
        throw new ApiError('InvalidArgument', `service "${service.slice(0, 80)}" is not configured`);
      }
      const destination = { service, recipient: recipient.join(':') };
      const actor = { kind: 'user', name: caller.name } as const;
      return await explained(() => deps.notifications.notify(name, app, destination, actor, signal));
    },
  }),
];

function known(all: readonly { readonly name: string }[], name: string, what: string): void {
  if (all.some((item) => item.name === name)) return;
  throw new ApiError('NotFound', `${what} "${name.slice(0, 80)}" is not configured`);
}

function applicationOf(
  { applications, options }: ServerDeps,
  body: { readonly application: string; readonly appNamespace?: string | undefined },
): Application {
  const namespace = body.appNamespace || options.controlNamespace;
  const app = applications.get(namespace, body.application);
  if (app !== undefined) return app;
  throw new ApiError('NotFound', `applications.argoproj.io "${body.application.slice(0, 80)}" not found`);
}

/** What a template or a service says against it is the caller's to mend; messages are free of secrets. */
async function explained<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new ApiError(error.retry === 'backoff' ? 'Unavailable' : 'FailedPrecondition', messageOf(error));
  }
}
