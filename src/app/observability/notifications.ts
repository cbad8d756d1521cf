// Builds the notifications controller over the parts of this process, and what the API and the command line ask of it.
import {
  type ApplicationController,
  type ApplicationDeps,
  applicationObject,
  type EventRecorder,
  isPackage,
  type NotificationMetrics,
  NotificationsController,
  type Settings,
} from '../../controllers/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { KubeClient } from '../../k8s/index.ts';
import {
  type AddressGuard,
  type Clock,
  digestOf,
  isRecord,
  type Logger,
  type Random,
} from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import {
  type CommitFacts,
  createNotifyHttp,
  type NotifyConfig,
  readNotifyConfig,
  renderMessage,
  runTrigger,
  type ServiceDeps,
  type Subject,
} from '../../notify/index.ts';
import type { NotificationsPort } from '../../server/index.ts';

const CONFIG_MAP = 'argocd-notifications-cm';
const SECRET = 'argocd-notifications-secret';

export interface NotificationParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly controller: ApplicationController;
  readonly application: ApplicationDeps;
  readonly events: EventRecorder;
  readonly metrics: NotificationMetrics;
  /** Says where messages may go; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

export interface RunningNotifications {
  readonly controller: NotificationsController;
  readonly port: NotificationsPort;
  stop(): Promise<void>;
}

export function startNotifications(parts: NotificationParts): RunningNotifications {
  const { clock, journal, settings, application, events, guard } = parts;
  const http = createNotifyHttp(guard);
  const config = cachedConfig(settings, { clock, guard, http: http.send, threads: journalThreads(journal) });
  const commit = (app: Application, revision: string): Promise<CommitFacts> =>
    commitFacts(application, app, revision);
  const controller = new NotificationsController({
    ...parts,
    leadership: application.leadership,
    config,
    applications: () => parts.controller.applications.values(),
    subscribe: (handler) => parts.controller.applications.subscribe(handler),
    current: (key) => parts.controller.current(key),
    wrote: (app) => parts.controller.wrote(app),
    projectAnnotations: (project) => settings.project(project)?.metadata.annotations ?? {},
    commit,
    failed: (app, message) =>
      events.record(app, {
        reason: 'NotificationFailed',
        type: 'Warning',
        message,
        component: 'argocd-notifications-controller',
      }),
  });
  settings.onChange(({ kind }) => {
    if (kind === 'config' || kind === 'project') controller.onConfig();
  });
  controller.start();
  const subject = (app: Application): Subject => ({
    app: app as unknown as Readonly<Record<string, unknown>>,
    now: () => clock.now(),
    commit: (revision) => commit(app, revision),
  });
  return {
    controller,
    port: notificationsPort(parts, config, subject),
    async stop() {
      await controller.stop();
      await http.close();
    },
  };
}

/** Read anew when the ConfigMap or the Secret say something else; the same object until then. */
function cachedConfig(settings: Settings, deps: ServiceDeps): () => NotifyConfig {
  let known: { readonly digest: string; readonly config: NotifyConfig } | undefined;
  let seen: unknown[] = [];
  return () => {
    const data = settings.configMap(CONFIG_MAP);
    const secrets = settings.secret(SECRET) ?? {};
    const url = settings.config('url') ?? '';
    // Most calls come between two changes: those are told by identity.
    if (known !== undefined && seen[0] === data && seen[1] === settings.revision) return known.config;
    seen = [data, settings.revision];
    const digest = digestOf({ data: data ?? {}, secrets, url });
    if (known?.digest !== digest)
      known = { digest, config: readNotifyConfig(deps, { data: data ?? {}, secrets, url }) };
    return known.config;
  };
}

/** Which message starts a thread is written down, so that a restart goes on in it. */
function journalThreads(journal: Journal): ServiceDeps['threads'] {
  const action = 'notification.thread';
  const known = new Map<string, string>();
  return {
    async get(key) {
      const cached = known.get(key);
      if (cached !== undefined) return cached;
      const { records } = await journal.query({
        filters: { action, object: { kind: 'Thread', name: key } },
        limit: 1,
      });
      const detail = records[0]?.detail;
      const first = isRecord(detail) ? detail['first'] : undefined;
      return typeof first === 'string' ? first : undefined;
    },
    async set(key, value) {
      if (known.size >= 1_000) known.clear();
      known.set(key, value);
      const object = { kind: 'Thread', name: key };
      await journal.fact({
        actor: { kind: 'controller', name: 'notifications' },
        action,
        object,
        detail: { first: value },
      });
    },
  };
}

async function commitFacts(
  application: ApplicationDeps,
  app: Application,
  revision: string,
): Promise<CommitFacts> {
  const [source] = app.spec.source === undefined ? (app.spec.sources ?? []) : [app.spec.source];
  if (source === undefined || isPackage(application, app, source))
    throw new Error(`${app.metadata.name} has no commits: its first source is no Git repository`);
  const mirror = application.repositories.mirror(application.repositoryFor(source.repoURL, app.spec.project));
  const { id } = await mirror.resolve(revision);
  const { author, date, message, tags } = await mirror.commitInfo(id);
  return { author, message, tags, date: Date.parse(date) };
}

function notificationsPort(
  { journal, controller }: NotificationParts,
  config: () => NotifyConfig,
  subject: (app: Application) => Subject,
): NotificationsPort {
  return {
    services: () => [...config().services.keys()],
    triggers: () =>
      [...config().triggers].map(([name, conditions]) => ({
        name,
        conditions: conditions.map(({ when, oncePer, send }) => ({
          when: when.source,
          oncePer: oncePer?.source ?? '',
          send,
        })),
      })),
    templates: () =>
      [...config().templates].map(([name, fields]) => ({ name, members: Object.keys(fields) })),
    problems: () => config().problems,
    async run(trigger, app) {
      const results = await runTrigger(config(), trigger, subject(app));
      return results.map(({ triggered, oncePer, send }) => ({ triggered, oncePer, send }));
    },
    async notify(template, app, destination, actor, signal) {
      const now = config();
      const service = now.services.get(destination.service);
      const message = await renderMessage(
        now,
        [template],
        { ...destination, type: service?.type ?? '' },
        subject(app),
      );
      if (service === undefined) return { text: message.text, sent: false };
      const object = applicationObject(
        controller.current(`${app.metadata.namespace}/${app.metadata.name}`) ?? app,
      );
      const reason = `${template} to ${destination.service}`;
      const intent = await journal.intent({ actor, action: 'notification.try', object, reason });
      try {
        await service.send(message, destination.recipient, { signal, id: `try-${intent.seq}` });
      } catch (error) {
        await journal.outcome(intent, { outcome: 'failed', reason: now.redact((error as Error).message) });
        throw error;
      }
      await journal.outcome(intent, { outcome: 'succeeded' });
      return { text: message.text, sent: true };
    },
  };
}
