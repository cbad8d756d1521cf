// Door of health: how one object and an application are.
export { aggregateHealth, type ResourceHealth } from './aggregate.ts';
export { assessHealth, type CustomHealth } from './assess.ts';
export { createHealthJudge, type HealthJudge, type HealthJudgeDeps, type Verdict } from './custom/judge.ts';
