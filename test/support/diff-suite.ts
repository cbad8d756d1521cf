// Ownership comparison against a real API server: what was applied is in sync, what changed is found, and by whom.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import {
  compareObject,
  compileIgnoreRules,
  confirmChange,
  type IgnoreRules,
  prepareTarget,
  projectionDigest,
} from '../../src/diff/index.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { FIELD_MANAGER } from '../../src/model/index.ts';
import { type TestTarget, testTarget } from './target.ts';

/** A server to hold the suite against. */
export interface SuiteServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

let target: TestTarget;

/** Registers the tests; they run against the server that `start` gives. */
export function diffSuite(start: () => Promise<SuiteServer>): void {
  let server: SuiteServer | undefined;
  before(async () => {
    server = await start();
    target = testTarget(server);
  });
  after(async () => {
    await target?.close();
    await server?.close();
  });
  register();
}

const CLUSTER_KINDS = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'StorageClass',
  'PersistentVolume',
  'PriorityClass',
  'ValidatingWebhookConfiguration',
  'IngressClass',
]);

function prepared(text: string): KubeObject[] {
  const manifests = parseAllDocuments(text).map((document, line) => ({
    object: document.toJS() as KubeObject,
    origin: { sourceIndex: 0, line },
  }));
  const { targets } = prepareTarget(manifests, {
    instance: 'app',
    destinationNamespace: 'default',
    scopeOf: ({ kind }) => (CLUSTER_KINDS.has(kind) ? 'Cluster' : 'Namespaced'),
  });
  return targets.map(({ object }) => object);
}

function one(text: string): KubeObject {
  const [object] = prepared(text);
  assert.ok(object);
  return object;
}

async function applied(desired: KubeObject): Promise<KubeObject> {
  await target.cluster.apply(desired, {
    fieldManager: FIELD_MANAGER,
    force: true,
    fieldValidation: 'Strict',
  });
  return liveOf(desired);
}

async function liveOf(desired: KubeObject): Promise<KubeObject> {
  const live = await target.get(desired);
  assert.ok(live, `${desired.kind} ${desired.metadata.name} is not there`);
  return live;
}

async function confirmed(desired: KubeObject, live: KubeObject, ignore?: IgnoreRules) {
  const predicted = await target.cluster.apply(desired, {
    fieldManager: FIELD_MANAGER,
    force: true,
    dryRun: true,
  });
  return confirmChange({ desired, live, predicted, ...(ignore === undefined ? {} : { ignore }) });
}

function kindOf(desired: KubeObject, live: KubeObject, ignore?: IgnoreRules): string {
  const result = compareObject({
    desired,
    live,
    manager: FIELD_MANAGER,
    ...(ignore === undefined ? {} : { ignore }),
  });
  return result.kind === 'suspected'
    ? result.reasons.map(({ path }) => path).join(' ') || 'takeover'
    : result.kind;
}

/** Real-world manifests that a server defaults, normalises or prunes. The value: what ownership alone says. */
const CORPUS: Record<string, { yaml: string; want: string }> = {
  'a Deployment as Helm charts write them': {
    want: 'synced',
    yaml: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: chart, labels: {app: chart}, annotations: null, creationTimestamp: null}
spec:
  replicas: 0
  paused: false
  selector: {matchLabels: {app: chart}}
  strategy: {rollingUpdate: {maxSurge: 25%}}
  template:
    metadata: {creationTimestamp: null, labels: {app: chart}}
    spec:
      serviceAccountName: ''
      hostNetwork: false
      initContainers: []
      nodeSelector: {}
      tolerations: []
      affinity: null
      volumes:
        - {name: empty, emptyDir: {}}
        - {name: config, configMap: {name: c}}
        - {name: projected, projected: {sources: [{serviceAccountToken: {path: token}}, {downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}]}}
      containers:
        - name: web
          image: nginx:1.25
          args: []
          ports: [{containerPort: 8080, name: http}, {containerPort: 8080, protocol: UDP}]
          env:
            - {name: EMPTY, value: ''}
            - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: CPU, valueFrom: {resourceFieldRef: {containerName: web, resource: limits.cpu}}}
          livenessProbe: {httpGet: {path: /healthz, port: http}}
          resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: 0.5, memory: 1e9}}
          volumeMounts: [{name: empty, mountPath: /tmp, readOnly: false}]
