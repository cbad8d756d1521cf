import { useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { OutLink } from '../../components/out-link.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { commitUrl } from '../../lib/links.ts';
import { authorName, initiator, shortRevision } from './summaries.ts';
import { idOf, useCommit } from './use-application.ts';

type Entry = NonNullable<NonNullable<Application['status']>['history']>[number];

const FEW = 4;

/** The last commits that were brought to the cluster, newest first. */
export function Deployments({ app, now }: { app: Application; now: number }) {
  const [isAll, setAll] = useState(false);
  const entries = (app.status?.history ?? []).toReversed();
  const shown = isAll ? entries : entries.slice(0, FEW);
  return (
    <aside>
      <h2 className="deployed-title">Deployed</h2>
      {entries.length === 0 && <p className="quiet">Nothing so far</p>}
      <ol className="deployments">
        {shown.map((entry) => (
          <Deployment key={entry.id} app={app} entry={entry} now={now} />
        ))}
      </ol>
      {entries.length > FEW && (
        <button type="button" className="small" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? 'Show fewer' : `Show all ${entries.length}`}
        </button>
      )}
    </aside>
  );
}

function Deployment({ app, entry, now }: { app: Application; entry: Entry; now: number }) {
  const revision = entry.revision ?? entry.revisions?.[0] ?? '';
  const commit = useCommit(idOf(app), entry.revisions === undefined ? revision : undefined).data;
  return (
    <li>
      <OutLink url={commitUrl(entry.source?.repoURL, revision)}>
        <code title={revision}>{shortRevision(revision)}</code>
      </OutLink>{' '}
      <span title={commit?.message}>{commit?.message.split('\n')[0]}</span>
      <br />
      <span className="quiet">
        {commit !== undefined && `${authorName(commit.author)} · `}
        <TimeAgo time={entry.deployedAt} now={now} /> {initiator(entry.initiatedBy)}
      </span>
    </li>
  );
}
