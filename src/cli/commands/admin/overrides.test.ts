// Trying checks and actions out on files: what is printed, and how it ends.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type TestCli, testCli } from '../../../../test/support/cli.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, generation: 2}
spec: {replicas: 2, template: {spec: {containers: []}}}
status: {observedGeneration: 1}
`;

const CONFIG = `apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
data:
  resource.customizations.health.example.com_Widget: |
    return {status = "Degraded", message = "size " .. obj.spec.size}
  resource.customizations.health.example.com_Broken: return nil + 1
  resource.customizations.ignoreDifferences.apps_Deployment: |
    jsonPointers: [/spec/replicas]
    jqPathExpressions: ['.metadata.generation']
  resource.customizations.ignoreResourceUpdates.all: |
    jsonPointers: [/status]
  resource.customizations.actions.apps_Deployment: |
    mergeBuiltinActions: true
    discovery.lua: |
      return {nudge = {}, spawn = {disabled = false}, idle = {}}
    definitions:
    - name: nudge
      action.lua: |
        obj.metadata.labels = {nudged = actionParams["how"] or "softly"}
        return obj
    - name: spawn
      action.lua: |
        return {{operation = "create", resource = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = "made"}}}}
    - name: idle
      action.lua: return obj
`;

async function prepared(): Promise<TestCli> {
  const cli = await testCli();
  const files = {
    'deploy.yaml': DEPLOYMENT,
    'cm.yaml': CONFIG,
    'widget.yaml': '{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {size: 3}}',
    'broken.yaml': '{apiVersion: example.com/v1, kind: Broken, metadata: {name: b}}',
    'config.yaml': '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}',
    'nothing.yaml': '{a: b}',
    'broken-cm.yaml': 'kind: ConfigMap\ndata: {resource.customizations: "[a"}',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cli.directory, name), text);
  return cli;
}

const CASES: Record<string, { argv: string; stdout?: string; stderr?: RegExp; code?: number }> = {
  'health of a kind with a check in the map': {
    argv: 'health widget.yaml --argocd-cm-path cm.yaml',
    stdout: 'STATUS: Degraded\nMESSAGE: size 3\n',
  },
  'health of a kind with a built-in check': {
    argv: 'health deploy.yaml --argocd-cm-path ./cm.yaml',
    stdout: 'STATUS: Progressing\nMESSAGE: Waiting for generation 2 to be observed\n',
  },
  'health without a map': {
    argv: 'health deploy.yaml',
    stdout: 'STATUS: Progressing\nMESSAGE: Waiting for generation 2 to be observed\n',
  },
  'health of a kind without any check': {
    argv: 'health config.yaml',
    stdout: "Health script is not configured for '/ConfigMap'\n",
  },
  'health by a script that fails': {
    argv: 'health broken.yaml --argocd-cm-path cm.yaml',
    stdout:
      'STATUS: Unknown\nMESSAGE: The health check of example.com/Broken failed: script:1: attempt to perform arithmetic on a nil value\n',
  },
  'list-actions with the built-in ones': {
    argv: 'list-actions deploy.yaml --argocd-cm-path cm.yaml',
    stdout: `NAME     DISABLED
idle     false
nudge    false
pause    false
restart  false
resume   true
scale    false
spawn    false
`,
  },
  'list-actions of a kind without any': {
    argv: 'list-actions config.yaml',
    stdout: "Actions are not configured for '/ConfigMap'\n",
  },
  'run-action that patches': {
    argv: 'run-action deploy.yaml nudge --argocd-cm-path cm.yaml --param how=hard',
    stdout: `Following fields have been changed:

@@ -2,6 +2,8 @@
 kind: Deployment
 metadata:
   generation: 2
+  labels:
+    nudged: hard
   name: web
 spec:
   replicas: 2
`,
  },
  'run-action that creates': {
    argv: 'run-action deploy.yaml spawn --argocd-cm-path cm.yaml',
    stdout: 'Following resource was created:\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\n',
  },
  'run-action that changes nothing': {
    argv: 'run-action deploy.yaml idle --argocd-cm-path cm.yaml',
    stdout: 'No fields had been changed by action: \nidle\n',
  },
  'run-action without such an action': {
    argv: 'run-action deploy.yaml explode',
    stderr:
      /^Error: apps\/Deployment web has no action "explode"; there are: restart, pause, resume, scale\n$/,
    code: 20,
  },
  'ignore-differences of a kind with rules': {
    argv: 'ignore-differences deploy.yaml --argocd-cm-path cm.yaml',
    stdout: `Following fields are ignored:

@@ -1,10 +1,8 @@
 apiVersion: apps/v1
 kind: Deployment
 metadata:
-  generation: 2
   name: web
 spec:
-  replicas: 2
   template:
     spec:
       containers: []
`,
  },
  'ignore-differences of a kind without': {
    argv: 'ignore-differences widget.yaml --argocd-cm-path cm.yaml',
    stdout: "Ignore differences are not configured for 'example.com/Widget'\n",
  },
  'ignore-resource-updates by a rule for all': {
    argv: 'ignore-resource-updates widget.yaml --argocd-cm-path cm.yaml',
    stdout:
      'No fields are ignored by ignoreResourceUpdates settings: \n{"jsonPointers":["/status"],"jqPathExpressions":[]}\n',
  },
  'a file that is not there': {
    argv: 'health absent.yaml',
    stderr: /^Error: Cannot read absent\.yaml: /,
    code: 20,
  },
  'a file without an object': { argv: 'health nothing.yaml', stderr: /has no apiVersion or kind/, code: 20 },
  'a map whose combined key is no YAML': {
    argv: 'health deploy.yaml --argocd-cm-path broken-cm.yaml',
    stderr: /^Error: broken-cm\.yaml: resource\.customizations cannot be read: /,
    code: 20,
  },
  'a map that is none': {
    argv: 'health deploy.yaml --argocd-cm-path nothing.yaml',
    stderr: /nothing\.yaml is no config map/,
    code: 20,
  },
};
for (const [name, { argv, stdout = '', stderr = /^$/, code = 0 }] of Object.entries(CASES)) {
  test(`admin settings resource-overrides: ${name}`, async () => {
    await using cli = await prepared();
    const result = await cli.run('admin', 'settings', 'resource-overrides', ...argv.split(' '));
    assert.match(result.stderr, stderr);
    assert.deepEqual([result.code, result.stdout], [code, stdout]);
  });
}
