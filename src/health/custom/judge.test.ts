// Checks that users wrote, from a config map and from annotations, on objects of many kinds.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createEvaluator } from '../../evaluate/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import { parseYaml, systemClock } from '../../lib/index.ts';
import { APPLICATION_API_VERSION, type Application } from '../../model/index.ts';
import { createHealthJudge, type HealthJudge } from './judge.ts';

const evaluator = createEvaluator({ clock: systemClock });
after(() => evaluator.close());

function judgeOf(data: Record<string, string>): HealthJudge {
  const judge = createHealthJudge({ evaluator, clock: systemClock });
  judge.configure(data);
  return judge;
}

function object(yaml: string): KubeObject {
  return parseYaml(yaml) as KubeObject;
}

/** Walks the conditions as most of Argo CD's own scripts do. */
const BY_READY = `
hs = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for i, condition in ipairs(obj.status.conditions) do
    if condition.type == "Ready" and condition.status == "False" then
      hs.status = "Degraded"
      hs.message = condition.message
      return hs
    end
    if condition.type == "Ready" and condition.status == "True" then
      hs.status = "Healthy"
      hs.message = condition.message
      return hs
    end
  end
end
hs.status = "Progressing"
hs.message = "Waiting for " .. obj.kind
return hs`;

const ready = (apiVersion: string, kind: string, status: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: x}, status: {conditions: [{type: Ready, status: '${status}', message: said so}]}}`;

const CONFIG: Record<string, string> = {
  'resource.customizations.health.cert-manager.io_Certificate': BY_READY,
  'resource.customizations.health.external-secrets.io_ExternalSecret': BY_READY,
  'resource.customizations.health.source.toolkit.fluxcd.io_GitRepository': BY_READY,
  'resource.customizations.health.apps_Deployment':
    'if obj.spec.replicas == 0 then return {status = "Suspended", message = "scaled to " .. obj.spec.replicas} end return {status = "Healthy"}',
  'resource.customizations.health.PersistentVolumeClaim': `
    local hs = {status = "Progressing", message = "phase " .. tostring(obj.status.phase)}
    if obj.status.phase == "Pending" then hs.status = "Healthy" end
    return hs`,
  'resource.customizations.health.batch_CronJob': 'return nil',
  'resource.customizations.health.argoproj.io_Application': `
    hs = {}
    hs.status = "Progressing"
    hs.message = ""
    if obj.status ~= nil then
      if obj.status.health ~= nil then
        hs.status = obj.status.health.status
        if obj.status.health.message ~= nil then hs.message = obj.status.health.message end
      end
    end
    return hs`,
  'resource.customizations.health.keda.sh_ScaledObject':
    'local t = string.format("%d of %d", table.getn(obj.spec.triggers), 2) return {status = "Healthy", message = t}',
  'resource.customizations.useOpenLibs.keda.sh_ScaledObject': 'true',
  'resource.customizations.health.acid.zalan.do_postgresql':
    'return {status = "Healthy", message = string.upper("x")}',
  'resource.customizations': `
'*.crossplane.io/*':
  health.lua: |
    ${BY_READY.trim().split('\n').join('\n    ')}
'*.aws.upbound.io/*':
  health.lua.useOpenLibs: true
  health.lua: 'return {status = "Healthy", message = obj.kind:lower()}'
karpenter.sh/NodePool:
  health.lua: 'return {status = "Wonderful"}'
