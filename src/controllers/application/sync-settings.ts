// How long a sync waits for what: annotations of the application over `argocd-cm` over the defaults.
import { parseDurationMs } from '../../lib/index.ts';
import { type Application, annotations } from '../../model/index.ts';
import type { SyncSettings } from '../../sync/index.ts';
import type { ApplicationDeps } from './deps.ts';

/** Members of `argocd-cm` with durations (`90s`, `30m`, `2h`). */
const KEYS = {
  waveDeadlineMs: { config: 'fairlead.sync.wave.timeout', annotation: annotations.waveTimeout },
  hookDeadlineMs: { config: 'fairlead.sync.hook.timeout', annotation: annotations.hookTimeout },
  operationDeadlineMs: { config: 'fairlead.sync.timeout', annotation: annotations.operationTimeout },
} as const;

export function syncSettingsOf(deps: ApplicationDeps, app: Application): Partial<SyncSettings> {
  const marks = app.metadata.annotations ?? {};
  const settings: { -readonly [Key in keyof SyncSettings]?: SyncSettings[Key] } = { ...deps.syncSettings };
  for (const [name, { config, annotation }] of Object.entries(KEYS) as [
    keyof typeof KEYS,
    (typeof KEYS)[keyof typeof KEYS],
  ][]) {
    const given = parseDurationMs(marks[annotation] ?? '') ?? parseDurationMs(deps.config(config) ?? '');
    if (given !== undefined && given > 0) settings[name] = given;
  }
  return settings;
}
