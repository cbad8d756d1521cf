// Every scenario, in the order in which they run.
import { badInput } from './bad-input.ts';
import { comparing } from './comparing.ts';
import { customisations } from './customisations.ts';
import { kinds } from './kinds.ts';
import { lifecycle } from './lifecycle.ts';
import { projects } from './projects.ts';
import type { Scenario } from './world.ts';

export const scenarios: readonly Scenario[] = [
  ...lifecycle,
  ...kinds,
  ...badInput,
  ...customisations,
  ...comparing,
  ...projects,
];