`,
  'resource.customizations.health.strimzi.io_Kafka': 'return obj.status.nothing.here',
  'resource.customizations.health.rabbitmq.com_RabbitmqCluster': 'return "Healthy"',
};

const CASES: Record<string, { live: string; want: { status: string; message?: string } | undefined }> = {
  'cert-manager by Ready': {
    live: ready('cert-manager.io/v1', 'Certificate', 'True'),
    want: { status: 'Healthy', message: 'said so' },
  },
  'External Secrets by Ready': {
    live: ready('external-secrets.io/v1', 'ExternalSecret', 'False'),
    want: { status: 'Degraded', message: 'said so' },
  },
  'Flux without conditions': {
    live: '{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: x}}',
    want: { status: 'Progressing', message: 'Waiting for GitRepository' },
  },
  'a built-in kind, before its native check': {
    live: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas: 0}}',
    want: { status: 'Suspended', message: 'scaled to 0' },
  },
  'the core group': {
    live: '{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}, status: {phase: Pending}}',
    want: { status: 'Healthy', message: 'phase Pending' },
  },
  'nil as no opinion': {
    live: '{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}, spec: {}}',
    want: undefined,
  },
  Applications: {
    live: '{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: x}, status: {health: {status: Degraded, message: broken}}}',
    want: { status: 'Degraded', message: 'broken' },
  },
  'KEDA with the open libraries': {
    live: '{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: x}, spec: {triggers: [{}]}}',
    want: { status: 'Healthy', message: '1 of 2' },
  },
  'the operator of Postgres without them': {
    live: '{apiVersion: acid.zalan.do/v1, kind: postgresql, metadata: {name: x}}',
    want: {
      status: 'Unknown',
      message: `The health check of acid.zalan.do/postgresql failed: script:1: attempt to index a nil value (global 'string'); the libraries string and math need resource.customizations.useOpenLibs.acid.zalan.do_postgresql: "true"`,
    },
  },
  'Crossplane by a wildcard of the combined key': {
    live: ready('pkg.crossplane.io/v1', 'Provider', 'True'),
    want: { status: 'Healthy', message: 'said so' },
  },
  'Upbound by a wildcard with libraries': {
    live: '{apiVersion: s3.aws.upbound.io/v1beta1, kind: Bucket, metadata: {name: x}}',
    want: { status: 'Healthy', message: 'bucket' },
  },
  'Karpenter with a word that is none': {
    live: '{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: x}}',
    want: { status: 'Unknown', message: 'Lua returned an invalid health status' },
  },
  'Strimzi, whose group no script names, by its native check': {
    live: '{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {name: x}}',
    want: { status: 'Progressing', message: 'Waiting for the pods' },
  },
  'a mistake, quoted': {
    live: '{apiVersion: strimzi.io/v1, kind: Kafka, metadata: {name: x}}',
    want: {
      status: 'Unknown',
      message:
        "The health check of strimzi.io/Kafka failed: script:1: attempt to index a nil value (field 'status')",
    },
  },
  'RabbitMQ with a text for a table': {
    live: '{apiVersion: rabbitmq.com/v1beta1, kind: RabbitmqCluster, metadata: {name: x}}',
    want: {
      status: 'Unknown',
      message: 'Lua returned a string where a table with status and message is expected',
    },
  },
  'a kind without a script by its native check': {
    live: '{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {restartPolicy: Never}, status: {phase: Succeeded}}',
    want: { status: 'Healthy' },
  },
  'nothing about what is being deleted': {
    live: "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: x, deletionTimestamp: '2026-01-01T00:00:00Z'}}",
    want: { status: 'Progressing', message: 'Pending deletion' },
  },
};
const configured = judgeOf(CONFIG);
for (const [name, { live, want }] of Object.entries(CASES)) {
  test(`assess() judges ${name}`, async () => assert.deepEqual(await configured.assess(object(live)), want));
}

test('assess() answers at once when it judged this version of the object before', async () => {
  const judge = judgeOf(CONFIG);
  const live = object(
    '{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, uid: u, resourceVersion: "1"}, spec: {replicas: 0}}',
  );
  assert.ok(judge.assess(live) instanceof Promise);
  const first = await judge.assess(live);
  assert.equal(judge.assess(live), first);
  const next = { ...live, metadata: { ...live.metadata, resourceVersion: '2' }, spec: { replicas: 1 } };
  assert.deepEqual(await judge.assess(next), { status: 'Healthy' });
});

test('assess() shows programs the keys of a Secret, not its values', async () => {
  const judge = judgeOf({
    'resource.customizations.health.Secret':
      'return {status = "Healthy", message = obj.data.password .. " " .. tostring(obj.data.other)}',
  });
  const secret = object(
    '{apiVersion: v1, kind: Secret, metadata: {name: x}, data: {password: aHVudGVyMg==}}',
  );
  assert.deepEqual(await judge.assess(secret), { status: 'Healthy', message: '++++++++ nil' });
});

test('configure() says whether a check changed, and forgets what the old ones said', async () => {
  const judge = judgeOf({});
  const live = object('{apiVersion: v1, kind: ConfigMap, metadata: {name: x, uid: u, resourceVersion: "1"}}');
  assert.equal(judge.assess(live), undefined);
  assert.equal(judge.configure({ 'timeout.reconciliation': '60s' }), false);
  assert.equal(
    judge.configure({ 'resource.customizations.health.ConfigMap': 'return {status = "Degraded"}' }),
    true,
  );
  assert.deepEqual(await judge.assess(live), { status: 'Degraded' });
  assert.equal(
    judge.configure({ 'resource.customizations.health.ConfigMap': 'return {status = "Healthy"}' }),
    true,
  );
  assert.deepEqual(await judge.assess(live), { status: 'Healthy' });
});

function application(annotations: Record<string, string>): Application {
  return {
    apiVersion: APPLICATION_API_VERSION,
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd', uid: 'a', annotations },
    spec: { project: 'default', source: { repoURL: 'https://h/r' }, destination: { name: 'in-cluster' } },
  } as Application;
}

const EXPRESSIONS = `
- apiVersion: db.example.com/v1
  kind: Database
  inProgress: status.phase == 'Creating'
  failed: status.phase == 'Broken'
  current: status.phase == 'Running' && status.replicas == spec.replicas
