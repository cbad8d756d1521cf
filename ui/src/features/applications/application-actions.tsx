import { useEffect, useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import { isPaused } from './notices.ts';
import { operationSummary } from './operation-summary.ts';
import { type ApplicationAction, isPruneAutomatic, objectsToDelete } from './summaries.ts';
import type { useApplicationAction } from './use-application.ts';

/** A second click that comes later than this was meant for something else. */
const SURE_MS = 5_000;

interface Props {
  app: Application;
  action: ReturnType<typeof useApplicationAction>;
}

/** Look again, sync, stop. Each says what it is doing while it does. */
export function ApplicationActions({ app, action }: Props) {
  const isRunning = operationSummary(app, 0)?.isRunning === true;
  const doing = action.isPending ? action.variables : undefined;
  const isIdle = !action.isPending && !isRunning && !isPaused(app);
  const run = (wanted: ApplicationAction) => (): void => action.mutate(wanted);
  const toDelete = objectsToDelete(app);
  return (
    <div className="actions" aria-busy={action.isPending}>
      <button type="button" disabled={action.isPending || isPaused(app)} onClick={run('refresh')}>
        {doing === 'refresh' ? 'Refreshing…' : 'Refresh'}
      </button>
      {isRunning && (
        <button type="button" disabled={action.isPending} onClick={run('stop')}>
          {doing === 'stop' ? 'Stopping…' : 'Stop sync'}
        </button>
      )}
      {toDelete > 0 && !isPruneAutomatic(app) && (
        <SureButton disabled={!isIdle} objects={toDelete} onSure={run('sync-and-delete')} />
      )}
      <button type="button" className="primary" disabled={!isIdle} onClick={run('sync')}>
        {isRunning || doing === 'sync' || doing === 'sync-and-delete' ? 'Syncing…' : 'Sync'}
      </button>
    </div>
  );
}

function SureButton({
  disabled,
  objects,
  onSure,
}: {
  disabled: boolean;
  objects: number;
  onSure: () => void;
}) {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return;
    const timer = setTimeout(() => setAsking(false), SURE_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const what = objects === 1 ? '1 object' : `${objects} objects`;
  const click = (): void => {
    setAsking(!isAsking);
    if (isAsking) onSure();
  };
  return (
    <button type="button" className={isAsking ? 'danger' : ''} disabled={disabled} onClick={click}>
      {isAsking ? `Yes, delete ${what}` : `Sync and delete ${what}`}
    </button>
  );
}
