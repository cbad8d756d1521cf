// What every action makes of an object, and what users' own ones may.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createEvaluator } from '../evaluate/index.ts';
import { gvkOf, type KubeObject } from '../k8s/index.ts';
import { CodedError, parseYaml, systemClock } from '../lib/index.ts';
import {
  type ActionCatalog,
  type ActionTarget,
  createActionCatalog,
  performWrites,
  writesOf,
} from './index.ts';

const evaluator = createEvaluator({ clock: systemClock });
after(() => evaluator.close());

const NOW = Date.parse('2026-03-04T05:06:07Z');
const AT = '2026-03-04T05:06:07Z';

function catalogOf(data: Record<string, string> = {}): ActionCatalog {
  const catalog = createActionCatalog({ evaluator, clock: { ...systemClock, now: () => NOW } });
  catalog.configure(data);
  return catalog;
}

function object(yaml: string): KubeObject {
  const { metadata, ...rest } = parseYaml(yaml) as unknown as KubeObject;
  return { ...rest, metadata: { name: 'x', namespace: 'ns', uid: 'u', ...metadata } } as KubeObject;
}

interface Case {
  readonly live: string;
  /** Names of all actions; those that are disabled in brackets. */
  readonly actions: string;
  /** By action: the merge patch, or what is created. */
  readonly effects: Record<string, unknown>;
  readonly params?: Record<string, string>;
}

const annotated = (name: string, value: string | null) => ({ metadata: { annotations: { [name]: value } } });
const owner = (apiVersion: string, kind: string) => [{ apiVersion, kind, name: 'x', uid: 'u' }];

