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
import { ApiError } from '../errors.ts';
import { resolveApplication } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route } from '../route.ts';

const read = { resource: 'notifications', action: 'get', scope: 'object', objectOf: () => '*' } as const;
// A try sends real messages, and a template shows whatever it is given of an application.
const send = { resource: 'notifications', action: 'update', scope: 'object', objectOf: () => '*' } as const;

const readApplication = { resource: 'applications', action: 'get' } as const;

type TryCall = Pick<
  ApplicationCall<unknown, { readonly application: string; readonly appNamespace?: string | undefined }>,
  'deps' | 'caller' | 'body'
>;

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
    async handle(call): Promise<TriggerRunResult> {
      const { deps, params } = call;
      const { name = '' } = params;
      known(deps.notifications.triggers(), name, 'trigger');
      const app = applicationOf(call);
      return { items: await explained(() => deps.notifications.run(name, app)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/notifications/templates/:name/notify',
    access: send,
    body: TemplateNotifyRequest,
    async handle(call): Promise<TemplateNotifyResult> {
      const { deps, body, caller, params, signal } = call;
      const { name = '' } = params;
      known(deps.notifications.templates(), name, 'template');
      const app = applicationOf(call);
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

/** Only one the caller may see: what a template shows of it comes back. */
function applicationOf({ deps, caller, body }: TryCall): Application {
  const namespace = body.appNamespace || deps.options.controlNamespace;
  return resolveApplication(deps, caller, readApplication, {
    namespace,
    name: body.application,
    project: '',
  });
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
