// Turns what happens to applications, ApplicationSets, configuration and journal into events and audit records.
import {
  type ApplicationController,
  type ApplicationSetController,
  ConfigAudit,
  type EventRecorder,
  eventOfRecord,
  eventOfSetRecord,
  eventsOfChange,
  eventsOfSetChange,
  type Leadership,
  type Settings,
} from '../../controllers/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import type { Logger, Random } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';

export interface WatchParts {
  readonly log: Logger;
  readonly random: Random;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly controller: ApplicationController;
  readonly applicationSets: ApplicationSetController;
  readonly leadership: Leadership;
  readonly events: EventRecorder;
  /** The newest manager of the spec of an application or set, by uid. */
  readonly specManagers: SpecManagers;
  /** Sees each change of an application that this process acts for. */
  onOperation(old: Application, app: Application): void;
}

/** @returns what takes in each new journal record */
export function watchApplications(parts: WatchParts): (record: JournalRecord) => void {
  const { applicationSets, controller, events, leadership, settings, specManagers } = parts;
  const audit = new ConfigAudit({ ...parts, isLeader: () => leadership.isLeader() });
  settings.onObject((old, now) => audit.changed(old, now));
  let isReplay = true;
  controller.applications.subscribe((change) => {
    if (isReplay || !leadership.isLeader()) return;
    if (change.kind === 'update') {
      const { old, object: app } = change;
      parts.onOperation(old, app);
      for (const facts of eventsOfChange(old, app)) events.record(app, facts);
      if (old.metadata.generation !== app.metadata.generation) audit.changed(old, specManagers.on(app));
    } else if (change.kind === 'add') {
      audit.changed(undefined, specManagers.on(change.object));
      for (const facts of eventsOfChange({ ...change.object, status: {} } as Application, change.object)) {
        events.record(change.object, facts);
      }
    } else audit.changed(change.object, undefined);
  });
  applicationSets.sets.subscribe((change) => {
    if (isReplay || !leadership.isLeader()) return;
    const { object: set } = change;
    if (change.kind === 'update') {
      for (const facts of eventsOfSetChange(change.old, set)) events.record(set, facts);
      if (change.old.metadata.generation !== set.metadata.generation)
        audit.changed(change.old, specManagers.on(set));
    } else if (change.kind === 'add') audit.changed(undefined, specManagers.on(set));
    else audit.changed(set, undefined);
  });
  isReplay = false;
  return (record) => {
    const bySet = eventOfSetRecord(record);
    const set = bySet === undefined ? undefined : applicationSets.sets.get(bySet.namespace, bySet.name);
    if (bySet !== undefined && set !== undefined) events.record(set, bySet.facts);
    const facts = eventOfRecord(record);
    if (facts === undefined) return;
    const { namespace = '', name } = record.object;
    const app = controller.current(`${namespace}/${name}`) ?? {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { namespace, name },
    };
    events.record(app, facts);
  };
}

/** Who last wrote the spec of each application and set; the copies that controllers keep are without that. */
export class SpecManagers {
  readonly #managers = new Map<string, { readonly manager: string; readonly time: string }>();

  note({ metadata }: KubeObject): void {
    let newest = { manager: '', time: '' };
    for (const { manager = '', time = '', fieldsV1 } of metadata.managedFields ?? []) {
      if (fieldsV1 !== undefined && 'f:spec' in fieldsV1 && time >= newest.time) newest = { manager, time };
    }
    if (metadata.uid === undefined || newest.manager === '') return;
    if (this.#managers.size > 100_000) this.#managers.clear();
    this.#managers.set(metadata.uid, newest);
  }

  on<T extends KubeObject>(object: T): T {
    const known = this.#managers.get(object.metadata.uid ?? '');
    if (known === undefined) return object;
    return { ...object, metadata: { ...object.metadata, managedFields: [known] } };
  }
}
