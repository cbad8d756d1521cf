import type { Application } from '../../../../src/contract/index.ts';
import { SureButton } from '../../components/sure-button.tsx';
import { approvalOf } from './approval.ts';
import { isPaused } from './notices.ts';
import { operationSummary } from './operation-summary.ts';
import { type ApplicationAction, isPruneAutomatic, objectsText, objectsToDelete } from './summaries.ts';
import type { useApplicationAction } from './use-application.ts';

interface Props {
  app: Application;
  action: ReturnType<typeof useApplicationAction>;
}

/** Look again, sync, stop. Each says what it is doing while it does. */
export function ApplicationActions({ app, action }: Props) {
  const isRunning = operationSummary(app, 0)?.isRunning === true;
  const isSyncing =
    isRunning || ['sync', 'sync-and-delete'].includes(action.isPending ? action.variables : '');
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
        <SureButton
          label={`Sync and delete ${objectsText(toDelete)}`}
          sure={`Yes, delete ${objectsText(toDelete)}`}
          isDanger
          disabled={!isIdle}
          onSure={run('sync-and-delete')}
        />
      )}
      <button type="button" className="primary" disabled={!isIdle} onClick={run('sync')}>
        {isSyncing ? (approvalOf(app) === undefined ? 'Syncing…' : 'Waiting…') : 'Sync'}
      </button>
    </div>
  );
}
