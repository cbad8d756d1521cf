import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { HEALTH_STATES, type ListSearch, parseListSearch, SYNC_STATES } from './list-search.ts';
import type { Tone } from './summaries.ts';
import { type Counts, useCounts } from './use-applications.ts';

/** A request for each letter would be noise. */
const TYPING_MS = 150;

/** What needs a look, at one click; text and states for everything else. */
export function ListFilters({ search }: { search: ListSearch }) {
  const navigate = useNavigate({ from: '/applications' });
  const choose = (key: 'sync' | 'health', value: string): void =>
    void navigate({ search: parseListSearch({ ...search, [key]: value, offset: 0 }), replace: true });
  return (
    <>
      <Tallies search={search} />
      <div className="filters">
        <SearchBox search={search} />
        <Choice
          label="Sync"
          value={search.sync}
          values={SYNC_STATES}
          onChange={(value) => choose('sync', value)}
        />
        <Choice
          label="Health"
          value={search.health}
          values={HEALTH_STATES}
          onChange={(value) => choose('health', value)}
        />
      </div>
    </>
  );
}

function SearchBox({ search }: { search: ListSearch }) {
  const navigate = useNavigate({ from: '/applications' });
  const [text, setText] = useState(search.search ?? '');
  const asked = useRef(text);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text === asked.current) return;
      asked.current = text;
      void navigate({ search: parseListSearch({ ...search, search: text, offset: 0 }), replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, search, navigate]);
  useEffect(() => {
    // The address changed without this box: the way back, a link.
    if ((search.search ?? '') === asked.current) return;
    asked.current = search.search ?? '';
    setText(asked.current);
  }, [search]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <input
      ref={input}
      type="search"
      placeholder="Name, project, repository, label…"
      aria-label="Search applications"
      aria-keyshortcuts="/"
      maxLength={256}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  values: readonly string[];
  onChange: (value: string) => void;
}

function Choice({ label, value = '', values, onChange }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{label}: any</option>
      {values.map((item) => (
        <option key={item} value={item}>
          {item}
        </option>
      ))}
    </select>
  );
}

const TALLIES: readonly { key: keyof Counts; label: string; tone: Tone; filter: ListSearch }[] = [
  { key: 'failing', label: 'Degraded', tone: 'bad', filter: { health: 'Degraded' } },
  { key: 'unknown', label: 'cannot be compared', tone: 'unknown', filter: { sync: 'Unknown' } },
  { key: 'outOfSync', label: 'OutOfSync', tone: 'attention', filter: { sync: 'OutOfSync' } },
  { key: 'progressing', label: 'Progressing', tone: 'moving', filter: { health: 'Progressing' } },
];

/** "120 in all, 3 Degraded, 2 OutOfSync": each leads to those. */
function Tallies({ search }: { search: ListSearch }) {
  const { data } = useCounts(search.search ?? '');
  if (data === undefined || data.total === 0) return <p className="tallies" />;
  const shown = TALLIES.filter(({ key }) => data[key] > 0);
  const keep = (filter: ListSearch): ListSearch =>
    parseListSearch({ search: search.search, sort: search.sort, ...filter });
  return (
    <p className="tallies">
      <Link to="/applications" search={keep({})} activeOptions={{ exact: true }} className="tally">
        <b>{data.total.toLocaleString('en')}</b> in all
      </Link>
      {shown.map(({ key, label, tone, filter }) => (
        <Link
          key={key}
          to="/applications"
          search={keep(filter)}
          activeOptions={{ exact: true }}
          className={`tally badge ${tone}`}
        >
          <span className="sign" aria-hidden="true" />
          <b>{data[key].toLocaleString('en')}</b> {label}
        </Link>
      ))}
      {shown.length === 0 && <span className="quiet">none needs a look</span>}
    </p>
  );
}
