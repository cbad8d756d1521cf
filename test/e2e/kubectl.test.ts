// The official kubectl as a user of the embedded Kubernetes API.
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { type ClientTools, clientTools, type ToolInput, type ToolResult } from '../support/client-tools.ts';

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "shop/web:1", ports: [{containerPort: 80}]}]
`;
const SETTINGS = settings({ greeting: 'hello' });
const GADGETS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.shop.test}
spec:
  group: shop.test
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget, shortNames: [gd], categories: [shop]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      schema:
        openAPIV3Schema:
          type: object
          description: A gadget.
          properties:
            spec: {type: object, required: [size], properties: {size: {type: integer, maximum: 9, description: How big it is.}}}
            status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

let server: RunningApiServer;
let tools: ClientTools;

/** Runs kubectl in `namespace` and fails the test when kubectl fails. */
async function ok(namespace: string, args: string, input: ToolInput = {}): Promise<string> {
  const result = await run(namespace, args, input);
  assert.equal(result.code, 0, `kubectl ${args}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Words are separated by blanks; quotes keep a word together. */
function run(namespace: string, args: string, input: ToolInput = {}): Promise<ToolResult> {
  const words = (args.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));
  return tools.kubectl(['--namespace', namespace, ...words], input);
}

/** Fails unless kubectl fails with this on stderr. */
async function fails(namespace: string, args: string, message: RegExp, input: ToolInput = {}): Promise<void> {
  const result = await run(namespace, args, input);
  assert.equal(result.code, 1, `kubectl ${args}\n${result.stdout}${result.stderr}`);
  assert.match(result.stderr, message);
}

