// Service: a cluster IP where the server gave none, and an address for load balancers after a while. The server
// normally allocates cluster IPs itself; this is for objects stored without one. Pure apart from the address pools.
import type { KubeObject } from '../../k8s/index.ts';
import { AddressPool } from './address-pool.ts';
import { isDeleting, type Service, timeMs, types, uidOf } from './kinds.ts';
import type { Controller, EventDraft, Plan, World } from './plan.ts';

const component = 'service-controller';

export function createServiceController(): Controller {
  return new ServiceController();
}

class ServiceController implements Controller {
  readonly name = 'services';
  readonly type = types.services;
  readonly triggers = [];
  private readonly clusterIps = new AddressPool('10.96.128.0', 17);
  private readonly balancers = new AddressPool('198.18.0.0', 15);
  private readonly waitingSinceMs = new Map<string, number>();

  plan(object: KubeObject, world: World): Plan {
    const service = object as Service;
    if (isDeleting(service)) return { writes: [] };
    const { type = 'ClusterIP', clusterIP = '' } = service.spec;
    if (clusterIP !== '' && clusterIP !== 'None') this.clusterIps.claim(uidOf(service), clusterIP);
    else if (clusterIP === '' && type !== 'ExternalName') return this.allocate(service);
    return this.balance(service, type, world);
  }

  forget(object: KubeObject): void {
    this.clusterIps.release(uidOf(object));
    this.balancers.release(uidOf(object));
    this.waitingSinceMs.delete(uidOf(object));
  }

  private allocate(object: Service): Plan {
    const ip = this.clusterIps.assign(uidOf(object));
    const change = (copy: KubeObject): void => {
      const families = {
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        internalTrafficPolicy: 'Cluster',
      };
      copy['spec'] = { ...families, ...(copy as Service).spec, clusterIP: ip, clusterIPs: [ip] };
    };
    return { writes: [{ op: 'edit', type: types.services, object, change }] };
  }

  private balance(object: Service, type: string, world: World): Plan {
    const held = object.status?.loadBalancer?.ingress ?? [];
    const [first] = held;
    if (type !== 'LoadBalancer') {
      this.balancers.release(uidOf(object));
      if (first === undefined) return { writes: [] };
      const status = { ...object.status, loadBalancer: {} };
      return { writes: [{ op: 'status', type: types.services, object, status }] };
    }
    if (first?.ip !== undefined) {
      this.balancers.claim(uidOf(object), first.ip);
      return { writes: [] };
    }
    const sinceMs = this.waitingSinceMs.get(uidOf(object)) ?? world.nowMs;
    this.waitingSinceMs.set(uidOf(object), sinceMs);
    const leftMs = sinceMs + world.latencies.loadBalancerMs - world.nowMs;
    if (leftMs > 0) {
      const starting = sinceMs === world.nowMs && timeMs(object.metadata.creationTimestamp) > 0;
      const event = eventOf(object, 'EnsuringLoadBalancer', 'Ensuring load balancer');
      return { writes: [], events: starting ? [event] : [], requeueMs: leftMs };
    }
    const ip = this.balancers.assign(uidOf(object));
    const status = { ...object.status, loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } };
    const event = eventOf(object, 'EnsuredLoadBalancer', 'Ensured load balancer');
    return { writes: [{ op: 'status', type: types.services, object, status, event }] };
  }
}

function eventOf(about: KubeObject, reason: string, message: string): EventDraft {
  return { about, type: 'Normal', reason, message, component };
}
