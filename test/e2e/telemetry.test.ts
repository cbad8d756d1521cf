// Metrics and traces of a change that came by webhook.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Host, startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilData, untilSynced } from '../scenarios/world.ts';
import { type HttpSink, startHttpSink } from '../support/sinks.ts';

interface SpanSeen {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

let collector: HttpSink;
let host: Host;
before(async () => {
  collector = await startHttpSink(() => ({ body: {} }));
  host = await startHost('embedded', { otlpAddress: collector.url });
});
after(async () => {
  await host.close();
  await collector[Symbol.asyncDispose]();
});

function spans(): SpanSeen[] {
  return collector.requests
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ json }) => json.resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans: list }) => list as SpanSeen[]);
}

test('one trace and one set of figures lead from the webhook to the cluster', async () => {
  const run = async (world: Parameters<Parameters<Host['run']>[0]['run']>[0]): Promise<void> => {
    await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
    await world.apply({ syncPolicy: AUTOMATED });
    await untilSynced(world);
    await world.commit({ 'cm.yaml': configMap('settings', { a: '2' }) });
    await untilData(world, 'settings', 'a', '2');
    const text = await world.until('the change is measured', async () => {
      const metrics = await (await fetch(`${host.plane().url}/metrics`)).text();
      const isMeasured = /^fairlead_webhook_to_applied_seconds_count [1-9]/m.test(metrics);
      return isMeasured && /^argocd_app_sync_total.*Succeeded.* 2$/m.test(metrics) ? metrics : undefined;
    });
    for (const wanted of [
      /^argocd_app_info\{.*name="s900".*sync_status="Synced".*autosync_enabled="true"\} 1$/m,
      /^argocd_app_sync_total\{namespace="argocd",name="s900",.*phase="Succeeded",dry_run="false"\} 2$/m,
      /^argocd_app_reconcile_count\{namespace="argocd",dest_server="https:\/\/kubernetes.default.svc"\} \d+$/m,
      /^argocd_git_request_total\{repo="[^"]+",request_type="fetch"\} \d+$/m,
      /^fairlead_render_total\{tool="Directory",result="miss"\} \d+$/m,
      /^argocd_webhook_requests_total\{status="200"\} \d+$/m,
      /^argocd_cluster_connection_status\{server="https:\/\/kubernetes.default.svc"\} 1$/m,
      /^workqueue_depth\{name="app_reconciliation_queue"\} \d+$/m,
      /^workqueue_adds_total\{name="app_reconciliation_queue"\} \d+$/m,
      /^argocd_info\{version="v[^"]+"\} 1$/m,
    ]) {
      assert.match(text, wanted);
    }
    const wanted = ['webhook', 'git fetch', 'application.reconcile', 'render', 'webhook to applied'];
    const names = await world.until('a whole trace is exported', async () => {
      const traces = Map.groupBy(spans(), ({ traceId }) => traceId);
      return [...traces.values()].find((trace) =>
        wanted.every((name) => trace.some((span) => span.name === name)),
      );
    });
    const applied = names.find(({ name }) => name === 'webhook to applied');
    const root = names.find(({ name }) => name === 'webhook');
    assert.equal(applied?.parentSpanId, root?.spanId);
    const look = names.find(({ name }) => name === 'application.reconcile');
    assert.equal(look?.parentSpanId, root?.spanId);
  };
  await host.run({ name: 'telemetry', run }, 900);
});
