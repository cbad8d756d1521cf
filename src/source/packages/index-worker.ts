// Reads one index.yaml in a thread of its own, which is ended when that takes too long or too much.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../lib/index.ts';
import { entriesOf } from './helm-index.ts';

try {
  parentPort?.postMessage({ entries: { ...entriesOf(String(workerData)) } });
} catch (error) {
  const text = messageOf(error)
    .replace(/^index\.yaml of the Helm repository /, '')
    .replace(/; check repoURL.*$/, '');
  parentPort?.postMessage({ problem: text });
}
