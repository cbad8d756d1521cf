// Events of the core group always show their three times, also when nobody gave them.
import type { Prepare } from '../prepare.ts';

export const prepareEvent: Prepare = (_context, object) => {
  if (object.apiVersion !== 'v1') return;
  for (const member of ['firstTimestamp', 'lastTimestamp', 'eventTime']) object[member] ??= null;
};