const CASES: Record<string, Case> = {
  Deployment: {
    live: '{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2, template: {}}}',
    actions: 'pause restart (resume) scale',
    effects: {
      pause: { spec: { paused: true } },
      restart: {
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': AT } } } },
      },
      scale: { spec: { replicas: 5 } },
    },
    params: { replicas: '5' },
  },
  'Deployment that is paused': {
    live: '{apiVersion: apps/v1, kind: Deployment, spec: {paused: true}}',
    actions: '(pause) restart resume scale',
    effects: { resume: { spec: { paused: false } } },
  },
  StatefulSet: {
    live: '{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1}}',
    actions: 'restart scale',
    effects: { scale: { spec: { replicas: 0 } } },
    params: { replicas: '0' },
  },
  DaemonSet: { live: '{apiVersion: apps/v1, kind: DaemonSet}', actions: 'restart', effects: {} },
  CronJob: {
    live: '{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {metadata: {labels: {a: b}}, spec: {template: {spec: {volumes: [{emptyDir: {}}]}}}}}}',
    actions: 'create-job suspend',
    effects: {
      suspend: { spec: { suspend: true } },
      'create-job': {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name: 'x-20260304050607',
          namespace: 'ns',
          labels: { a: 'b' },
          annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
          ownerReferences: owner('batch/v1', 'CronJob'),
        },
        spec: { template: { spec: { volumes: [{ emptyDir: {} }] } } },
      },
    },
  },
  'CronJob that is suspended': {
    live: '{apiVersion: batch/v1, kind: CronJob, spec: {suspend: true}}',
    actions: 'create-job resume',
    effects: { resume: { spec: { suspend: false } } },
  },
  Job: {
    live: '{apiVersion: batch/v1, kind: Job, spec: {}, status: {active: 1}}',
    actions: 'suspend terminate',
    effects: {
      terminate: {
        status: {
          conditions: [
            {
              type: 'FailureTarget',
              status: 'True',
              reason: 'ManuallyTerminated',
              message: 'Job was terminated by an action of Fairlead',
              lastProbeTime: AT,
              lastTransitionTime: AT,
            },
          ],
        },
      },
    },
  },
  'Job that is over': {
    live: "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: 'True'}]}}",
    actions: '',
    effects: {},
  },
  'Rollout between two steps': {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {strategy: {canary: {steps: [{}, {}]}}}, status: {currentPodHash: a, stableRS: b, currentStepIndex: 0, pauseConditions: [{reason: CanaryPauseStep}]}}',
    actions: 'abort (pause) promote-full restart resume (retry) skip-current-step',
    effects: {
      abort: { status: { abort: true } },
      'promote-full': { status: { promoteFull: true } },
      restart: { spec: { restartAt: AT } },
      resume: { status: { pauseConditions: null } },
      'skip-current-step': { status: { currentStepIndex: 1, pauseConditions: null } },
    },
  },
  'Rollout that was aborted': {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {strategy: {canary: {steps: []}}}, status: {currentPodHash: a, stableRS: b, abort: true, canary: {currentStepAnalysisRunStatus: {name: a}}}}',
    actions: '(abort) pause promote-full restart (resume) retry (skip-current-step)',
    effects: {
      retry: { status: { abort: null, canary: { currentStepAnalysisRunStatus: null } } },
      pause: { spec: { paused: true } },
    },
  },
  AnalysisRun: {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, spec: {}}',
    actions: 'terminate',
    effects: { terminate: { spec: { terminate: true } } },
  },
  CronWorkflow: {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, spec: {workflowSpec: {entrypoint: a}, workflowMetadata: {labels: {l: v}}}}',
    actions: 'create-workflow (resume) suspend',
    effects: {
      'create-workflow': {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Workflow',
        metadata: {
          name: 'x-20260304050607',
          namespace: 'ns',
          labels: { l: 'v', 'workflows.argoproj.io/cron-workflow': 'x' },
          annotations: { 'workflows.argoproj.io/scheduled-time': AT },
          ownerReferences: owner('argoproj.io/v1alpha1', 'CronWorkflow'),
        },
        spec: { entrypoint: 'a' },
      },
    },
  },
  WorkflowTemplate: {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate}',
    actions: 'create-workflow',
    effects: {},
  },
  Workflow: {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {}, status: {phase: Running}}',
    actions: '(resume) stop suspend terminate',
    effects: { stop: { spec: { shutdown: 'Stop' } }, suspend: { spec: { suspend: true } } },
  },
  'Application with automated sync': {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Application, spec: {syncPolicy: {automated: {prune: true}}}}',
    actions: 'refresh toggle-auto-sync',
    effects: {
      'toggle-auto-sync': { spec: { syncPolicy: { automated: { enabled: false } } } },
      refresh: annotated('argocd.argoproj.io/refresh', 'normal'),
    },
  },
  'Application without': {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Application, spec: {}}',
    actions: 'refresh toggle-auto-sync',
    effects: { 'toggle-auto-sync': { spec: { syncPolicy: { automated: { enabled: true } } } } },
  },
  ExternalSecret: {
    live: '{apiVersion: external-secrets.io/v1, kind: ExternalSecret}',
    actions: 'refresh',
    effects: { refresh: annotated('force-sync', AT) },
  },
  PushSecret: {
    live: '{apiVersion: external-secrets.io/v1alpha1, kind: PushSecret}',
    actions: 'push',
    effects: { push: annotated('force-sync', AT) },
  },
  Certificate: {
    live: "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {generation: 3}, status: {conditions: [{type: Ready, status: 'True'}]}}",
    actions: 'renew',
    effects: {
      renew: {
        status: {
          conditions: [
            { type: 'Ready', status: 'True' },
            {
              type: 'Issuing',
              status: 'True',
              reason: 'ManuallyTriggered',
              message: 'Certificate re-issuance manually triggered',
              lastTransitionTime: AT,
              observedGeneration: 3,
            },
          ],
        },
      },
    },
  },
  'Flux Kustomization': {
    live: '{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: {}}',
    actions: 'reconcile (resume) suspend',
    effects: {
      reconcile: annotated('reconcile.fluxcd.io/requestedAt', '2026-03-04T05:06:07.000Z'),
      suspend: { spec: { suspend: true } },
    },
  },
  'Flux HelmRelease that is suspended': {
    live: '{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, spec: {suspend: true}}',
    actions: '(reconcile) resume (suspend)',
    effects: { resume: { spec: { suspend: false } } },
  },
  ScaledObject: {
    live: '{apiVersion: keda.sh/v1alpha1, kind: ScaledObject}',
    actions: 'pause paused-replicas (resume)',
    effects: {
      pause: annotated('autoscaling.keda.sh/paused', 'true'),
      'paused-replicas': annotated('autoscaling.keda.sh/paused-replicas', '3'),
    },
    params: { replicas: '3' },
  },
  'ScaledObject that is held': {
    live: "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {annotations: {autoscaling.keda.sh/paused-replicas: '2'}}}",
    actions: '(pause) paused-replicas resume',
    effects: { resume: annotated('autoscaling.keda.sh/paused-replicas', null) },
  },
  ScaledJob: {
    live: "{apiVersion: keda.sh/v1alpha1, kind: ScaledJob, metadata: {annotations: {autoscaling.keda.sh/paused: 'true'}}}",
    actions: '(pause) resume',
    effects: { resume: annotated('autoscaling.keda.sh/paused', null) },
  },
  'CloudNativePG Cluster': {
    live: '{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, status: {currentPrimary: x-2, instancesStatus: {healthy: [x-1, x-2]}}}',
    actions: 'hibernate promote reload restart suspend',
    effects: {
      promote: { status: { targetPrimary: 'x-1', targetPrimaryTimestamp: AT } },
      suspend: annotated('cnpg.io/reconciliationLoop', 'disabled'),
      hibernate: annotated('cnpg.io/hibernation', 'on'),
    },
  },
  'CloudNativePG Cluster that sleeps': {
    live: '{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {annotations: {cnpg.io/hibernation: "on", cnpg.io/reconciliationLoop: disabled}}}',
    actions: '(promote) rehydrate reload restart resume',
    effects: {
      rehydrate: annotated('cnpg.io/hibernation', 'off'),
      resume: annotated('cnpg.io/reconciliationLoop', null),
    },
  },
  ScheduledBackup: {
    live: '{apiVersion: postgresql.cnpg.io/v1, kind: ScheduledBackup, spec: {schedule: "0 0 0 * * *", cluster: {name: c}, method: plugin}}',
    actions: 'create-backup (resume) suspend',
    effects: {
      'create-backup': {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Backup',
        metadata: {
          name: 'x-20260304050607',
          namespace: 'ns',
          labels: { 'cnpg.io/cluster': 'c', 'cnpg.io/scheduled-backup': 'x' },
          ownerReferences: owner('postgresql.cnpg.io/v1', 'ScheduledBackup'),
        },
        spec: { cluster: { name: 'c' }, method: 'plugin' },
      },
    },
  },
  MariaDB: {
    live: '{apiVersion: k8s.mariadb.com/v1alpha1, kind: MariaDB}',
    actions: '(resume) suspend',
    effects: { suspend: { spec: { suspend: true } } },
  },
  'Percona cluster that is paused': {
    live: '{apiVersion: pxc.percona.com/v1, kind: PerconaXtraDBCluster, spec: {pause: true}}',
    actions: '(pause) unpause',
    effects: { unpause: { spec: { pause: false } } },
  },
  StrimziPodSet: {
    live: '{apiVersion: core.strimzi.io/v1, kind: StrimziPodSet}',
    actions: 'rolling-update',
    effects: { 'rolling-update': annotated('strimzi.io/manual-rolling-update', 'true') },
  },
  KafkaConnector: {
    live: '{apiVersion: kafka.strimzi.io/v1beta2, kind: KafkaConnector}',
    actions: 'pause restart (resume)',
    effects: { restart: annotated('strimzi.io/restart', 'true') },
  },
  KafkaRebalance: {
    live: '{apiVersion: kafka.strimzi.io/v1beta2, kind: KafkaRebalance}',
    actions: 'approve refresh stop',
    effects: { approve: annotated('strimzi.io/rebalance', 'approve') },
  },
  'Numaflow Pipeline that is paused': {
    live: "{apiVersion: numaflow.numaproj.io/v1alpha1, kind: Pipeline, metadata: {annotations: {numaflow.numaproj.io/allowed-resume-strategies: 'slow, fast'}, labels: {numaplane.numaproj.io/upgrade-state: in-progress}}, spec: {lifecycle: {desiredPhase: Paused}}}",
    actions: 'force-promote (pause) unpause-fast unpause-gradual',
    effects: {
      'unpause-fast': {
        ...annotated('numaflow.numaproj.io/resume-strategy', 'fast'),
        spec: { lifecycle: { desiredPhase: 'Running' } },
      },
      'force-promote': { metadata: { labels: { 'numaplane.numaproj.io/force-promote': 'true' } } },
    },
  },
  MonoVertex: {
    live: '{apiVersion: numaflow.numaproj.io/v1alpha1, kind: MonoVertex, spec: {}}',
    actions: '(force-promote) pause (unpause-fast) (unpause-gradual)',
    effects: { pause: { spec: { lifecycle: { desiredPhase: 'Paused' } } } },
  },
  PipelineRollout: {
    live: '{apiVersion: numaplane.numaproj.io/v1alpha1, kind: PipelineRollout, spec: {pipeline: {spec: {lifecycle: {desiredPhase: Paused}}}}, status: {upgradeInProgress: PipelinePauseAndDrain}}',
    actions:
      'allow-data-loss (disable-force-promote) (disallow-data-loss) (enable-force-promote) (pause) (unpause-fast) unpause-gradual',
    effects: {
      'allow-data-loss': annotated('numaplane.numaproj.io/allow-data-loss', 'true'),
      'unpause-gradual': {
        spec: {
          pipeline: {
            metadata: { annotations: { 'numaflow.numaproj.io/resume-strategy': 'slow' } },
            spec: { lifecycle: { desiredPhase: 'Running' } },
          },
        },
      },
    },
  },
  MonoVertexRollout: {
    live: '{apiVersion: numaplane.numaproj.io/v1alpha1, kind: MonoVertexRollout, spec: {}, status: {upgradeInProgress: Progressive}}',
    actions: '(disable-force-promote) enable-force-promote pause (unpause-fast) (unpause-gradual)',
    effects: { 'enable-force-promote': { spec: { strategy: { progressive: { forcePromote: true } } } } },
  },
  ISBServiceRollout: {
    live: '{apiVersion: numaplane.numaproj.io/v1alpha1, kind: ISBServiceRollout, spec: {strategy: {progressive: {forcePromote: true}}}}',
    actions: 'disable-force-promote (enable-force-promote)',
    effects: { 'disable-force-promote': { spec: { strategy: { progressive: { forcePromote: false } } } } },
  },
  'Kargo Warehouse': {
    live: '{apiVersion: kargo.akuity.io/v1alpha1, kind: Warehouse}',
    actions: 'refresh',
    effects: { refresh: annotated('kargo.akuity.io/refresh', AT) },
  },
  'Kargo Stage under verification': {
    live: '{apiVersion: kargo.akuity.io/v1alpha1, kind: Stage, status: {freightHistory: [{verificationHistory: [{id: v1, phase: Running}]}]}}',
    actions: 'abort-verification refresh reverify',
    effects: { reverify: annotated('kargo.akuity.io/reverify', 'v1') },
  },
  'Kargo Promotion': {
    live: '{apiVersion: kargo.akuity.io/v1alpha1, kind: Promotion, status: {phase: Running}}',
    actions: 'abort refresh',
    effects: { abort: annotated('kargo.akuity.io/abort', '{"action":"terminate"}') },
  },
  'GitOps Promoter PullRequest': {
    live: '{apiVersion: promoter.argoproj.io/v1alpha1, kind: PullRequest, spec: {state: open}}',
    actions: 'merge',
    effects: { merge: { spec: { state: 'merged' } } },
  },
  'a kind nobody has actions for': { live: '{apiVersion: v1, kind: ConfigMap}', actions: '', effects: {} },
};
for (const [name, { live, actions, effects, params = {} }] of Object.entries(CASES)) {
  test(`actions of ${name}`, async () => {
    const catalog = catalogOf();
    const subject = object(live);
    const before = JSON.stringify(subject);
    const listed = await catalog.list(subject);
    const shown = listed.map((info) => (info.disabled ? `(${info.name})` : info.name)).join(' ');
    assert.equal(shown, actions);
    for (const [action, want] of Object.entries(effects)) {
      const own = listed.find((info) => info.name === action)?.params === undefined ? {} : params;
      const [write] = writesOf(subject, await catalog.run(subject, action, own));
      const got = write?.kind === 'patch' ? { ...write.main, ...write.status } : write?.object;
      assert.deepEqual(got, want, action);
    }
    assert.equal(JSON.stringify(subject), before, 'the object itself is as it was');
  });
}

