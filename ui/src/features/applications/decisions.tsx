import { useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { SureButton } from '../../components/sure-button.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { exactly, moment } from '../../lib/time.ts';
import { type Approval, approvalOf, type DoomedObject } from './approval.ts';
import { type HoldView, holdView } from './hold.ts';
import { objectsText } from './summaries.ts';
import { type useApplicationAction, useMay } from './use-application.ts';

interface Props {
  app: Application;
  action: ReturnType<typeof useApplicationAction>;
  now: number;
}

/** What waits for a person: a hold to be released, deletions to be approved. Buttons only for who may press them. */
export function Decisions({ app, action, now }: Props) {
  const hold = holdView(app, now);
  const approval = approvalOf(app);
  return (
    <>
      {approval !== undefined && <ApprovalNotice app={app} action={action} now={now} approval={approval} />}
      {hold !== undefined && <HoldNotice app={app} action={action} now={now} hold={hold} />}
    </>
  );
}

/** The conditions that need no notice of their own beside that. */
export function saidByDecisions(app: Application, now: number): readonly string[] {
  return [
    ...(holdView(app, now) === undefined ? [] : ['HoldWarning']),
    ...(approvalOf(app)?.of === 'application' ? ['DeletionError'] : []),
  ];
}

function HoldNotice({ app, action, now, hold }: Props & { hold: HoldView }) {
  const mayRelease = useMay(app, 'sync');
  const { at, by, reason, since, until, follows, followsAt } = hold;
  const isReleasing = action.isPending && action.variables === 'release';
  return (
    <section className="notice attention decision" aria-label="Hold">
      <p className="notice-title">
        <strong>
          Held{at !== '' && ' at '}
          {at !== '' && <code>{at}</code>}
        </strong>{' '}
        <span className="quiet">
          {by !== undefined && `by ${by} `}
          <TimeAgo time={since} now={now} />
        </span>
      </p>
      {reason !== undefined && <p className="message">{reason}</p>}
      <p className="quiet">
        {until === undefined ? 'Until somebody releases it' : <At time={until} before="Until" />}, nothing
        newer is deployed{followsAt !== undefined && `; ${follows} is at ${followsAt}`}. Changes in the
        cluster are put back to what is held.
      </p>
      {mayRelease && (
        <div className="decision-actions">
          <SureButton
            label={isReleasing ? 'Releasing…' : 'Release'}
            sure={`Yes, follow ${follows} again`}
            disabled={action.isPending}
            onSure={() => action.mutate('release')}
          />
        </div>
      )}
    </section>
  );
}

function ApprovalNotice({ app, action, now, approval }: Props & { approval: Approval }) {
  const mayApprove = useMay(app, 'update');
  const [isAll, setAll] = useState(false);
  const { objects, since, until, reason, isApproved } = approval;
  const what = objects.length === 0 ? 'go on' : `delete ${objectsText(objects.length)}`;
  const isApproving = isApproved || (action.isPending && action.variables === 'approve');
  return (
    <section className="notice attention decision" aria-label="Approval">
      <p className="notice-title">
        <strong>Waits for approval to {what}</strong>{' '}
        <span className="quiet">
          <TimeAgo time={since} now={now} />
        </span>
      </p>
      <p className="quiet">
        {reason}
        {until !== undefined && (
          <>
            {' '}
            It gives up <At time={until} before="at" />.
          </>
        )}
      </p>
      <DoomedList objects={objects} isAll={isAll} />
      {isApproved && <p role="status">Approved. It goes on by itself.</p>}
      <div className="decision-actions">
        {mayApprove && !isApproved && (
          <SureButton
            label={isApproving ? 'Approving…' : 'Approve'}
            sure={`Yes, ${what}`}
            isDanger
            disabled={action.isPending}
            onSure={() => action.mutate('approve')}
          />
        )}
        {objects.length > FEW && (
          <button type="button" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
            {isAll ? 'Show fewer' : `Show all ${objects.length.toLocaleString('en')}`}
          </button>
        )}
      </div>
    </section>
  );
}

const FEW = 6;
/** Nobody reads more; the resources below have them all. */
const MOST = 1_000;

function DoomedList({ objects, isAll }: { objects: readonly DoomedObject[]; isAll: boolean }) {
  if (objects.length === 0) return null;
  return (
    <ul className="doomed" aria-label="Would be deleted" tabIndex={isAll ? 0 : undefined}>
      {objects.slice(0, isAll ? MOST : FEW).map(({ key, kind, namespace, name, asks }) => (
        <li key={key}>
          <span className="kind">{kind}</span> <span className="object">{name}</span>
          {namespace !== '' && <span className="quiet info"> {namespace}</span>}
          {asks && <span className="asks info"> asks first</span>}
        </li>
      ))}
      {isAll && objects.length > MOST && (
        <li className="quiet">and {(objects.length - MOST).toLocaleString('en')} more</li>
      )}
    </ul>
  );
}

function At({ time, before }: { time: string; before: string }) {
  return (
    <>
      {before}{' '}
      <time dateTime={time} title={exactly(time)}>
        {moment(time)}
      </time>
    </>
  );
}
