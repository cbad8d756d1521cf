import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { Failure } from '../../components/failure.tsx';
import type { ResourceRow } from '../applications/resource-rows.ts';
import { applicationPath } from '../applications/summaries.ts';
import { idOf, useManifest } from '../applications/use-application.ts';
import { containersOf } from './containers.ts';
import { clockText, type LogRow, podCount } from './log-lines.ts';
import { useLogs } from './use-logs.ts';

const TAIL_LINES = 1_000;
const LINE_HEIGHT_PX = 20;
/** So near to the end counts as being there. */
const END_PX = 24;

/** Logs of one pod, or of every pod of a workload, as they are written. */
export function Logs({ app, row }: { app: Application; row: ResourceRow }) {
  const manifest = useManifest(app, row);
  const containers = useMemo(() => containersOf(manifest.data), [manifest.data]);
  const [container, setContainer] = useState('');
  const [filter, setFilter] = useState('');
  const [isFollowed, setFollowed] = useState(true);
  const [isPrevious, setPrevious] = useState(false);
  const [isWrapped, setWrapped] = useState(false);
  const [round, setRound] = useState(0);
  const question = {
    ...chosen(row),
    container,
    filter: useSettled(filter),
    previous: String(isPrevious),
  };
  const follow = String(isFollowed && !isPrevious);
  const path = applicationPath(idOf(app), '/logs', { ...question, follow, tailLines: String(TAIL_LINES) });
  const { logs, state, problem } = useLogs(path, round);
  return (
    <div className="logs">
      <div className="logs-tools">
        {containers.length > 1 && (
          <select
            aria-label="Container"
            value={container}
            onChange={(event) => setContainer(event.target.value)}
          >
            <option value="">Default container</option>
            {containers.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <input
          type="search"
          placeholder="Filter… (!text: without)"
          aria-label="Filter lines"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <Toggle label="Follow" isOn={isFollowed} onChange={setFollowed} />
        <Toggle label="Previous" isOn={isPrevious} onChange={setPrevious} />
        <Toggle label="Wrap" isOn={isWrapped} onChange={setWrapped} />
        <a
          className="download"
          download
          href={applicationPath(idOf(app), '/logs', { ...question, download: 'true' })}
        >
          Download
        </a>
      </div>
      <Lines rows={logs.rows} hasPods={podCount(logs) > 1} isWrapped={isWrapped} isFollowed={isFollowed} />
      {state === 'failed' && <Failure message={problem} />}
      <p className="quiet logs-state" role="status">
        {stateText(state, logs.rows.length, logs.dropped)}{' '}
        {state !== 'reading' && (
          <button type="button" onClick={() => setRound(round + 1)}>
            Read again
          </button>
        )}
      </p>
    </div>
  );
}

/** Each letter of a filter is not yet a question. */
const SETTLED_MS = 300;

/** The text once nobody has changed it for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function chosen({ kind, group, name, namespace }: ResourceRow): Record<string, string> {
  return kind === 'Pod' ? { podName: name, namespace } : { kind, group, resourceName: name, namespace };
}

function stateText(state: 'reading' | 'ended' | 'failed', shown: number, dropped: number): string {
  const lines = `${shown} ${shown === 1 ? 'line' : 'lines'}${dropped > 0 ? `, ${dropped} earlier ones let go` : ''}`;
  if (state === 'reading') return shown === 0 ? 'Waiting for lines…' : `${lines}, reading on`;
  return state === 'ended' ? `${lines}, the logs end here` : lines;
}

function Toggle({
  label,
  isOn,
  onChange,
}: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <button type="button" className="toggle" aria-pressed={isOn} onClick={() => onChange(!isOn)}>
      {label}
    </button>
  );
}

interface LinesProps {
  rows: readonly LogRow[];
  hasPods: boolean;
  isWrapped: boolean;
  isFollowed: boolean;
}

/** Only the lines in sight are in the document. Stays at the end until somebody scrolls up. */
function Lines({ rows, hasPods, isWrapped, isFollowed }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_HEIGHT_PX,
    getItemKey: (index) => rows[index]?.number ?? index,
    overscan: 20,
  });
  useEffect(() => {
    if (isFollowed && isAtEnd.current && rows.length > 0)
      virtualizer.scrollToIndex(rows.length - 1, { align: 'end' });
  }, [rows, isFollowed, virtualizer]);
  const onScroll = (): void => {
    const element = box.current;
    if (element !== null)
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
  };
  return (
    <div
      ref={box}
      className={isWrapped ? 'log-box wrapped' : 'log-box'}
      onScroll={onScroll}
      role="log"
      aria-label="Log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
      tabIndex={0}
    >
      <div className="log-lines" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <p
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              className={row.time === '' ? 'log-line said' : 'log-line'}
              style={{ transform: `translateY(${start}px)` }}
            >
              <time dateTime={row.time} title={row.time}>
                {clockText(row.time)}
              </time>
              {hasPods && <span className="log-pod">{row.pod}</span>}
              <span className="log-text">{row.text}</span>
            </p>
          );
        })}
      </div>
    </div>
  );
}