- {apiVersion: v1, kind: ConfigMap, current: data.ready == 'yes' || self.metadata.name == 'free'}
- {apiVersion: example.com/v1, kind: Wrong, current: status.phase ==}`;

const database = (status: string): string =>
  `{apiVersion: db.example.com/v1, kind: Database, metadata: {name: x}, spec: {replicas: 2}, status: ${status}}`;

const BY_EXPRESSION: Record<string, { live: string; want: object | undefined }> = {
  inProgress: {
    live: database('{phase: Creating}'),
    want: { status: 'Progressing', message: "status.phase == 'Creating' is true" },
  },
  failed: {
    live: database('{phase: Broken}'),
    want: { status: 'Degraded', message: "status.phase == 'Broken' is true" },
  },
  current: { live: database('{phase: Running, replicas: 2}'), want: { status: 'Healthy' } },
  'none of them': {
    live: database('{phase: Running, replicas: 1}'),
    want: {
      status: 'Progressing',
      message: "status.phase == 'Running' && status.replicas == spec.replicas is not true yet",
    },
  },
  'a status that is not there yet': {
    live: '{apiVersion: db.example.com/v1, kind: Database, metadata: {name: x}, spec: {replicas: 2}}',
    want: {
      status: 'Progressing',
      message: "status.phase == 'Running' && status.replicas == spec.replicas is not true yet",
    },
  },
  'another member': {
    live: '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {ready: "yes"}}',
    want: { status: 'Healthy' },
  },
  'a kind they do not name': { live: '{apiVersion: v1, kind: Secret, metadata: {name: x}}', want: undefined },
};
for (const [name, { live, want }] of Object.entries(BY_EXPRESSION)) {
  test(`assess() judges by the application's expressions: ${name}`, async () => {
    const app = application({ 'fairlead.dev/health-exprs': EXPRESSIONS });
    assert.deepEqual(await judgeOf({}).assess(object(live), app), want);
  });
}

test('a broken expression makes its kind Unknown and quotes what is wrong', async () => {
  const app = application({ 'fairlead.dev/health-exprs': EXPRESSIONS });
  const live = object('{apiVersion: example.com/v1, kind: Wrong, metadata: {name: x}, status: {phase: a}}');
  const health = await judgeOf({}).assess(live, app);
  assert.equal(health?.status, 'Unknown');
  assert.match(health?.message ?? '', /^The current expression of Wrong failed: Unexpected token/);
});

const PROBLEMS: Record<string, { text: string; want: RegExp | undefined }> = {
  'no list': { text: 'a: b', want: /health-exprs cannot be used: it is not a list in "a: b"/ },
  'no YAML': { text: '[', want: /health-exprs cannot be used: .* in "\["/ },
  'no current': { text: '[{apiVersion: v1, kind: Pod}]', want: /the entry for Pod lacks current/ },
  'another member': {
    text: '[{apiVersion: v1, kind: Pod, currant: a}]',
    want: /currant is not one of apiVersion/,
  },
  'nothing wrong': { text: EXPRESSIONS.replace(/^.*Wrong.*$/m, ''), want: undefined },
  'no expression': {
    text: EXPRESSIONS,
    want: /health-exprs cannot be used: Unexpected token.* in "status\.phase =="$/,
  },
};
for (const [name, { text, want }] of Object.entries(PROBLEMS)) {
  test(`problemOf() tells of expressions with ${name}`, async () => {
    const problem = await judgeOf({}).problemOf(application({ 'fairlead.dev/health-exprs': text }));
    if (want === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', want);
  });
}

test('problemOf() tells of a ready expression that is none', async () => {
  const app = application({ 'fairlead.dev/ready-expr': 'resources.exists(' });
  assert.match(
    (await judgeOf({}).problemOf(app)) ?? '',
    /^Annotation fairlead\.dev\/ready-expr cannot be used: .* in "resources\.exists\("$/,
  );
});

test('refine() keeps a healthy application Progressing until its ready expression is true', async () => {
  const source = "resources.exists(r, r.kind == 'ConfigMap' && r.data.done == self.spec.project)";
  const app = application({ 'fairlead.dev/ready-expr': source });
  const judge = judgeOf({});
  const config = (version: string, done: string): KubeObject[] => [
    object(
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, uid: u, resourceVersion: '${version}'}, data: {done: ${done}}}`,
    ),
  ];
  assert.deepEqual(await judge.refine(app, { status: 'Healthy' }, config('1', 'nobody')), {
    status: 'Progressing',
    message: `Not ready: ${source} is not true yet`,
  });
  assert.deepEqual(await judge.refine(app, { status: 'Healthy' }, config('2', 'default')), {
    status: 'Healthy',
  });
  assert.deepEqual(await judge.refine(app, { status: 'Degraded' }, config('3', 'x')), { status: 'Degraded' });
});
