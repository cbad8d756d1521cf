// Lets a project that is being deleted go once no application uses it: takes its finalizer, and until then says who
// uses it. Everything else about projects is read where it is needed.
import {
  type InformerDeps,
  isKubeError,
  type KubeClient,
  type KubeObject,
  WorkQueue,
  wellKnown,
} from '../../k8s/index.ts';
import { type Clock, type Logger, messageOf, rfc3339 } from '../../lib/index.ts';
import { type Application, type AppProject, finalizers } from '../../model/index.ts';
import type { Leadership } from '../application/index.ts';
import { projectType, type SettingsChange } from '../settings/index.ts';

export interface ProjectControllerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly home: KubeClient;
  readonly leadership: Leadership;
  project(name: string): AppProject | undefined;
  projects(): readonly AppProject[];
  applications(): Iterable<Application>;
}

const NAMED = 5;
/** Should an event ever be lost, a project is not kept longer than this. */
const LOOK_AGAIN_MS = 60_000;

export class ProjectController {
  readonly #deps: ProjectControllerDeps;
  readonly #queue: WorkQueue;
  /** What was said last of each project that is still used. */
  readonly #said = new Map<string, string>();

  constructor(deps: ProjectControllerDeps, informerDeps: InformerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue(informerDeps, {
      name: 'projects',
      concurrency: 1,
      process: (name) => this.#process(name),
      onError: (name, error) => {
        deps.log.warn('a project could not be let go', { project: name, reason: messageOf(error) });
        return 'retry';
      },
      backoff: { initialMs: 200, factor: 3, maxMs: 60_000 },
    });
  }

  start(): void {
    this.#queue.start();
    this.#lookAtAll();
    this.#deps.leadership.onGained(() => this.#lookAtAll());
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  onSettings(change: SettingsChange): void {
    if (change.kind === 'project') this.#look(change.name);
  }

  /** An application left the project, or may have. */
  onApplication(app: Application): void {
    this.#look(app.spec.project);
  }

  #lookAtAll(): void {
    for (const { metadata } of this.#deps.projects()) this.#look(metadata.name ?? '');
  }

  #look(name: string): void {
    const project = this.#deps.project(name);
    if (project !== undefined && isHeld(project)) this.#queue.add(name);
    else this.#said.delete(name);
  }

  async #process(name: string): Promise<{ requeueAfterMs?: number } | undefined> {
    const project = this.#deps.project(name);
    if (project === undefined || !isHeld(project) || !this.#deps.leadership.isLeader()) return undefined;
    const users = [...this.#deps.applications()].filter(({ spec }) => spec.project === name);
    if (users.length > 0) {
      await this.#say(project, users);
      return { requeueAfterMs: LOOK_AGAIN_MS };
    }
    const { namespace = '', resourceVersion } = project.metadata;
    const left = (project.metadata.finalizers ?? []).filter((item) => item !== finalizers.resources);
    const body = { metadata: { finalizers: left, resourceVersion } };
    try {
      await this.#deps.home.patch(
        projectType,
        { namespace, name },
        { type: 'merge', body },
        { fieldManager: 'fairlead' },
      );
    } catch (error) {
      if (!isKubeError(error, 'NOT_FOUND')) throw error;
    }
    return undefined;
  }

  /** An event on the project; the same is said once. */
  async #say(project: AppProject, users: readonly Application[]): Promise<void> {
    const { name = '', namespace = '', uid = '' } = project.metadata;
    const names = users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    const message = `Project ${name} is not deleted while ${names.length} applications use it: ${names.slice(0, NAMED).join(', ')}${more}`;
    if (this.#said.get(name) === message) return;
    const now = rfc3339(this.#deps.clock.now());
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${name}-`, namespace },
      involvedObject: { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', name, namespace, uid },
      type: 'Warning',
      reason: 'ProjectInUse',
      message,
      source: { component: 'fairlead' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    await this.#deps.home.create(wellKnown.events, event, { fieldManager: 'fairlead' });
    this.#said.set(name, message);
  }
}

function isHeld({ metadata }: AppProject): boolean {
  return (
    metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizers.resources)
  );
}
