// What is scraped, held against the grammar of the Prometheus text format (version 0.0.4) line by line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilSynced } from '../scenarios/world.ts';

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const VALUE = String.raw`(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)`;
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{((?:${LABEL})?(?:,${LABEL})*)\})? (${VALUE})(?: -?\d+)?$`,
);
const HELP = new RegExp(String.raw`^# HELP (${NAME}) (?:[^\\]|\\[\\n])*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);

interface Family {
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: string; readonly value: number }[];
}

/** Rejects what a strict reader would: repeated families and samples, samples outside their family, bad escapes. */
function parse(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '' || HELP.test(line)) continue;
    const [, typed = '', type = ''] = TYPE.exec(line) ?? [];
    if (typed !== '') {
      assert.ok(!families.has(typed), `${typed} is described twice`);
      families.set(typed, { type, samples: [] });
      current = typed;
      continue;
    }
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    assert.notEqual(name, '', `no line of the format: ${line}`);
    const family = families.get(current);
    const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    assert.ok(
      suffixes.some((suffix) => name === `${current}${suffix}`),
      `${name} does not belong to ${current}`,
    );
    assert.ok(!seen.has(`${name}{${labels}}`), `${name}{${labels}} is there twice`);
    seen.add(`${name}{${labels}}`);
    family?.samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  return families;
}

function assertHistogram(name: string, { samples }: Family): void {
  const bounds = samples.filter((sample) => sample.name.endsWith('_bucket'));
  const series = Map.groupBy(bounds, ({ labels }) => labels.replace(/,?le="[^"]*",?/, ''));
  for (const [labels, buckets] of series) {
    assert.match(buckets.at(-1)?.labels ?? '', /le="\+Inf"/, `${name}{${labels}} ends with +Inf`);
    for (const [i, { value }] of buckets.entries())
      assert.ok(value >= (buckets[i - 1]?.value ?? 0), `${name}{${labels}} counts upwards`);
  }
}

test('the metrics of a running control plane are strictly in the text format', {
  timeout: 120_000,
}, async () => {
  const host = await startHost('embedded');
  try {
    await host.run(
      {
        name: 'metrics',
        async run(world) {
          await world.commit({ 'a.yaml': configMap('settings', { v: '1' }) });
          // What a label's value must not break out of.
          await world.apply({ syncPolicy: AUTOMATED, info: [{ name: 'quote', value: '"\\\n' }] });
          await untilSynced(world);
          const response = await fetch(`${host.plane().url}/metrics`);
          assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
          const families = parse(await response.text());
          for (const [name, family] of families) {
            if (family.type === 'histogram') assertHistogram(name, family);
            if (family.type === 'counter')
              for (const { value } of family.samples) assert.ok(value >= 0, `${name} is never negative`);
          }
          assert.ok(
            families
              .get('argocd_app_info')
              ?.samples.some(({ labels }) => labels.includes(`name="${world.name}"`)),
          );
        },
      },
      930,
    );
  } finally {
    await host.close();
  }
});
