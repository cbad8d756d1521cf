// Kinds and sizes: CRDs with their instances, immutable fields, large objects, namespaces, waves, hooks, tools.
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilData,
  untilOperation,
  untilSynced,
} from './world.ts';

function crd(plural: string, kind: string, group: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: ${plural}, singular: ${kind.toLowerCase()}, kind: ${kind}, listKind: ${kind}List}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: {type: integer, default: 3}
                colour: {type: string}
`;
}

export const kinds: readonly Scenario[] = [
  {
    name: 'a CRD and its instances in one application',
    async run(world) {
      const group = `${world.name}.example.test`;
      await world.commit({
        'crd.yaml': crd('widgets', 'Widget', group),
        'instance.yaml': `apiVersion: ${group}/v1\nkind: Widget\nmetadata: {name: w}\nspec: {colour: red}\n`,
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const widget = await world.get(`${group}/v1`, 'widgets', 'w');
      assert.deepEqual(widget?.['spec'], { colour: 'red', size: 3 });
    },
  },
  {
    name: 'drift of a custom resource is repaired',
    async run(world) {
      const group = `${world.name}.example.test`;
      await world.commit({
        'crd.yaml': crd('gadgets', 'Gadget', group),
        'instance.yaml': `apiVersion: ${group}/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {colour: red}\n`,
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.patch(`${group}/v1`, 'gadgets', 'g', { spec: { colour: 'blue' } });
      await world.until('the colour is back', async () => {
        const live = await world.get(`${group}/v1`, 'gadgets', 'g');
        return JSON.stringify(live?.['spec'] ?? {}).includes('red');
      });
    },
  },
  {
    name: 'an immutable field fails with the remedy',
    async run(world) {
      const web = (label: string): string =>
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: ${label}}}\n  template:\n    metadata: {labels: {app: ${label}}}\n    spec: {containers: [{name: c, image: nginx}]}\n`;
      await world.commit({ 'web.yaml': web('one') });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 0 } } });
      await untilSynced(world);
      await world.commit({ 'web.yaml': web('two') });
      const app = await untilOperation(world, 'Failed');
      assert.match(JSON.stringify(app.status?.operationState?.syncResult), /immutable/);
    },
  },
  {
    name: 'an object larger than client-side apply could take',
    async run(world) {
      const large = 'x'.repeat(300_000);
      await world.commit({ 'a.yaml': configMap('a', { large, v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      assert.equal((await dataOf(world, 'a'))?.['large']?.length, 300_000);
      const second = await world.commit({ 'a.yaml': configMap('a', { large, v: '2' }) });
      await untilSynced(world, second);
    },
  },
  {
    name: 'two hundred objects in one application',
    async run(world) {
      const documents = Array.from({ length: 200 }, (_, i) => configMap(`many-${i}`, { v: String(i) }));
      await world.commit({ 'all.yaml': documents.join('---\n') });
      await world.apply({ syncPolicy: AUTOMATED });
      const app = await untilSynced(world);
      assert.equal(app.status?.resources?.length, 200);
    },
  },
  {
    name: 'CreateNamespace=true creates the destination namespace',
    namespace: false,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { ...AUTOMATED, syncOptions: ['CreateNamespace=true'] } });
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'without CreateNamespace a missing namespace is named',
    namespace: false,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 0 } } });
      const app = await untilOperation(world, 'Failed');
      assert.match(JSON.stringify(app.status?.operationState), new RegExp(world.namespace));
    },
  },
  {
    name: 'a namespace in the source comes before what lies in it',
    namespace: false,
    async run(world) {
      const inside = configMap('a', { v: '1' });
      await world.commit({
        'a.yaml': inside,
        'z-namespace.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${world.namespace}}\n`,
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'waves are applied in order',
    async run(world) {
      const wave = (name: string, at: string): string =>
        configMap(name, { v: '1' }, { 'argocd.argoproj.io/sync-wave': at });
      await world.commit({
        'a.yaml': wave('third', '5'),
        'b.yaml': wave('first', '-5'),
        'c.yaml': wave('second', '0'),
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const versions = await Promise.all(
        ['first', 'second', 'third'].map(async (name) =>
          Number((await world.get('v1', 'configmaps', name))?.metadata.resourceVersion),
        ),
      );
      assert.deepEqual(
        versions,
        [...versions].sort((a, b) => a - b),
      );
    },
  },
  {
    name: 'a PreSync hook runs before the objects and goes by its policy',
    async run(world) {
      await world.commit({
        'hook.yaml': configMap(
          'hook',
          { v: '1' },
          { 'argocd.argoproj.io/hook': 'PreSync', 'argocd.argoproj.io/hook-delete-policy': 'HookSucceeded' },
        ),
        'a.yaml': configMap('a', { v: '1' }),
      });
      await world.apply({ syncPolicy: AUTOMATED });
      const app = await untilSynced(world);
      const hook = app.status?.operationState?.syncResult?.resources?.find(({ name }) => name === 'hook');
      assert.equal(hook?.hookPhase, 'Succeeded');
      assert.equal(hook?.syncPhase, 'PreSync');
      await world.until(
        'the hook is gone',
        async () => (await world.get('v1', 'configmaps', 'hook')) === undefined,
      );
    },
  },
  {
    name: 'a Helm chart with values, value files and parameters in their order of precedence',
    async run(world) {
      await world.commit({
        'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
        'values.yaml': 'a: chart\nb: chart\nc: chart\nd: chart\n',
        'prod.yaml': 'b: file\nc: file\nd: file\n',
        'templates/a.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  all: "{{ .Values.a }} {{ .Values.b }} {{ .Values.c }} {{ .Values.d }}"\n',
      });
      await world.apply({
        source: {
          repoURL: world.repoUrl,
          path: world.path,
          helm: {
            valueFiles: ['prod.yaml'],
            valuesObject: { c: 'object', d: 'object' },
            parameters: [{ name: 'd', value: 'parameter' }],
          },
        },
        syncPolicy: AUTOMATED,
      });
      const app = await untilSynced(world);
      assert.equal(app.status?.sourceType, 'Helm');
      assert.deepEqual(await dataOf(world, world.name), { all: 'chart file object parameter' });
    },
  },
  {
    name: 'a kustomization with a base beside it, an image and a prefix from the application',
    async run(world) {
      await world.commit({
        'base/kustomization.yaml': 'resources: [pod.yaml]\n',
        'base/pod.yaml':
          'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "nginx:1"}]}\n',
        'overlay/kustomization.yaml': 'resources: [../base]\n',
      });
      await world.apply({
        source: {
          repoURL: world.repoUrl,
          path: `${world.path}/overlay`,
          kustomize: { namePrefix: 'my-', images: ['nginx:2'] },
        },
        syncPolicy: AUTOMATED,
      });
      const app = await untilSynced(world);
      assert.equal(app.status?.sourceType, 'Kustomize');
      const pod = await world.get('v1', 'pods', 'my-p');
      assert.match(JSON.stringify(pod?.['spec']), /nginx:2/);
    },
  },
  {
    name: 'a change of a kustomize base reaches the overlay that builds on it',
    async run(world) {
      await world.commit({
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': configMap('a', { v: '1' }),
        'overlay/kustomization.yaml': 'resources: [../base]\n',
      });
      await world.apply({
        source: { repoURL: world.repoUrl, path: `${world.path}/overlay` },
        syncPolicy: AUTOMATED,
      });
      await untilSynced(world);
      await world.commit({ 'base/a.yaml': configMap('a', { v: '2' }) });
      await untilData(world, 'a', 'v', '2');
    },
  },
  {
    name: 'a Secret with stringData stays Synced',
    async run(world) {
      await world.commit({
        's.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n',
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
      await world.until('the refresh is done', async () => {
        const app = await world.application();
        return app?.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined;
      });
      const app = await world.application();
      assert.equal(app?.status?.sync?.status, 'Synced');
      assert.doesNotMatch(JSON.stringify(app), /hunter2/);
    },
  },
  {
    name: 'objects that kubectl applied are taken over',
    async run(world) {
      const manifest = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { v: '0', old: 'x' },
      };
      await world.create('v1', 'configmaps', {
        ...manifest,
        metadata: {
          name: 'a',
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(manifest) },
        },
      });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      assert.equal((await dataOf(world, 'a'))?.['v'], '1');
    },
  },
  {
    name: 'a kill in the middle of everything is survived',
    alone: true,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await world.crash();
      await untilSynced(world, second);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
];
