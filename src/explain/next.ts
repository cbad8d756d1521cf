// What would change the state: what Fairlead does by itself and when, and what a person has to do. Pure.
import type { ExplanationCause, ExplanationStep } from '../contract/index.ts';
import { rfc3339 } from '../lib/index.ts';
import { type Application, dependsOn, holdOf } from '../model/index.ts';
import type { ExplanationFacts } from './facts.ts';

const MAX_LOGS = 3;
const MAX_DEPENDENCIES = 5;
/** Kinds that have pods with logs. */
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'Pod', 'Rollout']);

export function nextSteps(facts: ExplanationFacts, causes: readonly ExplanationCause[]): ExplanationStep[] {
  const steps = [
    ...operationSteps(facts),
    ...errorSteps(facts),
    ...holdSteps(facts),
    ...dependencySteps(facts),
    ...decisionSteps(facts),
    ...healthSteps(facts, causes),
  ];
  return steps.filter(
    (step, index) =>
      steps.findIndex(({ text, command }) => text === step.text && command === step.command) === index,
  );
}

function nameOf({ app }: ExplanationFacts): string {
  return app.metadata.name ?? '';
}

function operationSteps(facts: ExplanationFacts): ExplanationStep[] {
  const state = facts.app.status?.operationState;
  if (state?.phase !== 'Running') return [];
  if (/confirm/.test(state.message ?? '')) {
    return [
      {
        by: 'person',
        text: 'confirm the deletions it waits for',
        command: `fairlead app confirm-deletion ${nameOf(facts)}`,
      },
    ];
  }
  return [
    { by: 'itself', text: `the sync goes on: ${state.message ?? 'it runs'}` },
    { by: 'person', text: 'or end it', command: `fairlead app terminate-op ${nameOf(facts)}` },
  ];
}

function errorSteps(facts: ExplanationFacts): ExplanationStep[] {
  const errors = (facts.app.status?.conditions ?? []).filter(({ type }) => type.endsWith('Error'));
  if (errors.length === 0) return [];
  return errors.map(({ type }) => {
    const where =
      type === 'InvalidSpecError' ? 'in the application or its project' : 'in Git, or what it names';
    return {
      by: 'person',
      text: `correct what ${type} says ${where}; the next commit is looked at by itself, and this one again with`,
      command: `fairlead app get ${nameOf(facts)} --hard-refresh`,
    };
  });
}

function holdSteps({ app, now }: ExplanationFacts): ExplanationStep[] {
  const state = holdOf(app, now);
  if (state.kind !== 'active') return [];
  const { until } = state.hold;
  return [
    ...(until === undefined
      ? []
      : [{ by: 'itself' as const, text: 'the hold ends, and it follows its source again', at: until }]),
    {
      by: 'person',
      text: 'let it follow its source again',
      command: `fairlead app release ${app.metadata.name ?? ''}`,
    },
  ];
}

function dependencySteps({ app }: ExplanationFacts): ExplanationStep[] {
  const needs = dependsOn(app);
  if (!hasCondition(app, 'DependencyWarning') || needs.kind !== 'valid') return [];
  return [
    { by: 'itself', text: 'it goes on as soon as what it depends on is Synced and Healthy' },
    ...needs.keys.slice(0, MAX_DEPENDENCIES).map(
      (key): ExplanationStep => ({
        by: 'person',
        text: `see what ${key} is waiting for, if anything`,
        command: `fairlead app explain ${key}`,
      }),
    ),
  ];
}

function hasCondition(app: Application, wanted: string): boolean {
  return (app.status?.conditions ?? []).some(({ type }) => type === wanted);
}

function decisionSteps(facts: ExplanationFacts): ExplanationStep[] {
  const { app, decision, now } = facts;
  if (decision === undefined || app.status?.sync?.status !== 'OutOfSync') return [];
  const sync: ExplanationStep = {
    by: 'person',
    text: 'sync it',
    command: `fairlead app sync ${nameOf(facts)}`,
  };
  switch (decision.kind) {
    case 'sync':
      // Its own steps say when it goes on.
      if (hasCondition(app, 'DependencyWarning')) return [];
      if (hasCondition(app, 'SyncWindowInfo') || hasCondition(app, 'SyncWindowWarning'))
        return [{ by: 'itself', text: 'automated sync goes on when the sync windows let it' }, sync];
      return [{ by: 'itself', text: `automated sync brings it to Git (${decision.why})` }];
    case 'wait':
      return [
        {
          by: 'itself',
          text: `automated sync tries again (${decision.why})`,
          at: rfc3339(now + decision.waitMs),
        },
        sync,
      ];
    case 'refuse':
      return [
        ...(decision.retryInMs === undefined
          ? []
          : [
              {
                by: 'itself' as const,
                text: 'automated sync tries again',
                at: rfc3339(now + decision.retryInMs),
              },
            ]),
        { ...sync, text: `or sync it (${decision.message})` },
      ];
    case 'none':
      return [noneStep(facts, decision.why, sync)];
  }
}

function noneStep(facts: ExplanationFacts, why: string, sync: ExplanationStep): ExplanationStep {
  if (/prune/.test(why)) {
    return {
      by: 'person',
      text: `sync it with prune (${why})`,
      command: `fairlead app sync ${nameOf(facts)} --prune`,
    };
  }
  return { ...sync, text: `sync it (${why})` };
}

function healthSteps(facts: ExplanationFacts, causes: readonly ExplanationCause[]): ExplanationStep[] {
  return causes
    .filter(({ kind, object }) => kind === 'health' && object !== undefined && WORKLOADS.has(object.kind))
    .slice(0, MAX_LOGS)
    .map(({ object }) => ({
      by: 'person',
      text: `read the logs of ${object?.kind} ${object?.name}`,
      command: `fairlead app logs ${nameOf(facts)} --kind ${object?.kind} --name ${object?.name}`,
    }));
}
