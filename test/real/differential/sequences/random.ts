// Sequences nobody thought of: seeded choices of writes by several managers to few objects.
import { type Random, seededRandom } from '../../../../src/lib/index.ts';
import { apply, del, get, patch, post, put, type Sequence, type Step, sequence } from '../sequence.ts';
import { configMap, deployment, paths, podSpec, template } from './objects.ts';

/** How many; `FAIRLEAD_SEEDS` asks for more. */
const SEEDS = Number(process.env['FAIRLEAD_SEEDS'] ?? 60);
const STEPS = 12;

export function randomSequences(): Sequence[] {
  return Array.from({ length: SEEDS }, (_, seed) => {
    const random = seededRandom(seed + 1);
    const write = seed % 3 === 2 ? deploymentWrite : configMapWrite;
    return sequence(`random: seed ${seed + 1}`, ...Array.from({ length: STEPS }, () => write(random)));
  });
}

function pick<T>(random: Random, ...choices: [T, ...T[]]): T {
  return choices[Math.floor(random.next() * choices.length)] ?? choices[0];
}

function subset<T>(random: Random, items: readonly T[]): T[] {
  return items.filter(() => random.next() < 0.5);
}

const manager = (random: Random) => pick(random, 'one', 'two', 'three');

function configMapWrite(random: Random): Step {
  const at = `${paths.configMaps}/r`;
  const data = () =>
    Object.fromEntries(subset(random, ['a', 'b', 'c', 'd']).map((key) => [key, pick(random, '1', '2')]));
  const metadata = () => ({
    ...(random.next() < 0.4
      ? { labels: Object.fromEntries(subset(random, ['x', 'y']).map((key) => [key, 'l'])) }
      : {}),
    ...(random.next() < 0.3
      ? { finalizers: subset(random, ['example.com/a', 'example.com/b', 'example.com/c']) }
      : {}),
  });
  const whole = () => configMap('r', { data: data(), metadata: metadata() });
  const by = `?fieldManager=${manager(random)}`;
  return pick(
    random,
    () => post(`${paths.configMaps}${by}`, whole()),
    () => put(`${at}${by}`, whole()),
    () => apply(at, manager(random), whole()),
    () => apply(at, manager(random), whole(), '&force=true'),
    () => apply(at, manager(random), whole(), '&force=true&dryRun=All'),
    () =>
      patch('merge', `${at}${by}`, {
        data: { ...data(), [pick(random, 'a', 'b')]: null },
        metadata: metadata(),
      }),
    () => patch('strategic', `${at}${by}`, { data: data(), metadata: metadata() }),
    () =>
      patch('json', `${at}${by}`, [
        { op: pick(random, 'add', 'replace', 'remove'), path: `/data/${pick(random, 'a', 'e')}`, value: '3' },
      ]),
    () => patch('merge', `${at}${by}`, { metadata: { finalizers: null } }),
    () => (random.next() < 0.5 ? del(at) : get(at)),
  )();
}

function deploymentWrite(random: Random): Step {
  const at = `${paths.deployments}/r`;
  const env = () => subset(random, ['A', 'B', 'C']).map((name) => ({ name, value: pick(random, '1', '2') }));
  const ports = () =>
    subset(random, [80, 81]).map((containerPort) => ({
      containerPort,
      ...(random.next() < 0.3 ? { protocol: 'UDP' } : {}),
    }));
  const container = (name: string) => ({
    name,
    image: pick(random, 'x:1', 'x:2'),
    ...(random.next() < 0.6 ? { env: env() } : {}),
    ...(random.next() < 0.4 ? { ports: ports() } : {}),
  });
  const containers = () =>
    (random.next() < 0.3 ? [container('side')] : []).concat(random.next() < 0.9 ? [container('main')] : []);
  const whole = () =>
    deployment('r', {
      template: template(
        { app: 'r' },
        podSpec({
          containers: containers(),
          ...(random.next() < 0.3
            ? { tolerations: [{ key: pick(random, 'k', 'l'), operator: 'Exists' }] }
            : {}),
        }),
      ),
      ...(random.next() < 0.3 ? { replicas: pick(random, 0, 1) } : {}),
    });
  const spec = () => ({ spec: { template: { spec: { containers: containers() } } } });
  const by = `?fieldManager=${manager(random)}`;
  return pick(
    random,
    () => post(`${paths.deployments}${by}`, whole()),
    () => put(`${at}${by}`, whole()),
    () => apply(at, manager(random), whole()),
    () => apply(at, manager(random), whole(), '&force=true'),
    () =>
      apply(
        at,
        manager(random),
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'r', labels: { a: pick(random, '1', '2') } },
        },
        '&force=true',
      ),
    () => patch('strategic', `${at}${by}`, spec()),
    () => patch('merge', `${at}${by}`, spec()),
    () => patch('merge', `${at}/scale${by}`, { spec: { replicas: pick(random, 0, 1, 2) } }),
    () => patch('merge', `${at}/status${by}`, { status: { replicas: pick(random, 1, 2) } }),
    () => (random.next() < 0.3 ? del(at) : get(at)),
  )();
}
