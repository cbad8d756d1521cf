// A control plane as a process of its own that a test may kill: argument = JSON of the options below; prints its URL.
// The same parts as `fairlead serve`, with waits short enough for tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControlPlane } from '../../src/app/compose.ts';
import { connectionOfKubeconfig } from '../../src/k8s/index.ts';
import { jsonLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';

interface Options {
  readonly kubeconfig: string;
  readonly dataDir: string;
}

const { kubeconfig, dataDir } = JSON.parse(process.argv[2] ?? '{}') as Options;
const log = jsonLogger({
  level: 'warn',
  write: (line) => process.stderr.write(line),
  now: () => systemClock.now(),
});
const plane = await startControlPlane(
  { clock: systemClock, random: systemRandom, exec: systemExec, log, path: process.env.PATH ?? '' },
  {
    connection: await connectionOfKubeconfig(readFileSync(kubeconfig, 'utf8'), { clock: systemClock }),
    namespace: 'argocd',
    host: '127.0.0.1',
    port: 0,
    auth: 'off',
    dataDir,
    installCrds: true,
    role: 'all',
    uiDirectory: join(dataDir, 'no-page'),
    timing: { pollMs: 2_000, revisionPassMs: 100, waveDelayMs: 20 },
  },
);
process.once('SIGTERM', () => void plane.close());
process.stdout.write(`${plane.url}\n`);