const REFUSED: Record<
  string,
  { live: string; action: string; params?: Record<string, string>; want: RegExp }
> = {
  'an action there is none of': {
    live: '{apiVersion: apps/v1, kind: DaemonSet}',
    action: 'explode',
    want: /^apps\/DaemonSet ns\/x has no action "explode"; there are: restart$/,
  },
  'one that is disabled': {
    live: '{apiVersion: apps/v1, kind: Deployment}',
    action: 'resume',
    want: /^The action resume of apps\/Deployment ns\/x is disabled/,
  },
  'a missing parameter': {
    live: '{apiVersion: apps/v1, kind: Deployment}',
    action: 'scale',
    want: /^Parameter replicas must be a whole number from 0: it is missing$/,
  },
  'a parameter of another name': {
    live: '{apiVersion: apps/v1, kind: Deployment}',
    action: 'scale',
    params: { count: '3' },
    want: /^The action scale has no parameter "count"; there is: replicas$/,
  },
  'a negative number': {
    live: '{apiVersion: apps/v1, kind: StatefulSet}',
    action: 'scale',
    params: { replicas: '-1' },
    want: /must be a whole number from 0: "-1" is none$/,
  },
  'an instance that is the primary already': {
    live: '{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, status: {currentPrimary: x-2, instancesStatus: {healthy: [x-1, x-2]}}}',
    action: 'promote',
    params: { instance: '2' },
    want: /"2" is no healthy replica; there are x-1$/,
  },
};
for (const [name, { live, action, params = {}, want }] of Object.entries(REFUSED)) {
  test(`run() refuses ${name}`, async () => {
    await assert.rejects(catalogOf().run(object(live), action, params), { message: want });
  });
}

