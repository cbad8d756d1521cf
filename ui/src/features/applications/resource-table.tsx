import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { Failure } from '../../components/failure.tsx';
import { isGone } from '../../lib/api.ts';
import { moveBetween } from '../../lib/arrow-keys.ts';
import { ResourceDetails } from './resource-details.tsx';
import {
  differs,
  filterRows,
  isUnhealthy,
  type ResourceRow,
  type RowFilter,
  resourceRows,
} from './resource-rows.ts';
import { StatusBadge } from './status-badge.tsx';
import { useResourceTree } from './use-application.ts';

const ROW_HEIGHT_PX = 40;
/** Fewer rows than this need no search. */
const MANY = 12;

/** The application's objects and what they own, indented, each with its state; what differs opens on demand. */
export function ResourceTable({ app }: { app: Application }) {
  const tree = useResourceTree(app);
  const rows = useMemo(() => resourceRows(app, tree.data), [app, tree.data]);
  const [filter, setFilter] = useState<RowFilter>('all');
  const [text, setText] = useState('');
  const shown = useMemo(() => filterRows(rows, filter, text), [rows, filter, text]);
  return (
    <div className="resources">
      <div className="resources-title">
        <h2>Resources</h2>
        <RowFilters rows={rows} filter={filter} onFilter={setFilter} />
        {rows.length > MANY && (
          <input
            type="search"
            placeholder="Kind or name…"
            aria-label="Search resources"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </div>
      {tree.error !== null && rows.length === 0 && <NoTree error={tree.error} />}
      {tree.isPending && rows.length === 0 && <p className="quiet loading">Loading…</p>}
      {tree.isSuccess && rows.length === 0 && <p className="quiet">No resources yet</p>}
      {rows.length > 0 && shown.length === 0 && <p className="quiet">No resource matches</p>}
      {shown.length > 0 && <Rows app={app} rows={shown} />}
    </div>
  );
}

/** Nothing has looked yet is no failure. */
function NoTree({ error }: { error: Error }) {
  return isGone(error) ? <p className="quiet">{error.message}</p> : <Failure message={error.message} />;
}

interface FilterProps {
  rows: readonly ResourceRow[];
  filter: RowFilter;
  onFilter: (filter: RowFilter) => void;
}

function RowFilters({ rows, filter, onFilter }: FilterProps) {
  const counts = useMemo(
    () => ({
      all: rows.length,
      differs: rows.filter(differs).length,
      unhealthy: rows.filter(isUnhealthy).length,
    }),
    [rows],
  );
  const labels: Record<RowFilter, string> = {
    all: 'All',
    differs: 'Differs from Git',
    unhealthy: 'Not healthy',
  };
  const offered = (['all', 'differs', 'unhealthy'] as const).filter(
    (key) => counts[key] > 0 || key === filter,
  );
  if (offered.length < 2) return <span className="quiet">{counts.all || ''}</span>;
  return (
    <span className="segments">
      {offered.map((key) => (
        <button key={key} type="button" aria-pressed={key === filter} onClick={() => onFilter(key)}>
          {labels[key]} <b>{counts[key]}</b>
        </button>
      ))}
    </span>
  );
}

/** Only the rows in sight are in the document, so that ten thousand cost what twenty do. */
function Rows({ app, rows }: { app: Application; rows: readonly ResourceRow[] }) {
  const list = useRef<HTMLUListElement>(null);
  const scrollMargin = useTopOf(list);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT_PX,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 10,
    scrollMargin,
  });
  const toggle = (key: string): void => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <ul
      ref={list}
      className="rows"
      style={{ height: virtualizer.getTotalSize() }}
      onKeyDown={(event) => moveBetween(event, '.row-head')}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-posinset={index + 1}
            aria-setsize={rows.length}
            className="row"
            style={{ transform: `translateY(${start - scrollMargin}px)` }}
          >
            <RowHead row={row} isOpen={opened.has(row.key)} onToggle={() => toggle(row.key)} />
            {opened.has(row.key) && <ResourceDetails app={app} row={row} />}
          </li>
        );
      })}
    </ul>
  );
}

function RowHead({ row, isOpen, onToggle }: { row: ResourceRow; isOpen: boolean; onToggle: () => void }) {
  const { depth, kind, namespace, name, info, sync, health, healthMessage } = row;
  const reason = isUnhealthy(row) ? healthMessage : undefined;
  return (
    <button type="button" className="row-head" aria-expanded={isOpen} onClick={onToggle}>
      <span className="what" style={{ paddingInlineStart: Math.min(depth, MAX_DEPTH) * INDENT_PX }}>
        <span className="chevron" aria-hidden="true" />
        <span className="kind">{kind}</span>
        <span className="object" title={namespace === '' ? name : `${namespace}/${name}`}>
          {name}
        </span>
        {info !== '' && <span className="quiet info">{info}</span>}
        {reason !== undefined && <span className="reason">{reason}</span>}
      </span>
      <span className="states">
        <span>{sync !== undefined && <StatusBadge summary={sync} />}</span>
        <span>{health !== undefined && <StatusBadge summary={health} title={healthMessage} />}</span>
      </span>
    </button>
  );
}

const INDENT_PX = 16;
const MAX_DEPTH = 6;

/** Where the element begins in the page, kept right while what is above it grows and shrinks. */
function useTopOf(element: { readonly current: HTMLElement | null }): number {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const measure = (): void => {
      if (element.current !== null)
        setTop(Math.round(element.current.getBoundingClientRect().top + window.scrollY));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    measure();
    return () => observer.disconnect();
  }, [element]);
  return top;
}