function settings(data: Record<string, string>): string {
  const lines = Object.entries(data).map(([key, value]) => `\n  ${key}: ${JSON.stringify(value)}`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:${lines.join('')}\n`;
}

/** A test in a namespace of its own. */
function inNamespace(name: string, check: (namespace: string) => Promise<void>): void {
  const namespace = `k${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 60).replace(/-$/, '');
  test(name, async () => {
    await ok('default', `create namespace ${namespace}`);
    await check(namespace);
  });
}

async function deploy(ns: string, manifest = WEB): Promise<void> {
  await ok(ns, 'apply -f -', { input: manifest });
  await ok(ns, 'rollout status deployment/web --timeout 20s');
}

suite('kubectl', { concurrency: 4 }, () => {
  before(async () => {
    server = await startApiServer({
      listen: { host: '127.0.0.1', port: 0 },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    tools = await clientTools(server.kubeconfig());
  });
  after(async () => {
    await tools?.close();
    await server?.close();
  });

  suite('reading', { concurrency: 2 }, () => {
    inNamespace('get prints tables, wide tables, names, YAML, JSON and expressions', async (ns) => {
      await deploy(ns);
      assert.match(
        await ok(ns, 'get deployment'),
        /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 /,
      );
      assert.match(
        await ok(ns, 'get deploy,rs,po -o wide'),
        /web +2\/2 .* shop\/web:1 +app=web[\s\S]*pod-template-hash[\s\S]*fairlead-node/,
      );
      assert.equal(await ok(ns, 'get deploy -o name'), 'deployment.apps/web\n');
      assert.match(await ok(ns, 'get deploy web -o yaml'), /^apiVersion: apps\/v1\nkind: Deployment\n/);
      assert.equal(JSON.parse(await ok(ns, 'get deploy web -o json')).spec.replicas, 2);
      assert.equal(await ok(ns, `get deploy web -o 'jsonpath={.status.readyReplicas}'`), '2');
      assert.equal(await ok(ns, `get deploy web -o 'go-template={{.metadata.name}}'`), 'web');
      assert.match(await ok(ns, 'get deploy -o custom-columns=N:.metadata.name'), /^N\nweb\n$/);
      assert.match(
        await ok(ns, 'get all'),
        /pod\/web-[\s\S]*deployment\.apps\/web[\s\S]*replicaset\.apps\/web-/,
      );
      assert.match(await ok(ns, 'get deploy --show-labels'), /app=web/);
      assert.match(await ok(ns, 'get deploy -A'), new RegExp(`${ns} +web `));
    });

    inNamespace('get selects by label and field, sorts and pages', async (ns) => {
      await deploy(ns);
      const pods = (await ok(ns, 'get pods -l app=web --sort-by .metadata.name -o name')).trim().split('\n');
      assert.equal(pods.length, 2);
      assert.deepEqual([...pods].sort(), pods);
      assert.equal(await ok(ns, 'get pods -l app!=web -o name'), '');
      assert.equal(
        (await ok(ns, 'get pods --field-selector status.phase=Running -o name')).trim().split('\n').length,
        2,
      );
      assert.equal((await ok(ns, 'get pods --chunk-size 1 -o name')).trim().split('\n').length, 2);
      await fails(
        ns,
        'get deploy absent',
        /Error from server \(NotFound\): deployments\.apps "absent" not found/,
      );
      await fails(ns, 'get absents', /the server doesn't have a resource type "absents"/);
    });

    inNamespace('get --watch shows changes as they come', async (ns) => {
      await ok(ns, 'apply -f -', { input: SETTINGS });
      const watching = run(ns, `get configmap settings --watch -o 'jsonpath={.data.greeting}{" "}'`, {
        until: (text) => text.includes('second'),
      });
      for (const greeting of ['first', 'second']) {
        await ok(ns, `patch configmap settings --type merge -p '{"data":{"greeting":"${greeting}"}}'`);
      }
      assert.match((await watching).stdout, /second/);
    });

    inNamespace('describe tells conditions, pods, events and node', async (ns) => {
      await deploy(ns);
      const text = await ok(ns, 'describe deployment web');
      assert.match(text, /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable/);
      assert.match(text, /Available +True +MinimumReplicasAvailable/);
      assert.match(text, /ScalingReplicaSet .* Scaled up replica set web-\S+ from 0 to 2/);
      assert.match(await ok(ns, 'describe pod -l app=web'), /Status: +Running[\s\S]*Successfully assigned/);
      assert.match(await ok(ns, 'describe node'), /KubeletReady/);
    });

    inNamespace('events and logs tell what the simulated pods did', async (ns) => {
      await deploy(ns);
      assert.match(await ok(ns, 'get events'), /Scheduled[\s\S]*Started|Started[\s\S]*Scheduled/);
      assert.match(await ok(ns, 'events --for deployment/web'), /ScalingReplicaSet/);
      assert.match(await ok(ns, 'logs deployment/web'), /starting/);
      assert.equal((await ok(ns, 'logs -l app=web --tail 1 --prefix')).match(/\[pod\/web-/g)?.length, 2);
      await fails(ns, 'attach deployment/web', /simulated and run nothing/);
    });

    inNamespace('exec runs a few programs and a small shell in a simulated container', async (ns) => {
      await deploy(ns);
      await ok(ns, 'rollout status deployment/web');
      assert.equal(await ok(ns, "exec deployment/web -- echo hello 'you there'"), 'hello you there\n');
      assert.match(await ok(ns, 'exec deployment/web -- env'), /^HOSTNAME=web-/m);
      assert.match(await ok(ns, 'exec deployment/web -- ls -l /etc'), /-rw-r--r-- .* hostname$/m);
      const script = 'cd /etc; X=1 && echo $X-$? || echo no; cat hostname; nothing';
      const shell = await run(ns, 'exec -i deployment/web -- sh', { input: `${script}\nexit 7\n` });
      assert.match(shell.stdout, /^1-0\nweb-\S+\n$/);
      assert.match(shell.stderr, /sh: nothing: not found\ncommand terminated with exit code 7/);
      assert.equal(shell.code, 7);
      await fails(ns, 'exec deployment/web -- false', /command terminated with exit code 1/);
      await fails(ns, 'exec deployment/web -- bash', /exec: "bash": executable file not found in \$PATH/);
      await fails(ns, 'exec deployment/web -c nope -- true', /container nope is not valid for pod web-/);
    });

    test('explain, api-resources, api-versions, version and readiness answer from discovery', async () => {
      assert.match(
        await ok('default', 'explain deployment.spec.strategy'),
        /rollingUpdate\t<RollingUpdateDeployment>/,
      );
      assert.match(await ok('default', 'explain pod --recursive'), /containers\t<\[\]Container> -required-/);
      assert.match(
        await ok('default', 'api-resources --namespaced=true --verbs list -o wide'),
        /deployments +deploy +apps\/v1 +true +Deployment +create,delete,/,
      );
      assert.match(
        await ok('default', 'api-resources --api-group rbac.authorization.k8s.io'),
        /clusterroles/,
      );
      assert.match(await ok('default', 'api-versions'), /^apps\/v1$/m);
      assert.match(await ok('default', 'version'), /Server Version: v1\.35\./);
      assert.equal(await ok('default', 'get --raw /readyz'), 'ok');
      assert.match(await ok('default', 'cluster-info'), /control plane.* is running at/);
    });
  });

  suite('writing', { concurrency: 2 }, () => {
    inNamespace('apply creates, leaves alone, changes, and removes what left the manifest', async (ns) => {
      const input = settings({ greeting: 'hello', gone: 'soon' });
      assert.equal(await ok(ns, 'apply -f -', { input }), 'configmap/settings created\n');
      assert.equal(await ok(ns, 'apply -f -', { input }), 'configmap/settings unchanged\n');
      assert.equal(await ok(ns, 'apply -f -', { input: SETTINGS }), 'configmap/settings configured\n');
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"greeting":"hello"}');
      assert.equal(
        await ok(ns, 'apply --dry-run=server -f -', { input: settings({ greeting: 'dry' }) }),
        'configmap/settings configured (server dry run)\n',
      );
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"greeting":"hello"}');
      assert.match(await ok(ns, 'apply view-last-applied cm settings'), /greeting: hello/);
    });

    inNamespace('apply --prune removes what the selector names and the input does not', async (ns) => {
      const second = SETTINGS.replace('{name: settings}', '{name: other, labels: {set: a}}');
      const first = SETTINGS.replace('{name: settings}', '{name: settings, labels: {set: a}}');
      await ok(ns, 'apply -f -', { input: `${first}---\n${second}` });
      assert.match(
        await ok(ns, 'apply --prune -l set=a --prune-allowlist core/v1/ConfigMap -f -', { input: first }),
        /configmap\/other pruned/,
      );
    });

    inNamespace('apply --server-side refuses conflicts and takes over when told to', async (ns) => {
      const theirs = settings({ greeting: 'theirs' });
      await ok(ns, 'apply --server-side --field-manager one -f -', { input: SETTINGS });
      await fails(
        ns,
        'apply --server-side --field-manager two -f -',
        /Apply failed with 1 conflict.*"one": \.data\.greeting/,
        {
          input: theirs,
        },
      );
      await ok(ns, 'apply --server-side --field-manager two --force-conflicts -f -', { input: theirs });
      const managers = JSON.parse(await ok(ns, 'get cm settings -o json --show-managed-fields')).metadata
        .managedFields;
      assert.deepEqual(
        managers.map(({ manager, operation }: Record<string, string>) => `${manager} ${operation}`),
        ['two Apply'],
      );
      assert.equal(
        await ok(ns, 'apply --server-side --field-manager two --dry-run=server -f -', { input: SETTINGS }),
        'configmap/settings serverside-applied (server dry run)\n',
      );
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data.greeting}'`), 'theirs');
    });

    inNamespace('apply --server-side takes over from a client-side apply', async (ns) => {
      await ok(ns, 'apply -f -', { input: settings({ greeting: 'hello', gone: 'soon' }) });
      await ok(ns, 'apply --server-side -f -', { input: SETTINGS });
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"greeting":"hello"}');
    });

    inNamespace('diff shows what an apply would change, and only that', async (ns) => {
      await ok(ns, 'apply -f -', { input: SETTINGS });
      assert.equal((await run(ns, 'diff -f -', { input: SETTINGS })).code, 0);
      for (const flag of ['', '--server-side --force-conflicts']) {
        const result = await run(ns, `diff ${flag} -f -`, { input: settings({ greeting: 'bye' }) });
        assert.equal(result.code, 1, result.stderr);
        assert.match(result.stdout, /^- {2}greeting: hello$/m);
        assert.match(result.stdout, /^\+ {2}greeting: bye$/m);
      }
    });

    inNamespace('patch knows every patch type', async (ns) => {
      await ok(ns, 'apply -f -', { input: `${SETTINGS}---\n${WEB}` });
      await ok(ns, `patch cm settings --type merge -p '{"data":{"greeting":null,"b":"1"}}'`);
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"b":"1"}');
      await ok(
        ns,
        `patch cm settings --type json -p '[{"op":"test","path":"/data/b","value":"1"},{"op":"add","path":"/data/c","value":"2"}]'`,
      );
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"b":"1","c":"2"}');
      await fails(
        ns,
        `patch cm settings --type json -p '[{"op":"test","path":"/data/b","value":"9"}]'`,
        /The request is invalid/,
      );
      await ok(
        ns,
        `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'`,
      );
      assert.equal(
        await ok(
          ns,
          `get deploy web -o 'jsonpath={.spec.template.spec.containers[*].image} {.spec.template.spec.containers[0].env[0].value}'`,
        ),
        'shop/web:1 1',
      );
      assert.match(
        await ok(ns, `patch deploy web --subresource scale --type merge -p '{"spec":{"replicas":1}}'`),
        /patched/,
      );
      assert.equal(await ok(ns, `get deploy web -o 'jsonpath={.spec.replicas}'`), '1');
      assert.match(
        await ok(ns, `patch cm settings --type merge -p '{"data":{"b":"1"}}'`),
        /patched \(no change\)/,
      );
    });

    inNamespace('edit changes the object through an editor', async (ns) => {
      await ok(ns, 'apply -f -', { input: SETTINGS });
      const editor = join(tools.folder, 'editor.sh');
      await writeFile(editor, '#!/bin/sh\nsed -i "s/greeting: hello/greeting: edited/" "$1"\n');
      await chmod(editor, 0o755);
      const edited = await ok(ns, 'edit cm settings', { env: { KUBE_EDITOR: editor } });
      assert.equal(edited, 'configmap/settings edited\n');
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data.greeting}'`), 'edited');
    });

    inNamespace('label and annotate add, overwrite and remove', async (ns) => {
      await ok(ns, 'apply -f -', { input: SETTINGS });
      await ok(ns, 'label cm settings tier=web');
      await fails(ns, 'label cm settings tier=db', /already has a value \(web\), and --overwrite is false/);
      await ok(ns, 'label cm settings tier=db --overwrite');
      await ok(ns, 'annotate cm settings note=kept');
      assert.equal(
        await ok(ns, `get cm -l tier=db -o 'jsonpath={.items[0].metadata.annotations.note}'`),
        'kept',
      );
      await ok(ns, 'label cm settings tier-');
      assert.equal(await ok(ns, 'get cm -l tier -o name'), '');
      await fails(ns, `label cm settings 'bad key=1'`, /invalid/i);
    });

    inNamespace('replace and replace --force', async (ns) => {
      await ok(ns, 'create -f -', { input: SETTINGS });
      await fails(ns, 'create -f -', /AlreadyExists/, { input: SETTINGS });
      await ok(ns, 'replace -f -', { input: settings({ other: '1' }) });
      assert.equal(await ok(ns, `get cm settings -o 'jsonpath={.data}'`), '{"other":"1"}');
      const uid = await ok(ns, `get cm settings -o 'jsonpath={.metadata.uid}'`);
      await ok(ns, 'replace --force -f -', { input: SETTINGS });
      assert.notEqual(await ok(ns, `get cm settings -o 'jsonpath={.metadata.uid}'`), uid);
    });

    inNamespace('create makes every kind it has a generator for', async (ns) => {
      const made: Record<string, RegExp> = {
        'secret generic s --from-literal a=b': /secret\/s created/,
        'configmap c --from-literal a=b': /configmap\/c created/,
        'quota q --hard configmaps=50,cpu=2': /resourcequota\/q created/,
        'service clusterip svc --tcp 80:8080': /service\/svc created/,
        'serviceaccount robot': /serviceaccount\/robot created/,
        'role reader --verb get,list --resource pods': /role\S*\/reader created/,
        'rolebinding readers --role reader --user ann': /rolebinding\S*\/readers created/,
        'ingress site --rule shop.test/=svc:80': /ingress\S*\/site created/,
        'job once --image busybox': /job\.batch\/once created/,
        [`cronjob nightly --image busybox --schedule '0 3 * * *'`]: /cronjob\.batch\/nightly created/,
        'poddisruptionbudget pdb --selector app=web --min-available 1': /poddisruptionbudget\S*\/pdb created/,
        'deployment front --image shop/front:1 --replicas 1': /deployment\.apps\/front created/,
      };
      for (const [args, answer] of Object.entries(made)) assert.match(await ok(ns, `create ${args}`), answer);
      assert.equal(await ok(ns, `get secret s -o 'jsonpath={.data.a}'`), 'Yg==');
      assert.equal(await ok(ns, `get quota q -o 'jsonpath={.spec.hard.cpu}'`), '2');
      await ok(ns, 'create job manual --from cronjob/nightly');
      await ok(ns, 'wait --for=condition=complete job/manual job/once --timeout 20s');
      await ok(ns, 'expose deployment front --port 80');
      await ok(ns, 'autoscale deployment front --min 1 --max 3');
      await ok(ns, 'set env deployment/front A=1');
      assert.match(await ok(ns, 'run one --image busybox --restart Never'), /pod\/one created/);
    });

    inNamespace('unknown fields and invalid objects are refused with their place', async (ns) => {
      await fails(ns, 'apply -f -', /unknown field "datas"/, {
        input: SETTINGS.replace('\ndata:', '\ndatas:'),
      });
      await fails(ns, 'apply -f -', /spec\.replicas.*Invalid value.*-1.*greater than or equal to 0/, {
        input: WEB.replace('replicas: 2', 'replicas: -1'),
      });
      await ok(ns, 'apply -f -', { input: WEB });
      await fails(
        ns,
        `patch deploy web --type merge -p '{"spec":{"selector":{"matchLabels":{"app":"x"}}}}'`,
        /Invalid/,
      );
    });
  });

  suite('workloads', { concurrency: 2 }, () => {
    inNamespace('scale and wait', async (ns) => {
      await deploy(ns);
      await ok(ns, 'scale deployment web --replicas 3 --current-replicas 2');
      await ok(ns, `wait deployment/web --for 'jsonpath={.status.readyReplicas}=3' --timeout 20s`);
      await ok(ns, 'wait deployment/web --for condition=Available --timeout 20s');
      await fails(
        ns,
        'scale deployment web --replicas 1 --current-replicas 7',
        /Expected replicas to be 7, was 3/,
      );
      await fails(
        ns,
        'wait deployment/web --for condition=Absent --timeout 300ms',
        /timed out waiting for the condition/,
      );
    });

    inNamespace('rollout status, history, pause, resume, undo and restart', async (ns) => {
      await deploy(ns);
      await ok(ns, 'set image deployment/web web=shop/web:2');
      assert.match(await ok(ns, 'rollout status deployment/web --timeout 20s'), /successfully rolled out/);
      assert.match(await ok(ns, 'rollout history deployment/web'), /^1 +<none>\n2 +<none>$/m);
      assert.match(await ok(ns, 'rollout history deployment/web --revision 2'), /Image:\s+shop\/web:2/);
      await ok(ns, 'rollout undo deployment/web');
      await ok(ns, 'rollout status deployment/web --timeout 20s');
      assert.equal(await ok(ns, `get deploy web -o 'jsonpath={..image}'`), 'shop/web:1');
      await ok(ns, 'rollout pause deployment/web');
      await ok(ns, 'set image deployment/web web=shop/web:3');
      await ok(ns, 'rollout resume deployment/web');
      await ok(ns, 'rollout restart deployment/web');
      await ok(ns, 'rollout status deployment/web --timeout 20s');
      assert.equal(
        await ok(ns, `get pods -o 'jsonpath={.items[*].spec.containers[0].image}'`),
        'shop/web:3 shop/web:3',
      );
    });

    inNamespace('delete with every cascade mode', async (ns) => {
      await deploy(ns);
      await ok(ns, 'delete deployment web --cascade=orphan');
      assert.match(await ok(ns, 'get rs,pods -o name'), /replicaset[\s\S]*pod/);
      await ok(ns, 'delete rs --all --cascade=foreground');
      assert.equal(await ok(ns, 'get rs,pods -o name'), '');
      await deploy(ns);
      assert.match(
        await ok(ns, 'delete deployment web --cascade=background'),
        /deployment.apps "web" deleted/,
      );
      await ok(ns, 'wait --for=delete pod -l app=web --timeout 20s');
      assert.equal(await ok(ns, 'get deploy,rs,pods -o name'), '');
    });

    inNamespace('delete waits for finalizers, --wait=false does not', async (ns) => {
      await ok(ns, 'apply -f -', {
        input: SETTINGS.replace('{name: settings}', '{name: settings, finalizers: [shop.test/hold]}'),
      });
      await ok(ns, 'delete cm settings --wait=false');
      assert.notEqual(await ok(ns, `get cm settings -o 'jsonpath={.metadata.deletionTimestamp}'`), '');
      await fails(ns, 'wait --for=delete cm/settings --timeout 200ms', /timed out/);
      const waiting = ok(ns, 'wait --for=delete cm/settings --timeout 20s');
      await ok(ns, `patch cm settings --type merge -p '{"metadata":{"finalizers":null}}'`);
      await waiting;
      await fails(ns, 'delete cm settings', /NotFound/);
      await ok(ns, 'delete cm settings --ignore-not-found');
      await ok(ns, 'delete cm -l absent=1');
    });

    inNamespace('deleting a namespace takes everything in it', async (ns) => {
      await deploy(ns);
      await ok('default', `delete namespace ${ns} --timeout 20s`);
      await fails('default', `get namespace ${ns}`, /NotFound/);
      assert.equal(await ok(ns, 'get pods,deploy,cm -o name'), '');
    });

    test('nodes can be cordoned and drained by eviction', async () => {
      await ok('default', 'cordon fairlead-node');
      assert.match(await ok('default', 'get nodes'), /SchedulingDisabled/);
      await ok('default', 'uncordon fairlead-node');
      assert.match(
        await ok('default', 'drain fairlead-node --dry-run=server --force'),
        /drained \(server dry run\)/,
      );
    });
  });

  suite('extensions and rights', { concurrency: 2 }, () => {
    inNamespace('a custom resource is known after its definition is established', async (ns) => {
      await ok(ns, 'apply -f -', { input: GADGETS });
      await ok(ns, 'wait crd/gadgets.shop.test --for condition=Established --timeout 20s');
      const gadget = 'apiVersion: shop.test/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: 3}\n';
      await ok(ns, 'apply -f -', { input: gadget });
      assert.equal(await ok(ns, 'get shop -o name'), 'gadget.shop.test/g\n');
      assert.match(await ok(ns, 'get gd'), /^NAME +SIZE\ng +3\n$/);
      assert.match(await ok(ns, 'explain gadget.spec'), /size\t<integer> -required-\s+How big it is\./);
      await ok(ns, 'scale gadget g --replicas 5');
      await fails(ns, 'scale gadget g --replicas 50', /less than or equal to 9/);
      await ok(ns, `patch gadget g --subresource status --type merge -p '{"status":{"phase":"Ready"}}'`);
      await ok(ns, `wait gadget/g --for 'jsonpath={.status.phase}=Ready' --timeout 5s`);
      await fails(ns, 'apply -f -', /unknown field "spec\.colour"/, {
        input: gadget.replace('size: 3', 'size: 3, colour: red'),
      });
      await ok(ns, 'delete crd gadgets.shop.test --timeout 20s');
      await fails(ns, 'get gadgets', /doesn't have a resource type|could not find the requested resource/);
    });

    inNamespace('tokens of service accounts have the rights of their roles', async (ns) => {
      await ok(ns, 'create serviceaccount robot');
      const subject = `system:serviceaccount:${ns}:robot`;
      assert.equal((await run(ns, `auth can-i list pods --as ${subject}`)).stdout, 'no\n');
      await ok(ns, 'create role reader --verb get,list --resource pods');
      await ok(ns, `create rolebinding readers --role reader --serviceaccount ${ns}:robot`);
      assert.equal(await ok(ns, `auth can-i list pods --as ${subject}`), 'yes\n');
      assert.match(await ok(ns, `auth can-i --list --as ${subject}`), /^pods +\[\] +\[\] +\[get list\]$/m);
      const token = (await ok(ns, 'create token robot --duration 20m')).trim();
      assert.match(await ok(ns, `auth whoami --token ${token}`), new RegExp(`Username +${subject}`));
      await ok(ns, `get pods --token ${token}`);
      await fails(
        ns,
        `get secrets --token ${token}`,
        /Error from server \(Forbidden\): secrets is forbidden: User "system:serviceaccount:\S+:robot" cannot list resource "secrets" in API group "" in the namespace/,
      );
      await fails(ns, 'get pods --token nonsense', /Unauthorized|must be logged in/);
      assert.equal(await ok(ns, `auth can-i '*' '*'`), 'yes\n');
    });
  });
});
