// What the command line needs from the machine; tests give their own.
import type {
  ApiServerOptions,
  ClusterChoice,
  CoreServer,
  Environment,
  OpenCluster,
  ProcessContext,
  ServeOptions,
  UpOptions,
} from '../app/index.ts';
import type { Clock, Random } from '../lib/index.ts';
import type { Terminal } from './output.ts';

/** The long-running commands. Each resolves when it was told to stop and has stopped. */
export interface Processes {
  up(options: UpOptions, context: ProcessContext): Promise<void>;
  serve(options: ServeOptions, context: ProcessContext): Promise<void>;
  apiServer(options: ApiServerOptions, context: ProcessContext): Promise<void>;
  /** A server in this process, for one call (`--core`). */
  core(choice: ClusterChoice): Promise<CoreServer>;
  /** A client for a cluster's own API. */
  cluster(choice: ClusterChoice): Promise<OpenCluster>;
}

export interface Prompt {
  /** Asks on the terminal; what is typed is not shown when `isSecret`. */
  ask(question: string, isSecret: boolean): Promise<string>;
}

export interface CliEnvironment
  extends Pick<
    Environment,
    'cwd' | 'home' | 'path' | 'cliConfigFile' | 'server' | 'authToken' | 'cliOptions' | 'kubeconfig'
  > {
  readonly terminal: Terminal;
  readonly prompt: Prompt;
  readonly fetch: typeof fetch;
  /** Like `fetch`, for a server whose certificate cannot be verified. Loaded only when it is asked for. */
  readonly insecureFetch: () => Promise<typeof fetch>;
  readonly clock: Clock;
  readonly random: Random;
  /** Shows an address in the person's browser; false when there is none. */
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly processes: Processes;
  /** Opens a file in the person's editor and resolves when it is closed; rejects when that was not possible. */
  readonly edit: (file: string) => Promise<void>;
  /** Runs a program of the person's with the terminal as its own. @returns its exit code */
  readonly runProgram: (file: string, args: readonly string[]) => Promise<number>;
  /** Of this program. */
  readonly version: string;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** All of stdin, for `-f -`. */
  readonly readStdin: () => Promise<string>;
}
