import { Link, useSearch } from '@tanstack/react-router';
import { LiveSign } from '../../components/live-sign.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useTitle } from '../../lib/use-title.ts';
import { ApplicationTable } from './application-table.tsx';
import { ListFilters } from './list-filters.tsx';
import { type ListSearch, parseListSearch } from './list-search.ts';
import { PAGE_SIZE, useApplications } from './use-applications.ts';

/** Every application, one page of the server's list at a time. */
export function ApplicationListPage() {
  const search = useSearch({ from: '/applications' });
  const { result, isLive } = useApplications(search);
  useTitle('Applications');
  return (
    <section>
      <div className="title">
        <h1>Applications</h1>
        {result.data !== undefined && <LiveSign isLive={isLive} />}
      </div>
      <ListFilters search={search} />
      <QueryView query={result}>
        {({ items, total }) =>
          items.length === 0 ? (
            <NoApplications search={search} total={total} />
          ) : (
            <>
              <ApplicationTable items={items} search={search} />
              <Pager search={search} total={total} />
            </>
          )
        }
      </QueryView>
    </section>
  );
}

function Pager({ search, total }: { search: ListSearch; total: number }) {
  const { offset = 0 } = search;
  const to = (next: number): ListSearch => parseListSearch({ ...search, offset: next });
  if (total <= PAGE_SIZE && offset === 0) return null;
  return (
    <nav className="pager" aria-label="Pages">
      {offset > 0 && (
        <Link to="/applications" search={to(offset - PAGE_SIZE)} rel="prev">
          ← Previous
        </Link>
      )}
      <span>
        {(offset + 1).toLocaleString('en')}–{Math.min(offset + PAGE_SIZE, total).toLocaleString('en')} of{' '}
        {total.toLocaleString('en')}
      </span>
      {offset + PAGE_SIZE < total && (
        <Link to="/applications" search={to(offset + PAGE_SIZE)} rel="next">
          Next →
        </Link>
      )}
    </nav>
  );
}

const CREATE = `fairlead app create NAME \\
  --repo URL --path PATH \\
  --dest-server https://kubernetes.default.svc \\
  --dest-namespace NAMESPACE`;

function NoApplications({ search, total }: { search: ListSearch; total: number }) {
  if (total > 0)
    return (
      <p className="blank">
        This page is past the end. <Link to="/applications">Go to the first one</Link>
      </p>
    );
  if (Object.keys(search).length > 0)
    return (
      <p className="blank">
        No application matches. <Link to="/applications">Show all</Link>
      </p>
    );
  return (
    <div className="blank">
      <p>There is no application yet. Create the first one:</p>
      <pre>{CREATE}</pre>
    </div>
  );
}