const OWN = `
discovery.lua: |
  local actions = {}
  actions["restart"] = {["displayName"] = "My restart", ["iconClass"] = "fa fa-fw fa-star"}
  actions["label"] = {["params"] = {{["name"] = "word", ["type"] = "string", ["default"] = "a"}}}
  actions["many"] = {}
  actions["nothing"] = {["disabled"] = obj.spec.replicas == 3}
  actions["undefined"] = {}
  return actions
definitions:
- name: restart
  action.lua: |
    local os = require("os")
    if obj.spec.template.metadata == nil then obj.spec.template.metadata = {} end
    obj.spec.template.metadata.annotations = {at = os.date("!%Y-%m-%dT%XZ", 0)}
    return obj
- name: label
  action.lua: |
    obj.metadata.labels = {word = actionParams["word"]}
    return obj
- name: many
  action.lua: |
    return {
      {operation = "create", resource = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = "made"}, data = {}}},
      {operation = "patch", resource = obj},
    }
- name: nothing
  action.lua: return obj
`;
const KEY = 'resource.customizations.actions.apps_Deployment';
const DEPLOYMENT = object(
  '{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2, template: {spec: {containers: [], volumes: [{emptyDir: {}}]}}}}',
);

test("a user's actions replace the kind's own", async () => {
  const listed = await catalogOf({ [KEY]: OWN }).list(DEPLOYMENT);
  assert.deepEqual(listed, [
    { name: 'label', disabled: false, params: [{ name: 'word', type: 'string', default: 'a' }] },
    { name: 'many', disabled: false },
    { name: 'nothing', disabled: false },
    { name: 'restart', disabled: false, displayName: 'My restart', iconClass: 'fa fa-fw fa-star' },
    { name: 'undefined', disabled: false },
  ]);
});

