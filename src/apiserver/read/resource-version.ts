// The resourceVersion parameter of reads: how it is spelled and what it asks for. Pure.
import { ApiError } from '../errors.ts';
import { badRequest, expired, invalid } from '../failures.ts';

/** @returns undefined when unset. @throws ApiError for text that is no revision: 400 in lists, else 500 as upstream. */
export function parseRevision(text: string | null, inList = false): number | undefined {
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const problem = `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`;
  if (inList) throw badRequest(`invalid resource version: ${problem}`);
  throw new ApiError(500, 'Unknown', problem);
}

/** @throws ApiError 504 when `revision` is ahead of the store, with the cause clients know. */
export function assertNotAhead(revision: number, current: number): void {
  if (revision <= current) return;
  const message = `Too large resource version: ${revision}, current: ${current}`;
  throw new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** @throws ApiError 410 when the history no longer reaches back to `revision`. */
export function assertNotCompacted(revision: number, floor: number): void {
  if (revision < floor) throw expired(`too old resource version: ${revision} (${floor})`);
}

/** @throws ApiError 422 for combinations of list options kube-apiserver forbids. */
export function checkListOptions(query: URLSearchParams, watch: boolean): void {
  const match = query.get('resourceVersionMatch');
  const revision = query.get('resourceVersion') ?? '';
  const sendInitial = query.get('sendInitialEvents');
  const problem = (field: string, message: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      { field, reason: 'FieldValueForbidden', message: `Forbidden: ${message}` },
    ]);
  };
  if (match === null || match === '') {
    if (sendInitial !== null && watch) {
      problem(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    }
    return;
  }
  if (watch) {
    if (sendInitial === null) {
      problem(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
    return;
  }
  if (revision === '')
    problem('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if ((query.get('continue') ?? '') !== '')
    problem('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      {
        field: 'resourceVersionMatch',
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      },
    ]);
  }
  if (match === 'Exact' && revision === '0') {
    problem('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}
