// POST pods/eviction: deletes a pod when its disruption budgets allow it.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { SYSTEM } from '../auth/authenticate.ts';
import type { Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import { notFound } from '../failures.ts';
import { parseObjectBody, readBody } from '../http/body.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import { jsonAnswer, send } from '../http/respond.ts';
import { labelSelectorMatcher } from '../read/label-selector.ts';
import type { ServerContext } from '../server-context.ts';
import { deleteObject, readDeleteOptions } from '../write/delete.ts';
import { updateObject } from '../write/update.ts';

const BUDGETS = { group: 'policy', resource: 'poddisruptionbudgets' };

export async function handleEviction(
  context: ServerContext,
  { type }: Target,
  call: ResourceCall,
): Promise<void> {
  const { namespace, name, request, response, query } = call;
  const body = parseObjectBody(await readBody(request), request.headers['content-type']);
  const pod = context.store.collection('pods').get(namespace, name)?.object;
  if (pod === undefined) throw notFound(type, name);
  const options = readDeleteOptions(query, isRecord(body['deleteOptions']) ? body['deleteOptions'] : {});
  if (isHealthy(pod) && !options.dryRun) spendBudget(context, pod);
  deleteObject(context, type, { namespace, name }, options);
  send(
    request,
    response,
    jsonAnswer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201),
  );
}

function isHealthy(pod: KubeObject): boolean {
  const status = isRecord(pod['status']) ? pod['status'] : {};
  const conditions = Array.isArray(status['conditions']) ? status['conditions'].filter(isRecord) : [];
  return conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
}

/** Takes one disruption from the pod's budget. @throws ApiError 429 when none is left */
function spendBudget(context: ServerContext, pod: KubeObject): void {
  const namespace = pod.metadata.namespace ?? '';
  const budgetType = context.registry.byName(BUDGETS.group, BUDGETS.resource);
  const budgets = context.store.collection('poddisruptionbudgets.policy').list(namespace);
  for (const { object } of budgets) {
    const spec = isRecord(object['spec']) ? object['spec'] : {};
    if (!labelSelectorMatcher(spec['selector'])(pod.metadata.labels ?? {})) continue;
    const status = isRecord(object['status']) ? object['status'] : {};
    const allowed = Number(status['disruptionsAllowed'] ?? 0);
    const name = object.metadata.name ?? '';
    if (allowed <= 0) throw tooManyRequests(name, status);
    if (budgetType === undefined) continue;
    updateObject(context, {
      target: { type: budgetType, version: budgetType.storageVersion },
      namespace,
      name,
      subresource: 'status',
      options: { dryRun: false, fieldManager: 'kube-apiserver', fieldValidation: 'Ignore', user: SYSTEM },
      propose: (current) => ({ ...current, status: { ...status, disruptionsAllowed: allowed - 1 } }),
    });
  }
}

function tooManyRequests(name: string, status: Record<string, unknown>): ApiError {
  const needed = Number(status['desiredHealthy'] ?? 0);
  const healthy = Number(status['currentHealthy'] ?? 0);
  return new ApiError(
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${name} needs ${needed} healthy pods and has ${healthy} currently`,
        },
      ],
    },
  );
}