test("a user's actions stand beside the kind's own with mergeBuiltinActions, and come first", async () => {
  const listed = await catalogOf({ [KEY]: `mergeBuiltinActions: true\n${OWN}` }).list(DEPLOYMENT);
  assert.equal(
    listed.map(({ name }) => name).join(' '),
    'label many nothing pause restart resume scale undefined',
  );
  assert.equal(listed.find(({ name }) => name === 'restart')?.displayName, 'My restart');
});

test("a user's action that returns the object becomes the smallest patch; empty lists and maps stay what they are", async () => {
  const catalog = catalogOf({ [KEY]: OWN });
  assert.deepEqual(writesOf(DEPLOYMENT, await catalog.run(DEPLOYMENT, 'restart', {})), [
    {
      kind: 'patch',
      object: DEPLOYMENT,
      main: { spec: { template: { metadata: { annotations: { at: '1970-01-01T00:00:00Z' } } } } },
      status: undefined,
    },
  ]);
  const [labelled] = writesOf(DEPLOYMENT, await catalog.run(DEPLOYMENT, 'label', { word: 'b' }));
  assert.deepEqual(labelled?.kind === 'patch' && labelled.main, { metadata: { labels: { word: 'b' } } });
  assert.deepEqual(writesOf(DEPLOYMENT, await catalog.run(DEPLOYMENT, 'nothing', {})), []);
});

test("a user's action that returns a list creates and patches; what it creates lives beside its object", async () => {
  const writes = writesOf(DEPLOYMENT, await catalogOf({ [KEY]: OWN }).run(DEPLOYMENT, 'many', {}));
  assert.deepEqual(writes, [
    {
      kind: 'create',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made', namespace: 'ns' }, data: {} },
    },
  ]);
});

