// Writes intents and outcomes to the journal given by URL until it is killed, and prints each acknowledged link.
import { openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/lib/index.ts';

const [url = ''] = process.argv.slice(2);
const journal = await openJournal({ clock: systemClock }, { url });

async function writeForEver(name: string): Promise<never> {
  for (;;) {
    const intent = await journal.intent({
      actor: { kind: 'controller', name: 'application' },
      action: 'object.apply',
      object: { kind: 'ConfigMap', namespace: 'default', name },
    });
    console.log(JSON.stringify({ seq: intent.seq, hash: intent.hash }));
    const { seq, hash } = await journal.outcome(intent, { outcome: 'succeeded' });
    console.log(JSON.stringify({ seq, hash }));
  }
}

await Promise.all(['a', 'b', 'c', 'd'].map(writeForEver));
