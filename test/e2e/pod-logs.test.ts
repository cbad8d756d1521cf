// Logs of an application's pods from the cluster to the command line, on the embedded API with simulated workloads.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Host, startHost } from '../scenarios/host.ts';
import { AUTOMATED, untilSynced, type World } from '../scenarios/world.ts';

interface Page {
  readonly socket: WebSocket;
  /** Resolves with everything shown once it matches; rejects when the terminal ends before. */
  until(pattern: RegExp): Promise<string>;
  readonly ended: Promise<string>;
}

/** The web terminal as a page has it. */
function openTerminal(query: Record<string, string>): Page {
  const url = `${host.plane().url.replace('http', 'ws')}/terminal?${new URLSearchParams(query)}`;
  const socket = new WebSocket(url);
  let shown = '';
  let look = (): void => {};
  const ended = new Promise<string>((resolve) => {
    socket.onerror = () => resolve('the handshake failed');
    socket.onclose = ({ reason }) => {
      resolve(reason);
      look();
    };
  });
  socket.onmessage = ({ data }) => {
    const { operation, data: text = '' } = JSON.parse(String(data));
    if (operation === 'stdout') shown += text;
    look();
  };
  return {
    socket,
    ended,
    async until(pattern) {
      while (!pattern.test(shown)) {
        assert.ok(socket.readyState <= 1, `the terminal ended with: ${shown}`);
        await new Promise<void>((resolve) => {
          look = resolve;
        });
      }
      return shown;
    },
  };
}

let host: Host;
before(async () => {
  host = await startHost('embedded');
});
after(() => host.close());

let index = 850;
const scenario = (name: string, run: (world: World) => Promise<void>): void => {
  test(name, () => host.run({ name, run }, index++));
};

function deployment(
  name: string,
  replicas: number,
  containers = '[{name: app, image: "shop/app:1"}]',
): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: ${containers}}
`;
}

const JOB = `apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: app, image: "shop/once:1"}]
`;

interface Line {
  readonly content: string;
  readonly podName: string;
  readonly timeStampStr: string;
  readonly last: boolean;
}

async function logs(world: World, query: string): Promise<Line[]> {
  const answer = await fetch(`${host.plane().url}/api/v1/applications/${world.name}/logs?${query}`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).result);
}

/** Waits until the logs of `count` pods can be read, as lines. */
async function untilLogged(world: World, query: string, count: number): Promise<Line[]> {
  return await world.until(`${count} pods have logs`, async () => {
    const lines = await logs(world, query).catch(() => []);
    const pods = new Set(
      lines.filter(({ timeStampStr, last }) => timeStampStr !== '' && !last).map((line) => line.podName),
    );
    return pods.size === count ? lines : undefined;
  });
}

scenario('logs of a workload are those of its pods, by time, and of no other workload', async (world) => {
  await world.commit({ 'web.yaml': deployment('web', 3), 'other.yaml': deployment('web-other', 1) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  await untilLogged(world, '', 4);
  const lines = await untilLogged(world, 'group=apps&kind=Deployment&resourceName=web', 3);
  assert.equal(lines.at(-1)?.last, true);
  const times = lines.slice(0, -1).map(({ timeStampStr }) => timeStampStr);
  assert.deepEqual(times, [...times].sort());
  assert.ok(lines.every(({ podName }) => !podName.startsWith('web-other')));
  const tail = await logs(world, 'group=apps&kind=Deployment&resourceName=web&tailLines=1');
  assert.equal(tail.length, 4);
  const filtered = await logs(world, 'filter=STARTING&matchCase=true');
  assert.deepEqual(
    filtered.map(({ last }) => last),
    [true],
  );
  const shown = await world.cli(
    'app',
    'logs',
    world.name,
    '--kind',
    'Deployment',
    '--name',
    'web',
    '--filter',
    'starting',
    '--prefix',
  );
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^(web-[a-z0-9]+-[a-z0-9]+: level=info msg="starting".*\n){3}$/);
});

scenario(
  'a pod of somebody else, an unknown resource and an unknown container are refused with a sentence',
  async (world) => {
    await world.commit({ 'web.yaml': deployment('web', 1) });
    await world.apply({ syncPolicy: AUTOMATED });
    await untilSynced(world);
    await world.create('v1', 'pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'foreign' },
      spec: { containers: [{ name: 'app', image: 'a:1' }] },
    });
    await untilLogged(world, '', 1);
    const foreign = await world.cli('app', 'logs', world.name, '--kind', 'Pod', '--name', 'foreign');
    assert.equal(foreign.code, 20);
    assert.match(foreign.stderr, new RegExp(`Application ${world.name} has no pod foreign`));
    const unknown = await world.call('GET', `${world.name}/logs?kind=Deployment&resourceName=nope`);
    assert.equal(unknown.status, 404);
    const container = await world.call('GET', `${world.name}/logs?container=nope`);
    assert.equal(container.status, 400);
    assert.match(String(container.body['message']), /container nope is not valid for pod web-/);
    const previous = await world.cli('app', 'logs', world.name, '--previous');
    assert.match(previous.stderr, /previous terminated container "app" in pod "web-[^"]+" not found/);
  },
);

scenario(
  'with more pods than are shown at once the question has to be narrower; argocd-cm says how many',
  async (world) => {
    await world.commit({ 'web.yaml': deployment('web', 11) });
    await world.apply({ syncPolicy: AUTOMATED });
    await untilSynced(world);
    const refusal = await world.until('there are too many pods', async () => {
      const { status, body } = await world.call('GET', `${world.name}/logs`);
      return status === 400 && /these are 11 pods/.test(String(body['message'])) ? body : undefined;
    });
    assert.match(String(refusal['message']), /^max pods to view logs are reached.*at most 10/);
    await world.configure('server.maxPodLogsToRender', '11');
    await untilLogged(world, 'tailLines=1', 11);
    await world.configure('server.maxPodLogsToRender', null);
  },
);

scenario('following a Job ends with it', async (world) => {
  await world.commit({ 'job.yaml': JOB });
  await world.apply({ syncPolicy: AUTOMATED });
  await world.until('the Job is there', async () => await world.get('batch/v1', 'jobs', 'once'));
  const shown = await world.until('its pod is part of the application', async () => {
    const result = await world.cli('app', 'logs', world.name, '--kind', 'Job', '--name', 'once', '--follow');
    return result.code === 0 ? result : undefined;
  });
  assert.match(shown.stdout, /msg="done"/);
});

scenario('a pod that appears while its workload is followed joins in', async (world) => {
  await world.commit({ 'web.yaml': deployment('web', 1) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  await untilLogged(world, '', 1);
  const away = new AbortController();
  const answer = await fetch(`${host.plane().url}/api/v1/applications/${world.name}/logs?follow=true`, {
    signal: away.signal,
  });
  const pods = new Set<string>();
  let isScaled = false;
  let rest = '';
  for await (const chunk of answer.body ?? []) {
    const lines = `${rest}${new TextDecoder().decode(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) pods.add(JSON.parse(line).result.podName);
    if (pods.size === 1 && !isScaled) {
      isScaled = true;
      await world.commit({ 'web.yaml': deployment('web', 2) });
    }
    if (pods.size === 2) break;
  }
  away.abort();
  assert.equal(pods.size, 2);
});

