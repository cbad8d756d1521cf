// Where the real etcd, kube-apiserver and kube-controller-manager of the tests are; compiles them when absent.
// As a program it prints that folder. Compiling takes about four minutes on two cores and happens once.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = 'v1.35.4';
const STAMP = [
  `-X k8s.io/component-base/version.gitVersion=${VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=35',
  `-X k8s.io/client-go/pkg/version.gitVersion=${VERSION}`,
].join(' ');

/** Program name → Go package, as pinned by go.mod beside this file. */
const PROGRAMS: Readonly<Record<string, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
};

/** The folder the binaries are in, or would be built into. `KUBEBUILDER_ASSETS` wins. */
export function controlPlaneFolder(): string {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given !== undefined && given !== '') return given;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(cache, 'fairlead', 'controlplane', VERSION);
}

/**
 * Why suites that need the real control plane cannot run, or false when they can: the value of a test's `skip`.
 * With FAIRLEAD_REAL=1 (the complete run) nothing is skipped, so that a missing part fails.
 */
export function missingControlPlane(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || absent(controlPlaneFolder()).length === 0) return false;
  return `needs ${absent(controlPlaneFolder()).join(', ')}; run node test/real/controlplane/build.ts (needs Go) or set KUBEBUILDER_ASSETS`;
}

/** Builds what is absent and returns the folder. Throws when KUBEBUILDER_ASSETS is incomplete or Go is missing. */
export function buildControlPlane(): string {
  const folder = controlPlaneFolder();
  const missing = absent(folder);
  if (missing.length === 0) return folder;
  if (folder === process.env.KUBEBUILDER_ASSETS) {
    throw new Error(`KUBEBUILDER_ASSETS=${folder} has no ${missing.join(', ')}`);
  }
  mkdirSync(folder, { recursive: true });
  for (const program of missing) buildProgram(program, folder);
  return folder;
}

function absent(folder: string): string[] {
  return Object.keys(PROGRAMS).filter((program) => !existsSync(join(folder, program)));
}

function buildProgram(program: string, folder: string): void {
  const target = join(folder, program);
  const partial = `${target}.${process.pid}`;
  console.error(`building ${program} ${VERSION}`);
  execFileSync('go', ['build', '-ldflags', `-s -w ${STAMP}`, '-o', partial, String(PROGRAMS[program])], {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // A rename is atomic: a build that was cut short leaves nothing that looks complete.
  renameSync(partial, target);
}

if (import.meta.main) console.log(buildControlPlane());
