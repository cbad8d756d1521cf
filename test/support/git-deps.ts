// Mirrors and checkouts over a data directory of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkouts,
  createCheckouts,
  createMirrors,
  type Mirror,
  type Mirrors,
} from '../../src/git/index.ts';
import {
  type AddressGuard,
  silentLogger,
  systemClock,
  systemExec,
  systemRandom,
} from '../../src/lib/index.ts';
import type { Artifact, Repository } from '../../src/model/index.ts';
import { gitArtifact } from '../../src/source/index.ts';

export const gitPath = process.env['PATH'] ?? '';

export interface GitFixture {
  readonly dataDir: string;
  readonly mirrors: Mirrors;
  readonly checkouts: Checkouts;
  mirror(url: string, extra?: Partial<Repository>): Mirror;
  /** The artifact of what `target` names after a fetch. */
  artifact(url: string, target?: string): Promise<Artifact>;
  close(): void;
}

/** `dataDir`: one that another fixture used, as after a restart. */
export function gitFixture(
  dataDir: string = mkdtempSync(join(tmpdir(), 'fairlead-data-')),
  options: { guard?: AddressGuard; path?: string; knownHosts?: () => string } = {},
): GitFixture {
  const deps = {
    exec: systemExec,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    path: options.path ?? gitPath,
    dataDir,
    guard: options.guard,
  };
  const { knownHosts } = options;
  const mirrors = createMirrors(deps, knownHosts === undefined ? {} : { knownHosts });
  const checkouts = createCheckouts(deps);
  const mirror = (url: string, extra: Partial<Repository> = {}): Mirror =>
    mirrors.get({ url, type: 'git', credential: { kind: 'none' }, ...extra });
  return {
    dataDir,
    mirrors,
    checkouts,
    mirror,
    async artifact(url, target = 'main') {
      const opened = mirror(url);
      await opened.fetch();
      return await gitArtifact({ mirror: opened, checkouts }, (await opened.resolve(target)).id);
    },
    close() {
      mirrors.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
