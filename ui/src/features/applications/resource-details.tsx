import { useState } from 'react';
import type { Application, ManagedResource } from '../../../../src/contract/index.ts';
import { QueryView } from '../../components/query-view.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useNow } from '../../lib/use-now.ts';
import { hasLogs } from '../pods/containers.ts';
import { Logs } from '../pods/logs.tsx';
import { PodTerminal } from '../pods/pod-terminal.tsx';
import { type FieldChange, ownersText, valueText } from './field-values.ts';
import { differs, isUnhealthy, type ResourceRow } from './resource-rows.ts';
import { useDifference, useEvents, useManifest, useSettings } from './use-application.ts';
import { yamlText } from './yaml-text.ts';

type View = 'difference' | 'manifest' | 'events' | 'logs' | 'terminal';
const LABELS: Record<View, string> = {
  difference: 'Difference',
  manifest: 'Manifest',
  events: 'Events',
  logs: 'Logs',
  terminal: 'Terminal',
};

interface Props {
  app: Application;
  row: ResourceRow;
}

/** One object from inside: how it differs from Git, what it is now, what happened to it. */
export function ResourceDetails({ app, row }: Props) {
  const now = useNow();
  const settings = useSettings();
  const views: View[] = [
    ...(differs(row) ? (['difference'] as const) : []),
    ...(row.uid === undefined ? [] : (['manifest', 'events'] as const)),
    ...(row.uid !== undefined && hasLogs(row.kind) ? (['logs'] as const) : []),
    ...(row.uid !== undefined && row.kind === 'Pod' && settings.data?.execEnabled === true
      ? (['terminal'] as const)
      : []),
  ];
  const [chosen, setChosen] = useState<View | undefined>(undefined);
  const first = differs(row) || !isUnhealthy(row) ? views[0] : 'events';
  const view = chosen !== undefined && views.includes(chosen) ? chosen : first;
  return (
    <div className="details">
      <p className="quiet">
        {[row.namespace && `in ${row.namespace}`, row.syncMessage && `last sync: ${row.syncMessage}`]
          .filter(Boolean)
          .join(' · ')}
        {row.createdAt !== undefined && (
          <>
            {' · '}created <TimeAgo time={row.createdAt} now={now} />
          </>
        )}
      </p>
      {views.length > 1 && (
        <p className="segments">
          {views.map((key) => (
            <button key={key} type="button" aria-pressed={key === view} onClick={() => setChosen(key)}>
              {LABELS[key]}
            </button>
          ))}
        </p>
      )}
      {view === 'difference' && <Difference app={app} row={row} now={now} />}
      {view === 'manifest' && <Manifest app={app} row={row} />}
      {view === 'events' && <Events app={app} row={row} now={now} />}
      {view === 'logs' && <Logs app={app} row={row} />}
      {view === 'terminal' && <PodTerminal app={app} row={row} />}
    </div>
  );
}

function Difference({ app, row, now }: Props & { now: number }) {
  return (
    <QueryView query={useDifference(app, row)}>
      {(resource) => <Fields resource={resource} now={now} />}
    </QueryView>
  );
}

function Fields({ resource, now }: { resource: ManagedResource | null; now: number }) {
  if (resource === null) return <p>It is no longer part of this application.</p>;
  if (resource.targetState === '')
    return <p>It left Git and is still in the cluster. A sync with deletion removes it.</p>;
  if (resource.liveState === 'null')
    return <p>It is in Git and not in the cluster yet. A sync creates it.</p>;
  const { fields = [] } = resource;
  if (fields.length === 0) return <p>It is as Git wants it.</p>;
  return (
    <dl className="fields">
      {fields.map((field) => (
        <Field key={field.path} field={field} now={now} />
      ))}
    </dl>
  );
}

function Field({ field, now }: { field: FieldChange; now: number }) {
  const owners = ownersText(field.owners, now);
  return (
    <>
      <dt>
        <code>{field.path}</code> {owners !== '' && <span className="quiet">{owners}</span>}
      </dt>
      <dd>
        <Value side="actual" title="in the cluster" value={field.live} />
        <Value side="wanted" title="in Git" value={field.desired} />
      </dd>
    </>
  );
}

function Value({ side, title, value }: { side: 'actual' | 'wanted'; title: string; value: unknown }) {
  const text = valueText(value);
  return (
    <div className={`value ${side}`}>
      <span className="quiet">{title}</span>
      {text === undefined ? <p className="quiet">not set</p> : <pre>{text}</pre>}
    </div>
  );
}

function Manifest({ app, row }: Props) {
  return (
    <QueryView query={useManifest(app, row)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      {(manifest) => <pre tabIndex={0}>{yamlText(manifest)}</pre>}
    </QueryView>
  );
}

const MAX_EVENTS = 30;

function Events({ app, row, now }: Props & { now: number }) {
  return (
    <QueryView query={useEvents(app, row)}>
      {(events) =>
        events.length === 0 ? (
          <p className="quiet">Nothing was reported lately</p>
        ) : (
          <ul className="events">
            {events.slice(0, MAX_EVENTS).map((event) => (
              <li key={event.metadata.name}>
                <strong className={event.type === 'Warning' ? 'warning' : ''}>{event.reason}</strong>{' '}
                {event.message}{' '}
                <span className="quiet">
                  <TimeAgo time={event.lastTimestamp ?? event.eventTime ?? undefined} now={now} />
                  {(event.count ?? 1) > 1 && `, ${event.count} times`}
                </span>
              </li>
            ))}
          </ul>
        )
      }
    </QueryView>
  );
}
