// Every scenario, in the order in which they run.
import { badInput } from './bad-input.ts';
import { kinds } from './kinds.ts';
import { lifecycle } from './lifecycle.ts';
import { sources } from './sources.ts';
import type { Scenario } from './world.ts';

export const scenarios: readonly Scenario[] = [...lifecycle, ...kinds, ...sources, ...badInput];