status: {}
`,
  },
  'a Service with defaulted ports': {
    want: 'synced',
    yaml: `
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {ports: [{port: 80, name: http, targetPort: web}, {port: 90, name: b}], selector: {app: a}, loadBalancerIP: '', type: ClusterIP}
`,
  },
  'an Ingress': {
    want: 'synced',
    yaml: `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing}
spec:
  tls: [{hosts: [a.example], secretName: tls}]
  rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: svc, port: {number: 80}}}}]}}]
`,
  },
  'a Secret with stringData': {
    want: 'synced',
    yaml: `
apiVersion: v1
kind: Secret
metadata: {name: text}
stringData: {a: one, b: two}
data: {c: dGhyZWU=, d: ''}
type: Opaque
`,
  },
  'a HorizontalPodAutoscaler': {
    want: 'synced',
    yaml: `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa}
spec:
  maxReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chart}
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}
    - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1024Mi}}}
`,
  },
  'a HorizontalPodAutoscaler of v1': {
    want: 'synced',
    yaml: `
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: hpa1}
spec: {maxReplicas: 4, targetCPUUtilizationPercentage: 50, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chart}}
`,
  },
  'a StatefulSet with claim templates': {
    want: 'synced',
    yaml: `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: sts}
spec:
  serviceName: svc
  replicas: 0
  selector: {matchLabels: {app: sts}}
  template: {metadata: {labels: {app: sts}}, spec: {containers: [{name: c, image: i}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]
`,
  },
  'roles, bindings and empty rules': {
    want: 'synced',
    yaml: `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: a, namespace: default}, {kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: empty}
rules: []
`,
  },
  'a NetworkPolicy with defaulted protocol': {
    want: 'synced',
    yaml: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 80}], from: [{podSelector: {matchLabels: {a: b}}}]}]}
`,
  },
  'a CronJob and a Job': {
    want: 'synced',
    yaml: `
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron}
spec: {schedule: '* * * * *', suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i, resources: {}}]}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
`,
  },
  'a DaemonSet, a ConfigMap, a PodDisruptionBudget and a ServiceAccount': {
    want: 'synced',
    yaml: `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ds}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, securityContext: {privileged: false}}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: '1', empty: ''}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb}
spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa}
imagePullSecrets: [{name: pull}]
`,
  },
  'a CustomResourceDefinition': {
    want: 'synced',
    yaml: `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org, creationTimestamp: null}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
status: {acceptedNames: {kind: '', plural: ''}, conditions: [], storedVersions: []}
`,
  },
  'a webhook configuration': {
    want: 'synced',
    yaml: `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks:
  - name: a.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: s, namespace: default}}
    rules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [gadgets]}]
`,
  },
  'a PersistentVolumeClaim and a StorageClass': {
    want: 'synced',
    yaml: `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pvc}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0.5Gi}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: slow}
provisioner: example.org/none
`,
  },
  'an empty strategy, which the server fills in': {
    want: '.spec.strategy',
    yaml: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: strategy}
spec: {replicas: 0, strategy: {}, selector: {matchLabels: {a: c}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: c, image: i}]}}}
`,
  },
};

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, labels: {app: web, tier: front}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {nodeSelector: {disk: ssd}, containers: [{name: web, image: 'nginx:1', env: [{name: A, value: '1'}, {name: B, value: '2'}]}]}
`;

interface Web extends KubeObject {
  spec: {
    replicas?: number;
    template: { spec: { nodeSelector?: object; containers: { image: string; env: object[] }[] } };
  };
}

function web(name: string, change: (object: Web) => void = () => {}): KubeObject {
  const object = one(WEB.replace('NAME', name)) as Web;
  change(object);
  return object;
}

function firstContainer(object: Web): { image: string; env: object[] } {
  const [container] = object.spec.template.spec.containers;
  assert.ok(container);
  return container;
}

