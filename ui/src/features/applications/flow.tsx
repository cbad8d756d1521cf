import type { ReactNode } from 'react';
import type { Application, CommitMetadata } from '../../../../src/contract/index.ts';
import { OutLink } from '../../components/out-link.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { commitUrl, forgeUrl } from '../../lib/links.ts';
import { holdView } from './hold.ts';
import { operationSummary } from './operation-summary.ts';
import { StatusBadge } from './status-badge.tsx';
import {
  authorName,
  destinationText,
  healthSummary,
  policySummary,
  type Summary,
  shortRevision,
  sourceKind,
  sourcesOf,
  sourceText,
  syncStatus,
} from './summaries.ts';
import { idOf, useCluster, useCommit, useRepository } from './use-application.ts';

interface Props {
  app: Application;
  now: number;
}

/** The way of a change, left to right: what Git wants, how it was brought over, what the cluster runs. */
export function Flow({ app, now }: Props) {
  return (
    <ol className="flow">
      <GitStation app={app} now={now} />
      <SyncStation app={app} now={now} />
      <ClusterStation app={app} now={now} />
    </ol>
  );
}

function Station({ title, summary, children }: { title: string; summary: Summary; children: ReactNode }) {
  return (
    <li className={`station ${summary.tone}`}>
      <div className="station-title">
        <h2>{title}</h2>
        <StatusBadge summary={summary} />
      </div>
      {children}
    </li>
  );
}

function GitStation({ app, now }: Props) {
  const { sync } = app.status ?? {};
  const sources = sourcesOf(app);
  const commit = useCommit(idOf(app), sources.length > 1 ? undefined : sync?.revision);
  const hold = holdView(app, now);
  const status = syncStatus(sync?.status);
  // While it is held, what it agrees with is not what the source says.
  const summary = hold === undefined ? status : { ...status, label: `${status.label}, held` };
  return (
    <Station title={sourceKind(sources)} summary={summary}>
      {sources.length <= 1 && (
        <CommitText repoURL={sources[0]?.repoURL} revision={sync?.revision} commit={commit.data} now={now} />
      )}
      {sources.map((source, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sources are known by their position
        <p className="quiet break" key={i}>
          {sources.length > 1 && <code>{shortRevision(sync?.revisions?.[i])} </code>}
          {hold === undefined ? '' : 'not following '}
          {sourceText(source, sources.length === 1 ? hold?.followsAt : undefined)}
          <br />
          <OutLink url={forgeUrl(source.repoURL)}>{source.repoURL}</OutLink>
          <RepositoryTrust app={app} repoURL={source.repoURL} />
        </p>
      ))}
    </Station>
  );
}

/** Says so where nobody checks who answers. */
function RepositoryTrust({ app, repoURL }: { app: Application; repoURL: string }) {
  const repository = useRepository(app, repoURL);
  if (repository?.insecure !== true && repository?.insecureIgnoreHostKey !== true) return null;
  return <Unchecked what={/^(ssh:|[^/]*@)/.test(repoURL) ? 'host key' : 'certificate'} />;
}

function Unchecked({ what }: { what: string }) {
  return (
    <span className="unchecked" title={`Nobody checks its ${what}: who is in between can pretend to be it`}>
      {' '}
      {what} not checked
    </span>
  );
}

interface CommitProps {
  repoURL: string | undefined;
  revision: string | undefined;
  commit: CommitMetadata | undefined;
  now: number;
}

function CommitText({ repoURL, revision = '', commit, now }: CommitProps) {
  if (revision === '') return <p className="quiet">Nothing read yet</p>;
  return (
    <p className="commit">
      <OutLink url={commitUrl(repoURL, revision)}>
        <code title={revision}>{shortRevision(revision)}</code>
      </OutLink>{' '}
      {commit !== undefined && (
        <>
          <span title={commit.message}>{commit.message.split('\n')[0]}</span>
          <br />
          <span className="quiet" title={commit.author}>
            {authorName(commit.author)}, <TimeAgo time={commit.date} now={now} />
          </span>
        </>
      )}
    </p>
  );
}

const NEVER: Summary = { tone: 'off', label: 'Never' };

function SyncStation({ app, now }: Props) {
  const operation = operationSummary(app, now);
  return (
    <Station title="Sync" summary={operation ?? NEVER}>
      {operation !== undefined && (
        <p>
          {operation.tone === 'moving' && 'began '}
          <TimeAgo time={operation.at} now={now} />
          {operation.circumstances !== '' && <span className="quiet"> {operation.circumstances}</span>}
        </p>
      )}
      {operation !== undefined && operation.message !== '' && <p className="message">{operation.message}</p>}
      {(operation?.failed ?? []).slice(0, MAX_FAILED).map(({ key, title, message }) => (
        <p key={key} className="message">
          <strong>{title}</strong> {message}
        </p>
      ))}
      <p className="quiet">{policySummary(app)}</p>
    </Station>
  );
}

/** The rest is marked in the resources. */
const MAX_FAILED = 5;
const MAX_IMAGES = 3;

function ClusterStation({ app, now }: Props) {
  const { status } = app;
  const deployed = status?.history?.at(-1);
  const cluster = useCluster(app);
  const images = status?.summary?.images ?? [];
  return (
    <Station title="Cluster" summary={healthSummary(status?.health?.status)}>
      <p>
        {deployed === undefined ? (
          <span className="quiet">Nothing deployed yet</span>
        ) : (
          <>
            runs <code title={deployed.revision}>{runningRevision(deployed)}</code>{' '}
            <span className="quiet">
              since <TimeAgo time={deployed.deployedAt} now={now} />
            </span>
          </>
        )}
      </p>
      {images.slice(0, MAX_IMAGES).map((image) => (
        <p key={image} className="break">
          <code>{image}</code>
        </p>
      ))}
      {images.length > MAX_IMAGES && (
        <p className="quiet" title={images.join('\n')}>
          and {images.length - MAX_IMAGES} more images
        </p>
      )}
      <p className="quiet break" title={app.spec.destination.server}>
        {destinationText(app)}
        {cluster?.insecure === true && <Unchecked what="certificate" />}
        <br />
        {status?.reconciledAt !== undefined && (
          <>
            compared <TimeAgo time={status.reconciledAt} now={now} />
          </>
        )}
      </p>
    </Station>
  );
}

function runningRevision(deployed: {
  revision?: string | undefined;
  revisions?: string[] | undefined;
}): string {
  return deployed.revisions?.map(shortRevision).join(', ') || shortRevision(deployed.revision);
}
