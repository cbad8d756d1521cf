// A rollback that automated sync honours: where the application is held, what it says meanwhile, and its end by time.
import { type Application, annotations, describeHold, type Hold, holdOf } from '../../model/index.ts';
import { shortRevisions } from './auto-sync.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';
import { type SourceList, sourcesIn } from './sources.ts';
import { applicationObject } from './sync-journal.ts';
import { patchApplication } from './write.ts';

/** The hold that is in force, if one is. */
export function activeHold(app: Application, now: number): Hold | undefined {
  const state = holdOf(app, now);
  return state.kind === 'active' ? state.hold : undefined;
}

/**
 * What a held application is rendered at; undefined: it is not held.
 * @throws ApplicationError when the revisions are not as many as the sources
 */
export function heldAt(
  app: Application,
  list: SourceList,
  now: number,
):
  | { readonly list: SourceList; readonly revisions: readonly string[]; readonly isRemembered: true }
  | undefined {
  const hold = activeHold(app, now);
  if (hold === undefined) return undefined;
  const held = sourcesIn(hold) ?? list;
  const revisions = hold.revisions ?? [hold.revision];
  if (revisions.length === held.sources.length) return { list: held, revisions, isRemembered: true };
  throw new ApplicationError(
    'HOLD_INVALID',
    `The application cannot be held at ${hold.revision}: it has ${held.sources.length} sources; name one revision for each in "revisions" of annotation ${annotations.hold}`,
  );
}

/** @param followed the commit the source is at, when known */
export function holdFindings(app: Application, now: number, followed: string | undefined): Finding[] {
  const state = holdOf(app, now);
  if (state.kind === 'invalid') return [{ type: 'InvalidSpecError', message: state.message }];
  if (state.kind !== 'active') return [];
  const source = followed === undefined ? '' : `; its source is at ${shortRevisions(followed)}`;
  return [{ type: 'HoldWarning', message: `${describeHold(state.hold)}${source}` }];
}

/** When the hold ends by itself, milliseconds from now. */
export function holdEndsInMs(app: Application, now: number): number | undefined {
  const state = holdOf(app, now);
  return state.kind === 'active' ? state.leftMs : undefined;
}

/** Removes a hold whose time is over. @returns true when there was one */
export async function releaseExpired(deps: ApplicationDeps, app: Application): Promise<boolean> {
  const state = holdOf(app, deps.clock.now());
  if (state.kind !== 'expired') return false;
  await deps.journal.fact({
    actor: { kind: 'controller', name: 'hold' },
    action: 'application.release',
    object: applicationObject(app),
    revision: state.hold.revision,
    reason: `the hold ended at ${state.hold.until}`,
  });
  await patchApplication(deps, app, {
    // With the version as precondition a hold that was made longer meanwhile is not taken away.
    metadata: { annotations: { [annotations.hold]: null }, resourceVersion: app.metadata.resourceVersion },
  });
  return true;
}
