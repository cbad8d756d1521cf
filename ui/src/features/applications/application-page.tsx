import { Link, useParams } from '@tanstack/react-router';
import type { Application } from '../../../../src/contract/index.ts';
import { Failure, QueryView } from '../../components/query-view.tsx';
import { ago } from '../../lib/time.ts';
import { useNow } from '../../lib/use-now.ts';
import { ResourceTable } from './resource-table.tsx';
import { StatusBadge } from './status-badge.tsx';
import { healthSummary, initiator, shortRevision, syncSummary } from './summaries.ts';
import { useApplication, useApplicationAction, useCommit } from './use-application.ts';

/** One application: what state it is in and why, its objects, its last deployments. */
export function ApplicationPage() {
  const { namespace, name } = useParams({ from: '/applications/$namespace/$name' });
  const query = useApplication(namespace, name);
  return (
    <section>
      <p>
        <Link to="/applications">← Applications</Link>
      </p>
      <QueryView query={query}>{(app) => <ApplicationView app={app} />}</QueryView>
    </section>
  );
}

function ApplicationView({ app }: { app: Application }) {
  const action = useApplicationAction(app);
  return (
    <>
      <div className="title">
        <h1>{app.metadata.name}</h1>
        <StatusBadge summary={syncSummary(app)} />
        <StatusBadge
          summary={healthSummary(app.status?.health?.status)}
          title={app.status?.health?.message}
        />
        <span className="actions">
          <button
            type="button"
            className="plain"
            disabled={action.isPending}
            onClick={() => action.mutate('refresh')}
          >
            Refresh
          </button>
          <button type="button" disabled={action.isPending} onClick={() => action.mutate('sync')}>
            Sync
          </button>
        </span>
      </div>
      {action.error !== null && <Failure message={action.error.message} />}
      <Conditions app={app} />
      <div className="columns">
        <CurrentRevision app={app} />
        <LastOperation app={app} />
        <SourceCard app={app} />
      </div>
      <h2>Resources</h2>
      <ResourceTable app={app} />
      <History app={app} />
    </>
  );
}

function Conditions({ app }: { app: Application }) {
  return (
    <>
      {app.status?.health?.message !== undefined && app.status.health.status !== 'Healthy' && (
        <p className="notice">{app.status.health.message}</p>
      )}
      {(app.status?.conditions ?? []).map(({ type, message }) => (
        <p
          key={type + message}
          className={type.endsWith('Error') ? 'failure' : 'notice'}
          role={type.endsWith('Error') ? 'alert' : 'status'}
        >
          <strong>{type}</strong> {message}
        </p>
      ))}
    </>
  );
}

function CurrentRevision({ app }: { app: Application }) {
  const now = useNow();
  const revision = app.status?.operationState?.syncResult?.revision ?? app.status?.sync?.revision;
  const commit = useCommit(app, revision);
  return (
    <div className="card">
      <h2>Commit</h2>
      <p className="mono">{shortRevision(revision) || 'none yet'}</p>
      {commit.data !== undefined && (
        <>
          <p>{commit.data.message?.split('\n')[0]}</p>
          <p className="quiet">
            {commit.data.author}, {ago(commit.data.date, now)}
          </p>
        </>
      )}
    </div>
  );
}

function LastOperation({ app }: { app: Application }) {
  const now = useNow(1_000);
  const operation = app.status?.operationState;
  return (
    <div className="card">
      <h2>Last sync</h2>
      {operation === undefined ? (
        <p className="quiet">Never synced</p>
      ) : (
        <>
          <p>
            {operation.phase} {initiator(app)}
          </p>
          <p className="quiet">
            {operation.finishedAt === undefined
              ? `since ${ago(operation.startedAt, now)}`
              : ago(operation.finishedAt, now)}
          </p>
          <p>{operation.message}</p>
        </>
      )}
    </div>
  );
}

function SourceCard({ app }: { app: Application }) {
  const { source, destination } = app.spec;
  return (
    <div className="card">
      <h2>Source</h2>
      <p className="break">{source?.repoURL}</p>
      <p className="quiet">
        {[source?.path ?? source?.chart, source?.targetRevision ?? 'HEAD'].filter(Boolean).join(' at ')}
      </p>
      <p className="quiet">
        into {destination.name ?? destination.server}, namespace {destination.namespace ?? 'of each manifest'}
      </p>
    </div>
  );
}

function History({ app }: { app: Application }) {
  const now = useNow();
  const history = [...(app.status?.history ?? [])].reverse();
  if (history.length === 0) return null;
  return (
    <>
      <h2>Last commits deployed</h2>
      <ol className="history">
        {history.map((entry) => (
          <HistoryEntry
            key={entry.id}
            app={app}
            revision={entry.revision ?? ''}
            deployedAgo={ago(entry.deployedAt, now)}
          />
        ))}
      </ol>
    </>
  );
}

function HistoryEntry({
  app,
  revision,
  deployedAgo,
}: {
  app: Application;
  revision: string;
  deployedAgo: string;
}) {
  const commit = useCommit(app, revision);
  return (
    <li>
      <span className="mono">{shortRevision(revision)}</span>
      <span>{commit.data?.message?.split('\n')[0]}</span>
      <span className="quiet">{[commit.data?.author, deployedAgo].filter(Boolean).join(', ')}</span>
    </li>
  );
}