const CHANGES: Record<string, { change: (object: Web) => void; path: string; removed?: boolean }> = {
  'a new image': {
    change: (o) => {
      firstContainer(o).image = 'nginx:2';
    },
    path: '.spec.template.spec.containers[name="web"].image',
  },
  'a removed variable': {
    change: (o) => {
      firstContainer(o).env.pop();
    },
    path: '.spec.template.spec.containers[name="web"].env[name="B"]',
    removed: true,
  },
  'a removed label': {
    change: (o) => {
      delete o.metadata.labels?.['tier'];
    },
    path: '.metadata.labels.tier',
    removed: true,
  },
  'a removed node selector entry (atomic)': {
    change: (o) => {
      o.spec.template.spec.nodeSelector = {};
    },
    path: '.spec.template.spec.nodeSelector',
    removed: true,
  },
  'a changed order of variables': {
    change: (o) => {
      firstContainer(o).env.reverse();
    },
    path: '.spec.template.spec.containers[name="web"].env',
  },
};

async function edit(object: KubeObject, patch: unknown, manager: string): Promise<KubeObject> {
  const type = await target.typeOf({ group: 'apps', version: 'v1', kind: object.kind });
  const { name = '', namespace } = object.metadata;
  return target.client.patch(
    type,
    { name, namespace },
    { type: 'strategic', body: patch },
    { fieldManager: manager },
  );
}

