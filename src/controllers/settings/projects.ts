// Projects as they hold for applications: each with the global projects that apply to it and its windows read.
// Global projects are named in argocd-cm (`globalProjects`). A list that cannot be read leaves the last good one in
// force; without one no project can be trusted, because a denial may be missing.
import { matchesLabels } from '../../k8s/index.ts';
import { isRecord, messageOf, parseYaml } from '../../lib/index.ts';
import { type AppProject, effectiveProject, type ProjectSpec, SyncWindows } from '../../model/index.ts';

/** A project as its applications see it. The same object until something in it changes. */
export interface EffectiveProject {
  readonly name: string;
  readonly project: AppProject;
  /** Own rules and those of the global projects. */
  readonly spec: ProjectSpec;
  readonly windows: SyncWindows;
  /** Names of the global projects that add to it. */
  readonly globals: readonly string[];
  /** Why its rules are not known completely. */
  readonly problem?: string;
}

interface GlobalProject {
  readonly projectName: string;
  readonly labelSelector: {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly {
      readonly key: string;
      readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
      readonly values?: readonly string[];
    }[];
  };
}

export interface ProjectSource {
  project(name: string): AppProject | undefined;
  /** The text of `globalProjects` in argocd-cm, '' when it has none; undefined while that is not known. */
  globalProjects(): string | undefined;
  /** Told once of each text that cannot be used. */
  onProblem(problem: string): void;
}

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

export class EffectiveProjects {
  readonly #source: ProjectSource;
  readonly #known = new Map<string, { parts: readonly unknown[]; found: EffectiveProject }>();
  #text: string | undefined;
  #globals: readonly GlobalProject[] | undefined = [];
  #problem: string | undefined;

  constructor(source: ProjectSource) {
    this.#source = source;
  }

  /** Undefined: there is no such project. */
  get(name: string): EffectiveProject | undefined {
    const project = this.#source.project(name);
    if (project === undefined) {
      this.#known.delete(name);
      return undefined;
    }
    this.#read();
    const globals = this.globalsOf(project);
    const parts = [project, this.#problem, ...globals];
    const known = this.#known.get(name);
    if (known !== undefined && isSame(known.parts, parts)) return known.found;
    const spec = effectiveProject(
      project.spec,
      globals.map((item) => item.spec),
    );
    const found: EffectiveProject = {
      name,
      project,
      spec,
      windows: new SyncWindows(spec.syncWindows ?? []),
      globals: globals.map(({ metadata }) => metadata.name ?? ''),
      ...(this.#globals === undefined && this.#problem !== undefined ? { problem: this.#problem } : {}),
    };
    this.#known.set(name, { parts, found });
    return found;
  }

  /** The global projects that add to this one, in the order of the setting. */
  globalsOf(project: AppProject): readonly AppProject[] {
    this.#read();
    return (this.#globals ?? []).flatMap(({ projectName, labelSelector }) => {
      if (projectName === project.metadata.name) return [];
      if (!matchesLabels(labelSelector, project.metadata.labels ?? {})) return [];
      return this.#source.project(projectName) ?? [];
    });
  }

  /** Names of the projects that are global for any other. */
  globalNames(): ReadonlySet<string> {
    this.#read();
    return new Set((this.#globals ?? []).map(({ projectName }) => projectName));
  }

  #read(): void {
    const text = this.#source.globalProjects();
    if (text === undefined || text === this.#text) return;
    const isFirst = this.#text === undefined;
    this.#text = text;
    try {
      this.#globals = parseGlobalProjects(text);
      this.#problem = undefined;
    } catch (error) {
      this.#problem = `globalProjects in config map argocd-cm cannot be used: ${messageOf(error)}; correct it`;
      if (isFirst) this.#globals = undefined;
      this.#source.onProblem(this.#problem);
    }
  }
}

/** Throws an error that says which entry is wrong. */
export function parseGlobalProjects(text: string): readonly GlobalProject[] {
  if (text.trim() === '') return [];
  const list: unknown = parseYaml(text);
  if (!Array.isArray(list)) throw new TypeError('it is not a list');
  return list.map((item: unknown, index) => {
    const where = `entry ${index + 1}`;
    if (!isRecord(item) || typeof item['projectName'] !== 'string' || item['projectName'] === '') {
      throw new TypeError(`${where} has no projectName`);
    }
    const selector = item['labelSelector'] ?? {};
    if (!isRecord(selector)) throw new TypeError(`${where}: labelSelector is not an object`);
    for (const requirement of Array.isArray(selector['matchExpressions'])
      ? selector['matchExpressions']
      : []) {
      if (!isRecord(requirement) || !OPERATORS.includes(String(requirement['operator']))) {
        throw new TypeError(`${where}: an operator of matchExpressions is none of ${OPERATORS.join(', ')}`);
      }
    }
    return { projectName: item['projectName'], labelSelector: selector };
  });
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
