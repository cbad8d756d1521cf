import { Link } from '@tanstack/react-router';
import type { Application } from '../../../../src/contract/index.ts';
import { TimeAgo } from '../../components/time-ago.tsx';
import { moveBetween } from '../../lib/arrow-keys.ts';
import { useNow } from '../../lib/use-now.ts';
import { holdView } from './hold.ts';
import { type ListSearch, nextSort, parseListSearch } from './list-search.ts';
import { worstProblem } from './notices.ts';
import { StatusBadge } from './status-badge.tsx';
import { destinationText, healthSummary, shortRevision, syncSummary } from './summaries.ts';
import { idOf } from './use-application.ts';

const COLUMNS: readonly { title: string; sort?: string }[] = [
  { title: 'Name', sort: 'name' },
  { title: 'Sync', sort: 'sync' },
  { title: 'Health', sort: 'health' },
  { title: 'Revision' },
  { title: 'Destination' },
  { title: 'Last sync', sort: 'synced' },
];

export function ApplicationTable({ items, search }: { items: readonly Application[]; search: ListSearch }) {
  const now = useNow();
  return (
    <table className="applications">
      <caption className="hidden">Applications</caption>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <ColumnTitle key={column.title} {...column} search={search} />
          ))}
        </tr>
      </thead>
      <tbody onKeyDown={(event) => moveBetween(event, 'a.name')}>
        {items.map((app) => (
          <ApplicationRow key={app.metadata.uid} app={app} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function ColumnTitle({ title, sort, search }: { title: string; sort?: string; search: ListSearch }) {
  if (sort === undefined) return <th scope="col">{title}</th>;
  const order = search.sort ?? 'name';
  const isSorted = order.replace(/^-/, '') === sort;
  const direction = order.startsWith('-') ? 'descending' : 'ascending';
  const next = parseListSearch({ ...search, sort: nextSort(sort, search.sort), offset: 0 });
  return (
    <th scope="col" aria-sort={isSorted ? direction : 'none'}>
      <Link to="/applications" search={next}>
        {title}
      </Link>
    </th>
  );
}

function ApplicationRow({ app, now }: { app: Application; now: number }) {
  const { status, spec } = app;
  const { namespace, name } = idOf(app);
  const problem = worstProblem(app);
  return (
    <tr>
      <td>
        <Link to="/applications/$namespace/$name" params={{ namespace, name }} className="name">
          {name}
        </Link>
        {spec.project !== 'default' && <span className="quiet project">{spec.project}</span>}
        {holdView(app, now) !== undefined && <span className="held">held</span>}
        {problem !== undefined && <p className="problem">{problem}</p>}
      </td>
      <td>
        <StatusBadge summary={syncSummary(app)} />
      </td>
      <td>
        <StatusBadge summary={healthSummary(status?.health?.status)} title={status?.health?.message} />
      </td>
      <td>
        <code title={status?.sync?.revision}>{shortRevision(status?.sync?.revision)}</code>
      </td>
      <td title={destinationText(app)}>{destinationText(app)}</td>
      <td>
        <TimeAgo time={status?.operationState?.finishedAt} now={now} />
      </td>
    </tr>
  );
}
