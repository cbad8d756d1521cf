// Kargo: what `kargo refresh`, `kargo verify` and the abortion of a promotion write.
import type { ActionFamily } from '../action.ts';
import { annotating, at, icons, listAt, timeText } from '../edit.ts';

const refresh = annotating(
  { name: 'refresh', displayName: 'Refresh', iconClass: icons.refresh },
  'kargo.akuity.io/refresh',
  timeText,
);

export const warehouseActions: ActionFamily = () => [refresh];

export const stageActions: ActionFamily = (object) => {
  const [freight] = listAt(object, 'status', 'freightHistory');
  const [verification] = listAt(freight, 'verificationHistory');
  const id = at(verification, 'id');
  return [
    refresh,
    annotating(
      {
        name: 'reverify',
        displayName: 'Reverify',
        iconClass: icons.restart,
        disabled: typeof id !== 'string',
      },
      'kargo.akuity.io/reverify',
      String(id ?? ''),
    ),
    annotating(
      {
        name: 'abort-verification',
        displayName: 'Abort Verification',
        iconClass: icons.stop,
        disabled: at(verification, 'phase') !== 'Running',
      },
      'kargo.akuity.io/abort',
      String(id ?? ''),
    ),
  ];
};

const OVER: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed', 'Errored', 'Aborted']);

export const promotionActions: ActionFamily = (object) => [
  { ...refresh, disabled: OVER.has(at(object, 'status', 'phase')) },
  annotating(
    {
      name: 'abort',
      displayName: 'Abort',
      iconClass: icons.stop,
      disabled: OVER.has(at(object, 'status', 'phase')),
    },
    'kargo.akuity.io/abort',
    JSON.stringify({ action: 'terminate' }),
  ),
];
