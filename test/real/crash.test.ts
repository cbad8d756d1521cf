// Every point at which a control plane may die, in every way.
import { CRASH_MODES, crashSuite } from '../support/crash-suite.ts';

crashSuite((_story, writes) =>
  Array.from({ length: writes }, (_, index) =>
    CRASH_MODES.map((mode) => ({ point: index + 1, mode })),
  ).flat(),
);