function register(): void {
  for (const [name, { yaml, want }] of Object.entries(CORPUS)) {
    test(`after an apply is in sync: ${name}`, async () => {
      for (const desired of prepared(yaml)) {
        const live = await applied(desired);
        assert.equal(kindOf(desired, live), want);
        assert.deepEqual(await confirmed(desired, live), []);
      }
    });
  }

  for (const [name, { change, path, removed }] of Object.entries(CHANGES)) {
    test(`finds ${name} and its owner`, async () => {
      const text = `change-${Object.keys(CHANGES).indexOf(name)}`;
      const live = await applied(web(text));
      const desired = web(text, change);
      assert.notEqual(kindOf(desired, live), 'synced');
      const [found, ...more] = await confirmed(desired, live);
      assert.deepEqual(more, []);
      assert.ok(found?.path.startsWith(path), `${found?.path} begins with ${path}`);
      assert.equal('desired' in (found ?? {}), removed !== true);
      assert.deepEqual(
        found?.owners.map(({ manager, operation }) => ({ manager, operation })),
        [{ manager: FIELD_MANAGER, operation: 'Apply' }],
      );
      const again = await applied(desired);
      assert.deepEqual(await confirmed(desired, again), []);
    });
  }

  test('drift is a change of the person who made it, with the time', async () => {
    const desired = web('drift');
    await applied(desired);
    await edit(desired, { spec: { replicas: 3 } }, 'kubectl-scale');
    const live = await liveOf(desired);
    assert.equal(kindOf(desired, live), '.spec.replicas');
    const [change] = await confirmed(desired, live);
    assert.equal(change?.path, '.spec.replicas');
    assert.deepEqual([change?.desired, change?.live], [0, 3]);
    assert.equal(change?.owners[0]?.manager, 'kubectl-scale');
    assert.match(change?.owners[0]?.time ?? '', /^\d{4}-/);
  });

  test("fields of others are nobody's business", async () => {
    const desired = web('others', (o) => {
      delete o.spec.replicas;
    });
    await applied(desired);
    await edit(
      desired,
      {
        metadata: { labels: { team: 'x' } },
        spec: { replicas: 2, template: { spec: { containers: [{ name: 'side', image: 'car' }] } } },
      },
      'injector',
    );
    assert.equal(kindOf(desired, await liveOf(desired)), 'synced');
  });

  test('drift and back is in sync again without a request', async () => {
    const desired = web('back');
    await applied(desired);
    await edit(desired, { spec: { replicas: 3 } }, 'someone');
    await edit(desired, { spec: { replicas: 0 } }, 'someone');
    assert.equal(kindOf(desired, await liveOf(desired)), 'synced');
  });

  test('the projection digest ignores status and other owners, and follows our fields', async () => {
    const desired = web('digest');
    const first = await applied(desired);
    await edit(desired, { metadata: { annotations: { note: 'x' } } }, 'someone');
    const second = await liveOf(desired);
    assert.equal(
      projectionDigest(desired, first, FIELD_MANAGER),
      projectionDigest(desired, second, FIELD_MANAGER),
    );
    await edit(desired, { spec: { replicas: 1 } }, 'someone');
    const third = await liveOf(desired);
    assert.notEqual(
      projectionDigest(desired, first, FIELD_MANAGER),
      projectionDigest(desired, third, FIELD_MANAGER),
    );
  });

  test('ignored differences are no differences: pointers, jq paths and managers', async () => {
    const desired = web('ignored');
    await applied(desired);
    await edit(
      desired,
      { spec: { replicas: 5, template: { spec: { containers: [{ name: 'web', image: 'other' }] } } } },
      'autoscaler',
    );
    const live = await liveOf(desired);
    const by = (rule: object): IgnoreRules =>
      compileIgnoreRules([{ group: 'apps', kind: 'Deploy*', ...rule }]);
    const both = by({
      jsonPointers: ['/spec/replicas'],
      jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "web") | .image'],
    });
    assert.equal(kindOf(desired, live, both), 'synced');
    assert.deepEqual(await confirmed(desired, live, both), []);
    assert.deepEqual(await confirmed(desired, live, by({ managedFieldsManagers: ['autoscaler'] })), []);
    const left = await confirmed(desired, live, by({ jsonPointers: ['/spec/replicas'] }));
    assert.deepEqual(
      left.map(({ path }) => path),
      ['.spec.template.spec.containers[name="web"].image'],
    );
  });

  test('secret values are masked in changes', async () => {
    const secret = (value: string): KubeObject =>
      one(`{apiVersion: v1, kind: Secret, metadata: {name: masked}, stringData: {a: same, b: ${value}}}`);
    const live = await applied(secret('first'));
    const found = await confirmed(secret('second'), live);
    assert.deepEqual(
      found.map(({ path, desired, live: was }) => [path, desired, was]),
      [['.data.b', '++++++++++++', '++++++++']],
    );
    const removed = parse(
      '{apiVersion: v1, kind: Secret, metadata: {name: masked}, stringData: {a: same}}',
    ) as KubeObject;
    removed.metadata = { ...secret('x').metadata };
    assert.equal(kindOf(removed, live), '.data.b');
  });

  test('a HorizontalPodAutoscaler read in another version is suspected, not judged', async () => {
    const desired = one(
      CORPUS['a HorizontalPodAutoscaler of v1']?.yaml.replace('hpa1', 'hpa-versions') ?? '',
    );
    await applied(desired);
    const live = await target.get({ ...desired, apiVersion: 'autoscaling/v2' });
    assert.ok(live);
    assert.equal(kindOf(desired, live), '.apiVersion');
  });

  test('what a former Argo CD applied client-side is in sync without a request when nothing differs', async () => {
    const desired = web('former');
    const type = await target.typeOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
    const lastApplied = JSON.stringify(desired);
    const annotations = {
      ...desired.metadata.annotations,
      'kubectl.kubernetes.io/last-applied-configuration': lastApplied,
    };
    await target.client.create(
      type,
      { ...desired, metadata: { ...desired.metadata, annotations } },
      { fieldManager: 'argocd-controller' },
    );
    assert.equal(kindOf(desired, await liveOf(desired)), 'synced');
    const fewer = web('former', (o) => {
      firstContainer(o).env.pop();
    });
    const result = compareObject({ desired: fewer, live: await liveOf(desired), manager: FIELD_MANAGER });
    assert.ok(result.kind === 'suspected' && result.takeover);
    // The dry-run cannot know yet; the take-over can.
    const found = await confirmed(fewer, await liveOf(desired));
    assert.deepEqual(
      found.map(({ path }) => path),
      ['.spec.template.spec.containers[name="web"].env[name="B"]'],
    );
  });
}
