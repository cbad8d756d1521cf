import { Link, useParams } from '@tanstack/react-router';
import type { Application } from '../../../../src/contract/index.ts';
import { Failure } from '../../components/failure.tsx';
import { LiveSign } from '../../components/live-sign.tsx';
import { OutLink } from '../../components/out-link.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useNow } from '../../lib/use-now.ts';
import { useTitle } from '../../lib/use-title.ts';
import { ApplicationActions } from './application-actions.tsx';
import { Decisions, saidByDecisions } from './decisions.tsx';
import { Deployments } from './deployments.tsx';
import { Flow } from './flow.tsx';
import { noticesOf } from './notices.ts';
import { operationSummary } from './operation-summary.ts';
import { ResourceTable } from './resource-table.tsx';
import { applicationLinks } from './summaries.ts';
import { useApplication, useApplicationAction } from './use-application.ts';

/** One application: what state it is in and why, its objects, its last deployments. */
export function ApplicationPage() {
  const id = useParams({ from: '/applications/$namespace/$name' });
  const { result, isLive } = useApplication(id);
  useTitle(id.name);
  return (
    <section>
      <div className="crumb">
        <Link to="/applications">← Applications</Link>
        {result.data !== undefined && <LiveSign isLive={isLive} />}
      </div>
      <QueryView query={result}>{(app) => <ApplicationView key={app.metadata.uid} app={app} />}</QueryView>
    </section>
  );
}

function ApplicationView({ app }: { app: Application }) {
  const now = useNow(operationSummary(app, 0)?.isRunning === true ? 1_000 : 10_000);
  const action = useApplicationAction(app);
  return (
    <>
      <div className="title">
        <h1>{app.metadata.name}</h1>
        <ApplicationActions app={app} action={action} />
      </div>
      {action.error !== null && <Failure message={action.error.message} />}
      <Decisions app={app} action={action} now={now} />
      <Notices app={app} now={now} />
      <Flow app={app} now={now} />
      <Links app={app} />
      <div className="halves">
        <Deployments app={app} now={now} />
        <ResourceTable app={app} />
      </div>
    </>
  );
}

function Notices({ app, now }: { app: Application; now: number }) {
  const said = saidByDecisions(app, now);
  return noticesOf(app)
    .filter(({ key }) => !said.some((type) => key.startsWith(`${type}/`)))
    .map(({ key, tone, title, message, since }) => (
      <div key={key} className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
        <p className="notice-title">
          <strong>{title}</strong>{' '}
          <span className="quiet">
            <TimeAgo time={since} now={now} />
          </span>
        </p>
        <p className="message">{message}</p>
      </div>
    ));
}

function Links({ app }: { app: Application }) {
  const links = applicationLinks(app);
  if (links.length === 0) return null;
  return (
    <ul className="links" aria-label="Links">
      {links.map(({ title, url }) => (
        <li key={url}>
          <OutLink url={url}>{title}</OutLink>
        </li>
      ))}
    </ul>
  );
}