scenario('without a container the default one is read', async (world) => {
  const containers = '[{name: main, image: "shop/app:1"}, {name: proxy, image: "shop/proxy:1"}]';
  await world.commit({ 'web.yaml': deployment('web', 1, containers) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  const [first] = await untilLogged(world, '', 1);
  assert.match(first?.content ?? '', /container=main/);
  const [proxy] = await untilLogged(world, 'container=proxy', 1);
  assert.match(proxy?.content ?? '', /container=proxy/);
});

scenario('a terminal in a pod of the application, in the first shell that it has', async (world) => {
  await world.commit({ 'web.yaml': deployment('web', 1) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  const [line] = await untilLogged(world, '', 1);
  const pod = line?.podName ?? '';
  await world.configure('exec.enabled', 'true');
  await world.until('the server knows that', async () => {
    const settings = (await world.api('/api/v1/settings')) as { execEnabled?: boolean };
    return settings.execEnabled === true;
  });
  const page = openTerminal({ pod, container: 'app', appName: world.name, namespace: world.namespace });
  // It has no bash; sh is the next one that is tried.
  await page.until(/^\/ # $/);
  const say = (input: object): void => page.socket.send(JSON.stringify(input));
  say({ operation: 'resize', rows: 33, cols: 111 });
  say({ operation: 'stdin', data: 'stty size; hostname\r' });
  const shown = await page.until(/# stty size; hostname\r\n33 111\r\n.*\r\n\/ # $/);
  assert.ok(shown.includes(`${pod}\r\n`));
  say({ operation: 'stdin', data: 'exit 3\r' });
  assert.equal(await page.ended, 'sh ended with exit code 3');
  const [open] = await world.until('it is recorded', async () => {
    const { records } = await host.plane().journal.query({ filters: { action: 'pod.terminal' } });
    return records.length === 2 ? records : undefined;
  });
  assert.ok(!JSON.stringify(open).includes('stty'));
  const other = openTerminal({ pod, container: 'app', appName: world.name, namespace: world.namespace });
  await other.until(/^\/ # $/);
  await world.delete('v1', 'pods', pod);
  assert.match(await other.ended, /exit code 137|not part of the application/);
  const foreign = openTerminal({ pod: 'nope', appName: world.name });
  assert.equal(await foreign.ended, 'the handshake failed');
  await world.configure('exec.enabled', null);
});
