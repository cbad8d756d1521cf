// POST serviceaccounts/token: a signed token of the account, bound to a pod or Secret when asked.
import { isRecord, rfc3339 } from '../../lib/index.ts';
import { type BoundObject, DEFAULT_AUDIENCES } from '../auth/tokens.ts';
import type { Target } from '../core.ts';
import { invalid, notFound } from '../failures.ts';
import { parseObjectBody, readBody } from '../http/body.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import { jsonAnswer, send } from '../http/respond.ts';
import type { ServerContext } from '../server-context.ts';
import { newUid } from '../write/metadata.ts';

const DEFAULT_SECONDS = 3_600;
const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;

export async function handleToken(
  context: ServerContext,
  { type }: Target,
  call: ResourceCall,
): Promise<void> {
  const { namespace, name, request, response } = call;
  const body = parseObjectBody(await readBody(request), request.headers['content-type']);
  const account = context.store.collection('serviceaccounts').get(namespace, name)?.object;
  if (account === undefined) throw notFound(type, name);
  const spec = isRecord(body['spec']) ? body['spec'] : {};
  const seconds = readSeconds(spec['expirationSeconds']);
  const given = Array.isArray(spec['audiences']) ? spec['audiences'].map(String) : [];
  const audiences = given.length === 0 ? DEFAULT_AUDIENCES : given;
  const nowSeconds = Math.floor(context.clock.now() / 1000);
  const token = context.issuer.issue({
    namespace,
    account: { name, uid: account.metadata.uid ?? '' },
    ...boundTo(context, namespace, spec['boundObjectRef']),
    audiences,
    issuedAtSeconds: nowSeconds,
    expiresAtSeconds: nowSeconds + seconds,
    id: newUid(context.random),
  });
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: rfc3339(context.clock.now()) },
    spec: { ...spec, audiences, expirationSeconds: seconds, boundObjectRef: spec['boundObjectRef'] ?? null },
    status: { token, expirationTimestamp: rfc3339((nowSeconds + seconds) * 1000) },
  };
  send(request, response, jsonAnswer(answer, 201));
}

function readSeconds(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_SECONDS;
  const seconds = Number(value);
  if (seconds >= SHORTEST_SECONDS && seconds <= LONGEST_SECONDS) return seconds;
  const rule =
    seconds < SHORTEST_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : 'may not specify a duration larger than 2^32 seconds';
  throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
    {
      field: 'spec.expirationSeconds',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${seconds}: ${rule}`,
    },
  ]);
}

function boundTo(
  context: ServerContext,
  namespace: string,
  reference: unknown,
): { pod?: BoundObject; secret?: BoundObject } {
  if (!isRecord(reference)) return {};
  const resource = reference['kind'] === 'Pod' ? 'pods' : 'secrets';
  const name = String(reference['name'] ?? '');
  const found = context.store.collection(resource).get(namespace, name)?.object;
  if (found === undefined) throw notFound({ group: '', resource }, name);
  const bound = { name, uid: found.metadata.uid ?? '' };
  return resource === 'pods' ? { pod: bound } : { secret: bound };
}