const BROKEN: Record<string, { text: string; action?: string; want: RegExp }> = {
  'no YAML': { text: '[', want: /actions\.apps_Deployment cannot be used: / },
  'no map': { text: 'a', want: /cannot be used: it is no map/ },
  'a definition without a script': {
    text: 'definitions: [{name: a}]',
    want: /a definition lacks name or action\.lua/,
  },
  'a discovery that fails': {
    text: 'discovery.lua: return obj.a.b.c',
    want: /action discovery of apps\/Deployment failed: script:1: /,
  },
  'a discovery that gives a text': {
    text: "discovery.lua: return 'a'",
    want: /did not return a table of actions/,
  },
  'an action without a definition': {
    text: OWN,
    action: 'undefined',
    want: /has no definition of the action undefined/,
  },
  'a script that never ends': {
    text: 'discovery.lua: return {a = {}}\ndefinitions: [{name: a, action.lua: while true do end}]',
    action: 'a',
    want: /action a of apps\/Deployment failed: it did not end within 1 s/,
  },
  'a script that returns nothing': {
    text: 'discovery.lua: return {a = {}}\ndefinitions: [{name: a, action.lua: return nil}]',
    action: 'a',
    want: /returned neither an object nor a list/,
  },
  'an operation there is none of': {
    text: 'discovery.lua: return {a = {}}\ndefinitions: [{name: a, action.lua: \'return {{operation = "delete", resource = obj}}\'}]',
    action: 'a',
    want: /wants the operation "delete"; there are create and patch/,
  },
};
for (const [name, { text, action, want }] of Object.entries(BROKEN)) {
  test(`a configuration with ${name} says so`, async () => {
    const catalog = catalogOf({ [KEY]: text });
    const attempt = action === undefined ? catalog.list(DEPLOYMENT) : catalog.run(DEPLOYMENT, action, {});
    await assert.rejects(attempt, { message: want });
    // Other kinds do not notice.
    assert.equal((await catalog.list(object('{apiVersion: apps/v1, kind: DaemonSet}'))).length, 1);
  });
}

test('an action may patch no other object than its own', () => {
  const other = { ...DEPLOYMENT, metadata: { ...DEPLOYMENT.metadata, name: 'other' } };
  assert.throws(() => writesOf(DEPLOYMENT, [{ operation: 'patch', resource: other }]), {
    message: /may change nothing besides apps\/Deployment ns\/x/,
  });
});

class ServerRefusal extends CodedError {}

function recordingTarget(hasStatus: boolean): { target: ActionTarget; calls: unknown[] } {
  const calls: unknown[] = [];
  let version = 1;
  const next = (subject: KubeObject): KubeObject => {
    version += 1;
    return { ...subject, metadata: { ...subject.metadata, resourceVersion: String(version) } };
  };
  const target: ActionTarget = {
    async create(made) {
      calls.push(['create', made.kind]);
      return next(made);
    },
    async patch(subject, body, subresource) {
      calls.push([subresource ?? 'main', body]);
      if (subresource === 'status' && !hasStatus)
        throw new ServerRefusal('NOT_FOUND', 'on-change', 'the server could not find the requested resource');
      return next(subject);
    },
  };
  return { target, calls };
}

const VERSIONED = object(
  '{apiVersion: apps/v1, kind: Deployment, metadata: {resourceVersion: "1"}, spec: {}, status: {}}',
);
const BOTH = writesOf(VERSIONED, [
  { operation: 'patch', resource: { ...VERSIONED, spec: { a: 1 }, status: { b: 2 } } },
]);

test('performWrites() patches status apart, each time on the version it saw', async () => {
  const { target, calls } = recordingTarget(true);
  await performWrites(target, BOTH);
  assert.deepEqual(calls, [
    ['main', { metadata: { resourceVersion: '1' }, spec: { a: 1 } }],
    ['status', { metadata: { resourceVersion: '2' }, status: { b: 2 } }],
  ]);
});

test('performWrites() patches status with the object where the kind has no such sub-resource', async () => {
  const { target, calls } = recordingTarget(false);
  const [answer] = await performWrites(target, BOTH);
  assert.equal(calls.length, 3);
  assert.deepEqual(calls[2], ['main', { metadata: { resourceVersion: '2' }, status: { b: 2 } }]);
  assert.equal(gvkOf(answer as KubeObject).kind, 'Deployment');
});
