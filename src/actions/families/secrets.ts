// External Secrets and cert-manager.
import { isRecord } from '../../lib/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import { annotating, at, icons, listAt, timeText, withAt } from '../edit.ts';

const FORCE_SYNC = 'force-sync';

export const externalSecretActions: ActionFamily = () => [
  annotating({ name: 'refresh', displayName: 'Refresh', iconClass: icons.refresh }, FORCE_SYNC, timeText),
];

export const pushSecretActions: ActionFamily = () => [
  annotating({ name: 'push', displayName: 'Push', iconClass: icons.refresh }, FORCE_SYNC, timeText),
];

/** What `cmctl renew` does: the condition makes cert-manager issue anew. */
const renew: NativeAction = {
  name: 'renew',
  displayName: 'Renew',
  iconClass: icons.refresh,
  run: ({ object, now }) => {
    const others = listAt(object, 'status', 'conditions').filter(
      (condition) => !isRecord(condition) || condition['type'] !== 'Issuing',
    );
    const issuing = {
      type: 'Issuing',
      status: 'True',
      reason: 'ManuallyTriggered',
      message: 'Certificate re-issuance manually triggered',
      lastTransitionTime: timeText(now),
      observedGeneration: object.metadata.generation ?? 0,
    };
    return withAt(object, ['status', 'conditions'], [...others, issuing]);
  },
};

export const certificateActions: ActionFamily = (object) => {
  const isIssuing = listAt(object, 'status', 'conditions').some(
    (condition) => at(condition, 'type') === 'Issuing' && at(condition, 'status') === 'True',
  );
  return [{ ...renew, disabled: isIssuing }];
};
