// Which of several sources a flag means: by its position, counted from 1, or by its name.
import type { Application } from '../../contract/index.ts';
import { CliError } from '../errors.ts';

export const sourceOptions = {
  'source-position': {
    type: 'number',
    value: 'number',
    describe: 'Which of several sources, counted from 1',
  },
  'source-name': { type: 'string', value: 'name', describe: 'Which of several sources, by its name' },
} as const;

export const revisionsOptions = {
  revisions: {
    type: 'list',
    value: 'ref',
    describe: 'Revisions of several sources, with --source-positions or --source-names',
  },
  'source-positions': {
    type: 'list',
    value: 'number',
    describe: 'Which sources --revisions mean, counted from 1',
  },
  'source-names': { type: 'list', value: 'name', describe: 'Which sources --revisions mean, by name' },
} as const;

/** The position (from 1) that the flags name; undefined when they name none. */
export function sourcePosition(
  app: Application,
  flags: { readonly 'source-position'?: number | undefined; readonly 'source-name'?: string | undefined },
): number | undefined {
  const { 'source-position': position, 'source-name': name } = flags;
  if (position !== undefined && name !== undefined)
    throw new CliError('USAGE', 'Give --source-position or --source-name, not both', 1);
  if (name !== undefined) return positionOfName(app, name);
  if (position === undefined) return undefined;
  const count = app.spec.sources?.length ?? 1;
  if (Number.isInteger(position) && position >= 1 && position <= count) return position;
  throw new CliError('USAGE', `--source-position ${position}: the application has ${count} sources`, 1);
}

/** `revisions` and `sourcePositions` of a request; nothing when no revisions were given. */
export function revisionsByPosition(
  app: Application,
  flags: {
    readonly revisions: readonly string[];
    readonly 'source-positions': readonly string[];
    readonly 'source-names': readonly string[];
  },
): { revisions?: string[]; sourcePositions?: number[] } {
  const { revisions, 'source-positions': positions, 'source-names': names } = flags;
  if (positions.length > 0 && names.length > 0)
    throw new CliError('USAGE', 'Give --source-positions or --source-names, not both', 1);
  const chosen = names.length > 0 ? names.map((name) => positionOfName(app, name)) : positions.map(Number);
  if (revisions.length !== chosen.length) {
    throw new CliError(
      'USAGE',
      `--revisions: ${revisions.length} given for ${chosen.length} sources; give one for each of --source-positions or --source-names`,
      1,
    );
  }
  return revisions.length === 0 ? {} : { revisions: [...revisions], sourcePositions: chosen };
}

function positionOfName(app: Application, name: string): number {
  const index = (app.spec.sources ?? []).findIndex((source) => source.name === name);
  if (index >= 0) return index + 1;
  throw new CliError('USAGE', `${app.metadata.name} has no source named ${name}`, 1);
}
