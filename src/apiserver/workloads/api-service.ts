// APIService availability: local groups always are, aggregated ones when their Service exists and has endpoints.
// planApiService is pure; nothing is called.
import type { KubeObject } from '../../k8s/index.ts';
import { type NewCondition, withCondition } from './conditions.ts';
import { type Condition, isDeleting, nameOf, namespaceOf, types } from './kinds.ts';
import type { ObjectView } from './object-store.ts';
import type { Controller, Plan } from './plan.ts';

interface ApiService extends KubeObject {
  spec: { service?: { namespace?: string; name?: string } };
  status?: { conditions?: Condition[] };
}

export const apiServiceController: Controller = {
  name: 'apiservices',
  type: types.apiServices,
  triggers: [types.services, types.endpoints].map((type) => ({
    type,
    *keysFor(object, view) {
      for (const apiService of view.list(types.apiServices)) {
        const { service } = (apiService as ApiService).spec;
        if (service?.name === nameOf(object) && service.namespace === namespaceOf(object))
          yield `/${nameOf(apiService)}`;
      }
    },
  })),
  plan: (object, { view, nowMs }) => planApiService(object as ApiService, view, nowMs),
};

export function planApiService(object: ApiService, view: ObjectView, nowMs: number): Plan {
  if (isDeleting(object)) return { writes: [] };
  const conditions = withCondition(object.status?.conditions ?? [], availability(object, view), nowMs);
  return {
    writes: [{ op: 'status', type: types.apiServices, object, status: { ...object.status, conditions } }],
  };
}

function availability(object: ApiService, view: ObjectView): NewCondition {
  const type = 'Available';
  const { service } = object.spec;
  if (service === undefined) {
    return { type, status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
  }
  const { namespace = '', name = '' } = service;
  if (view.get(types.services, namespace, name) === undefined) {
    const message = `service/${name} in "${namespace}" is not present`;
    return { type, status: 'False', reason: 'ServiceNotFound', message };
  }
  const endpoints = view.get(types.endpoints, namespace, name);
  const subsets = (endpoints?.['subsets'] as { addresses?: object[] }[] | undefined) ?? [];
  if (!subsets.some(({ addresses = [] }) => addresses.length > 0)) {
    const message = `endpoints for service/${name} in "${namespace}" have no addresses`;
    return { type, status: 'False', reason: 'MissingEndpoints', message };
  }
  return { type, status: 'True', reason: 'Passed', message: 'all checks passed' };
}
