// Every scenario, in the order in which they begin.
import { applicationSets } from './application-sets.ts';
import { badInput } from './bad-input.ts';
import { between } from './between.ts';
import { comparing } from './comparing.ts';
import { customisations } from './customisations.ts';
import { deletion } from './deletion.ts';
import { explaining } from './explaining.ts';
import { holds } from './holds.ts';
import { hooks } from './hooks.ts';
import { kinds } from './kinds.ts';
import { lifecycle } from './lifecycle.ts';
import { operations } from './operations.ts';
import { options } from './options.ts';
import { projects } from './projects.ts';
import { resources } from './resources.ts';
import { sources } from './sources.ts';
import type { Scenario } from './world.ts';

/** What `argocd-cm` says counts for all, so these run one after the other. */
const configuring = [...customisations, ...comparing, ...explaining, ...projects].map(
  (scenario): Scenario => ({ ...scenario, alone: true }),
);

export const scenarios: readonly Scenario[] = [
  ...lifecycle,
  ...kinds,
  ...sources,
  ...badInput,
  ...options,
  ...hooks,
  ...operations,
  ...deletion,
  ...holds,
  ...resources,
  ...between,
  ...applicationSets,
  ...configuring,
];
