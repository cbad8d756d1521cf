// One notification on its way to one destination, and its place in the journal: an intent before the first try, the
// outcome after the last. An intent without an outcome is delivered after a restart.
import type { Journal, JournalRecord } from '../../journal/index.ts';
import { digestOf, isRecord, type Json } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import type { Destination } from '../../notify/index.ts';
import { applicationObject } from '../application/index.ts';

export const SEND = 'notification.send';

export interface Delivery {
  /** `namespace/name` of the application. */
  readonly application: string;
  /** As the annotation remembers it. */
  readonly stateKey: string;
  readonly trigger: string;
  readonly oncePer: boolean;
  readonly templates: readonly string[];
  readonly destination: Destination;
  /** The application as it was when the trigger fired. */
  readonly app: Application;
  readonly intent: JournalRecord;
  tries: number;
}

/**
 * Names a delivery in queues, in the journal (`operation`) and to receivers that recognise repetitions. An application
 * that was deleted and created again is another one.
 */
export function deliveryId({ metadata: { namespace, name, uid } }: Application, stateKey: string): string {
  return digestOf({ namespace, name, uid: uid ?? '', stateKey })
    .replace(/^sha256:/, '')
    .slice(0, 32);
}

export type NewDelivery = Omit<Delivery, 'intent' | 'tries'>;

export async function beginDelivery(journal: Journal, delivery: NewDelivery): Promise<Delivery> {
  const { app, destination, oncePer, stateKey, templates, trigger } = delivery;
  const intent = await journal.intent({
    actor: { kind: 'controller', name: 'notifications' },
    action: SEND,
    object: applicationObject(app),
    operation: deliveryId(app, stateKey),
    reason: `${trigger} to ${destination.service}${destination.recipient === '' ? '' : `:${destination.recipient}`}`,
    detail: { stateKey, trigger, oncePer, templates, destination, app: snapshot(app) } as unknown as Json,
  });
  return { ...delivery, intent, tries: 0 };
}

/** Undefined when the record is not one that beginDelivery() wrote in full. */
export function restoreDelivery(
  record: JournalRecord,
  current: Application | undefined,
): Delivery | undefined {
  const { detail, object } = record;
  if (!isRecord(detail) || !isRecord(detail['destination']) || !isRecord(detail['app'])) return undefined;
  const { stateKey, trigger, templates, destination } = detail;
  const kept = detail['app'] as unknown as Application;
  if (typeof stateKey !== 'string' || typeof trigger !== 'string' || !Array.isArray(templates))
    return undefined;
  // What was not kept is as it is now; what the trigger saw is as it was.
  const app =
    current === undefined || current.metadata.uid !== kept.metadata.uid
      ? kept
      : {
          ...current,
          spec: kept.spec,
          status: { ...current.status, ...kept.status },
          metadata: { ...current.metadata },
        };
  return {
    application: `${object.namespace ?? ''}/${object.name}`,
    stateKey,
    trigger,
    oncePer: detail['oncePer'] === true,
    templates: templates.map(String),
    destination: {
      service: String(destination['service'] ?? ''),
      recipient: String(destination['recipient'] ?? ''),
    },
    app,
    intent: record,
    tries: 0,
  };
}

const KEPT_CONDITIONS = 5;

/** What templates usually read, small enough for the journal; parameters and values of a chart may hold secrets. */
function snapshot(app: Application): unknown {
  const { name, namespace, labels, uid } = app.metadata;
  const { project, destination } = app.spec;
  const sourceOf = ({
    repoURL,
    path,
    chart,
    targetRevision,
  }: NonNullable<Application['spec']['source']>) => ({
    repoURL,
    path,
    chart,
    targetRevision,
  });
  const { sync, health, operationState, conditions, summary } = app.status ?? {};
  return withoutUndefined({
    apiVersion: app['apiVersion'],
    kind: app['kind'],
    metadata: { name, namespace, labels, uid },
    spec: {
      project,
      destination,
      source: app.spec.source === undefined ? undefined : sourceOf(app.spec.source),
      sources: app.spec.sources?.map(sourceOf),
    },
    status: {
      sync: sync === undefined ? undefined : { status: sync.status, revision: sync.revision },
      health,
      operationState:
        operationState === undefined
          ? undefined
          : {
              phase: operationState.phase,
              message: operationState.message,
              startedAt: operationState.startedAt,
              finishedAt: operationState.finishedAt,
              operation: {
                initiatedBy: operationState.operation.initiatedBy,
                info: operationState.operation.info,
              },
              syncResult:
                operationState.syncResult === undefined
                  ? undefined
                  : { revision: operationState.syncResult.revision },
            },
      conditions: conditions?.slice(0, KEPT_CONDITIONS),
      summary,
    },
  });
}

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
