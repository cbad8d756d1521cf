import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { Application, ResourceTree } from '../../../../src/contract/index.ts';
import { QueryView } from '../../components/query-view.tsx';
import { type ResourceRow, resourceRows } from './resource-rows.ts';
import { StatusBadge } from './status-badge.tsx';
import { healthSummary } from './summaries.ts';
import { useResourceTree } from './use-application.ts';

const ROW_HEIGHT_PX = 34;

/** The application's objects and what they own, indented; only the rows in sight are in the document. */
export function ResourceTable({ app }: { app: Application }) {
  const tree = useResourceTree(app);
  return <QueryView query={tree}>{(data) => <Rows app={app} tree={data} />}</QueryView>;
}

function Rows({ app, tree }: { app: Application; tree: ResourceTree }) {
  const rows = resourceRows(app, tree);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 12,
  });
  if (rows.length === 0) return <p className="quiet">No resources yet.</p>;
  return (
    <div ref={scroller} className="rows">
      <ul aria-label={`${rows.length} resources`} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : <Row key={row.key} row={row} top={item.start} />;
        })}
      </ul>
    </div>
  );
}

function Row({ row, top }: { row: ResourceRow; top: number }) {
  return (
    <li className="row" style={{ transform: `translateY(${top}px)`, height: ROW_HEIGHT_PX }}>
      <span className="kind" style={{ paddingLeft: row.depth * 18 }}>
        {row.kind}
      </span>
      <span className="break">
        {row.name} {row.info !== '' && <span className="quiet">{row.info}</span>}
      </span>
      <span>{row.sync !== undefined && <StatusBadge summary={row.sync} />}</span>
      <span>
        {row.health !== undefined && (
          <StatusBadge summary={healthSummary(row.health)} title={row.healthMessage} />
        )}
      </span>
    </li>
  );
}
