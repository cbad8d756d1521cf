// `kustomize.buildOptions`: what an administrator may pass on to `kustomize build`. Pure.
import { sourceError } from '../errors.ts';
import type { RenderSettings } from '../request.ts';

/** Flags that change the output and open nothing. */
const HARMLESS = new Set(['--reorder', '--as-current-user']);

/** The flags to pass. Throws RENDER_FEATURE_REFUSED for one that would run programs or leave the repository. */
export function buildFlags(settings: RenderSettings): string[] {
  const flags: string[] = [];
  const options = [...settings.kustomizeBuildOptions];
  for (let option = options.shift(); option !== undefined; option = options.shift()) {
    const [name = '', value] = option.split('=', 2);
    if (name === '--enable-helm') continue; // decided by allowKustomizeHelm
    if (name === '--load-restrictor') {
      if ((value ?? options.shift()) === 'LoadRestrictionsRootOnly') continue;
      throw refused(option);
    }
    if (!HARMLESS.has(name)) throw refused(option);
    flags.push(option);
    const next = options[0];
    if (value === undefined && next !== undefined && !next.startsWith('-'))
      flags.push(options.shift() as string);
  }
  return flags;
}

function refused(option: string): Error {
  return sourceError(
    'RENDER_FEATURE_REFUSED',
    `kustomize.buildOptions has ${option}, which Fairlead does not pass on: it would run programs or read outside the kustomization; remove it from argocd-cm`,
  );
}
