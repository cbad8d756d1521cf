// Some of the points at which a control plane may die; test/real/crash.test.ts tries all of them.
import { crashSuite } from '../support/crash-suite.ts';

crashSuite((story, writes) => {
  const offset = story.name.length;
  return [
    { point: 1 + (offset % writes), mode: 'before' },
    { point: 1 + ((offset + Math.floor(writes / 2)) % writes), mode: 'after' },
  ];
});
