import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { QueryView } from '../../components/query-view.tsx';
import { ago } from '../../lib/time.ts';
import { useNow } from '../../lib/use-now.ts';
import { StatusBadge } from './status-badge.tsx';
import { healthSummary, shortRevision, syncSummary } from './summaries.ts';
import { PAGE_SIZE, useApplications } from './use-applications.ts';

export interface ListSearch {
  search?: string;
  sync?: string;
  health?: string;
  offset?: number;
}

/** Filters live in the address, so that a view can be shared; anything else in it is dropped. */
export function parseListSearch(raw: Record<string, unknown>): ListSearch {
  const text = (key: string): string | undefined =>
    typeof raw[key] === 'string' && raw[key] !== '' ? String(raw[key]) : undefined;
  const offset = Number(raw['offset']);
  const [search, sync, health] = [text('search'), text('sync'), text('health')];
  return {
    ...(search === undefined ? {} : { search }),
    ...(sync === undefined ? {} : { sync }),
    ...(health === undefined ? {} : { health }),
    ...(Number.isInteger(offset) && offset > 0 ? { offset } : {}),
  };
}

const SYNC_STATES = ['Synced', 'OutOfSync', 'Unknown'];
const HEALTH_STATES = ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown'];

/** Every application, one page of the server's list at a time. */
export function ApplicationListPage() {
  const filters = useSearch({ from: '/applications' });
  const { search = '', sync = '', health = '', offset = 0 } = filters;
  const { result, isLive } = useApplications({ search, sync, health, offset });
  return (
    <section>
      <div className="title">
        <h1>Applications</h1>
        <span className={isLive ? 'live on' : 'live'}>{isLive ? 'live' : 'reconnecting…'}</span>
      </div>
      <Filters filters={filters} />
      <QueryView query={result}>
        {(page) =>
          page.items.length === 0 ? (
            <NoApplications isFiltered={search !== '' || sync !== '' || health !== ''} />
          ) : (
            <>
              <ApplicationTable items={page.items} />
              <Pager offset={offset} total={page.total} filters={filters} />
            </>
          )
        }
      </QueryView>
    </section>
  );
}

function Filters({ filters }: { filters: ListSearch }) {
  const navigate = useNavigate({ from: '/applications' });
  const [text, setText] = useState(filters.search ?? '');
  const search = useDeferredValue(text);
  useEffect(() => {
    if (search !== (filters.search ?? ''))
      void navigate({ search: parseListSearch({ ...filters, search, offset: 0 }), replace: true });
  }, [search, filters, navigate]);
  const choose = (key: 'sync' | 'health', value: string): void =>
    void navigate({ search: parseListSearch({ ...filters, [key]: value, offset: 0 }), replace: true });
  return (
    <div className="filters">
      <input
        type="search"
        placeholder="Name, project, repository…"
        aria-label="Search"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Choice
        label="Sync"
        value={filters.sync ?? ''}
        values={SYNC_STATES}
        onChange={(value) => choose('sync', value)}
      />
      <Choice
        label="Health"
        value={filters.health ?? ''}
        values={HEALTH_STATES}
        onChange={(value) => choose('health', value)}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  values: readonly string[];
  onChange: (value: string) => void;
}

function Choice({ label, value, values, onChange }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{label}: any</option>
      {values.map((item) => (
        <option key={item}>{item}</option>
      ))}
    </select>
  );
}

function ApplicationTable({ items }: { items: readonly Application[] }) {
  const now = useNow();
  return (
    <table className="cards">
      <caption className="hidden">Applications</caption>
      <thead>
        <tr>
          <th>Name</th>
          <th>Sync</th>
          <th>Health</th>
          <th>Revision</th>
          <th>Destination</th>
          <th>Last sync</th>
        </tr>
      </thead>
      <tbody>
        {items.map((app) => (
          <ApplicationRow key={`${app.metadata.namespace}/${app.metadata.name}`} app={app} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function ApplicationRow({ app, now }: { app: Application; now: number }) {
  const { name = '', namespace = '' } = app.metadata;
  const problem = app.status?.conditions?.find(({ type }) => type.endsWith('Error'))?.message;
  return (
    <tr>
      <td>
        <Link to="/applications/$namespace/$name" params={{ namespace, name }} className="name">
          {name}
        </Link>
        {problem !== undefined && <div className="problem">{problem}</div>}
      </td>
      <td>
        <StatusBadge summary={syncSummary(app)} />
      </td>
      <td>
        <StatusBadge
          summary={healthSummary(app.status?.health?.status)}
          title={app.status?.health?.message}
        />
      </td>
      <td className="mono">{shortRevision(app.status?.sync?.revision)}</td>
      <td>{[app.spec.destination.name, app.spec.destination.namespace].filter(Boolean).join(' / ')}</td>
      <td>{ago(app.status?.operationState?.finishedAt, now)}</td>
    </tr>
  );
}

function Pager({ offset, total, filters }: { offset: number; total: number; filters: ListSearch }) {
  const to = (next: number): ListSearch => parseListSearch({ ...filters, offset: next });
  return (
    <nav className="pager" aria-label="Pages">
      {offset > 0 && (
        <Link to="/applications" search={to(Math.max(0, offset - PAGE_SIZE))}>
          ← Previous
        </Link>
      )}
      <span>
        {offset + 1}–{Math.min(offset + PAGE_SIZE, total)} of {total.toLocaleString('en')}
      </span>
      {offset + PAGE_SIZE < total && (
        <Link to="/applications" search={to(offset + PAGE_SIZE)}>
          Next →
        </Link>
      )}
    </nav>
  );
}

function NoApplications({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <p className="quiet">No application matches these filters.</p>;
  return (
    <div className="card quiet">
      <p>There is no application yet. Create one with</p>
      <pre>
        fairlead app create NAME --repo URL --path PATH --dest-server https://kubernetes.default.svc
        --dest-namespace NAMESPACE
      </pre>
    </div>
  );
}
