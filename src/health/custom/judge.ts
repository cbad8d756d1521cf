// Judges objects with what users configured first: expressions of the application, Lua from argocd-cm, then the
// built-in checks. A program runs once per version of an object; what it said is kept.
import { EvaluateError, type Evaluator, type Overrides, readOverrides } from '../../evaluate/index.ts';
import { type GroupKind, groupKindText, gvkOf, type KubeObject } from '../../k8s/index.ts';
import { type Clock, digestOf, isRecord, Lru, messageOf } from '../../lib/index.ts';
import { type Application, annotations, type Health } from '../../model/index.ts';
import { assessHealth } from '../assess.ts';
import {
  expressionsFor,
  type HealthExpressions,
  isTrue,
  judgeByExpressions,
  parseHealthExpressions,
} from './health-expressions.ts';
import { judgeByLua } from './lua-health.ts';

export type Verdict = Health | undefined;

export interface HealthJudge {
  /** Takes over the config map's texts. @returns whether any check of users changed */
  configure(data: Readonly<Record<string, string>>): boolean;
  /** Why a part of the config map cannot be used; undefined when all of it can. */
  readonly problem: string | undefined;
  /**
   * At once, unless a program of a user has to run first. Never rejects: a program that fails makes the object's
   * health Unknown, with what it said.
   * @param app whose annotations count, too
   */
  assess(object: KubeObject, app?: Application): Verdict | Promise<Verdict>;
  /** The application's health when its `ready-expr` has its say. @param resources its live objects */
  refine(app: Application, health: Health, resources: readonly KubeObject[]): Promise<Health>;
  /** Whether argocd-cm has a check for the kind. */
  judges(kind: GroupKind): boolean;
  /** Why what the application asks for cannot be used; undefined when it can. */
  problemOf(app: Application): Promise<string | undefined>;
}

export interface HealthJudgeDeps {
  readonly evaluator: Evaluator;
  readonly clock: Clock;
}

/** Results that are kept, objects of all clusters together: about so many characters. */
const KEPT_CHARACTERS = 20_000_000;
/** What an entry without a message weighs. */
const ENTRY_CHARACTERS = 200;
const MASK = '++++++++';
const KEPT_ANNOTATIONS = 1_000;
/** What may have been the machine's fault is tried again this soon. */
const RETRY_MS = 10_000;

interface Result {
  /** The very program that gave it. */
  readonly program: unknown;
  readonly resourceVersion: string;
  readonly verdict: Verdict | Promise<Verdict>;
  /** Monotonic; absent: for good. */
  readonly until?: number;
}

interface Check {
  /** The same value as long as it is the same program. */
  readonly program: unknown;
  run(): Promise<Verdict>;
}

export function createHealthJudge(deps: HealthJudgeDeps): HealthJudge {
  return new Judge(deps);
}

class Judge implements HealthJudge {
  readonly #evaluator: Evaluator;
  readonly #clock: Clock;
  readonly #results = new Lru<Result>(KEPT_CHARACTERS);
  readonly #annotations = new Lru<readonly HealthExpressions[] | Error>(KEPT_ANNOTATIONS);
  readonly #problems = new Lru<{ readonly message: string | undefined }>(KEPT_ANNOTATIONS);
  #scripts: Overrides = readOverrides({}, 'health');
  #openLibs: Overrides = readOverrides({}, 'useOpenLibs');
  #configured = '';

  constructor({ evaluator, clock }: HealthJudgeDeps) {
    this.#evaluator = evaluator;
    this.#clock = clock;
  }

  configure(data: Readonly<Record<string, string>>): boolean {
    const relevant = Object.entries(data).filter(([key]) => isRelevant(key));
    const digest = digestOf(Object.fromEntries(relevant));
    if (digest === this.#configured) return false;
    const isFirst = this.#configured === '';
    this.#configured = digest;
    this.#scripts = readOverrides(data, 'health');
    this.#openLibs = readOverrides(data, 'useOpenLibs');
    this.#results.clear();
    return !isFirst || relevant.length > 0;
  }

  get problem(): string | undefined {
    return this.#scripts.problem;
  }

  assess(object: KubeObject, app?: Application): Verdict | Promise<Verdict> {
    let pending: Promise<Verdict> | undefined;
    const health = assessHealth(object, (asked) => {
      const check = this.#checkFor(asked, app);
      if (check === undefined) return undefined;
      const verdict = this.#remembered(asked, check);
      if (!(verdict instanceof Promise)) return { health: verdict };
      pending = verdict;
      return { health: undefined };
    });
    return pending ?? health;
  }

  async refine(app: Application, health: Health, resources: readonly KubeObject[]): Promise<Health> {
    const source = app.metadata.annotations?.[annotations.readyExpr];
    if (source === undefined || health.status !== 'Healthy') return health;
    const { managedFields: _, resourceVersion: __, ...metadata } = app.metadata;
    const self = { metadata, spec: app.spec };
    const versions = resources.map((item) => `${item.metadata.uid} ${item.metadata.resourceVersion}`);
    const subject: KubeObject = {
      ...app,
      // An application that manages itself has a health of its own as an object.
      metadata: {
        ...app.metadata,
        uid: `ready ${app.metadata.uid}`,
        resourceVersion: digestOf([self, versions]),
      },
    };
    const verdict = await this.#remembered(subject, {
      program: source,
      run: async () => {
        const program = { name: `ready expression of ${app.metadata.name}`, source };
        const isReady = await isTrue(this.#evaluator, program, { self, resources });
        return isReady ? health : { status: 'Progressing', message: `Not ready: ${source} is not true yet` };
      },
    });
    return verdict ?? health;
  }

  judges({ group, kind }: GroupKind): boolean {
    return this.#scripts.find(group, kind) !== undefined;
  }

  async problemOf(app: Application): Promise<string | undefined> {
    const { [annotations.healthExprs]: list, [annotations.readyExpr]: ready } =
      app.metadata.annotations ?? {};
    if (list === undefined && ready === undefined) return undefined;
    const key = JSON.stringify([list, ready]);
    const known = this.#problems.get(key);
    if (known !== undefined) return known.message;
    const expressions = this.#expressionsOf(app);
    if (expressions instanceof Error) return expressions.message;
    const texts = expressions.flatMap(({ inProgress, failed, current }) => [inProgress, failed, current]);
    const sources = texts.map((source) => [annotations.healthExprs, source] as const);
    try {
      for (const [annotation, source] of [...sources, [annotations.readyExpr, ready] as const]) {
        if (source === undefined) continue;
        const problem = await this.#problemWith(annotation, source);
        if (problem === undefined) continue;
        this.#problems.set(key, { message: problem });
        return problem;
      }
      this.#problems.set(key, { message: undefined });
    } catch {
      // That it cannot be told now is no fault of the expression.
    }
    return undefined;
  }

  /** Rejects when it cannot be told now. */
  async #problemWith(annotation: string, source: string): Promise<string | undefined> {
    try {
      await this.#evaluator.check({ language: 'cel', name: 'expression', source });
      return undefined;
    } catch (error) {
      if (!(error instanceof EvaluateError) || error.retry === 'backoff') throw error;
      const why = error.message.replace('The expression failed: ', '');
      const quoted = source.length > 200 ? `${source.slice(0, 200)}…` : source;
      return `Annotation ${annotation} cannot be used: ${why} in "${quoted}"`;
    }
  }

  #checkFor(object: KubeObject, app: Application | undefined): Check | undefined {
    const expressions = app === undefined ? [] : this.#expressionsOf(app);
    if (!(expressions instanceof Error) && expressions.length > 0) {
      const own = expressionsFor(object, expressions);
      if (own !== undefined) {
        const run = (): Promise<Health> => judgeByExpressions(this.#evaluator, withoutBulk(object), own);
        return { program: own, run };
      }
    }
    if (this.#scripts.isEmpty) return undefined;
    const gvk = gvkOf(object);
    const script = this.#scripts.find(gvk.group, gvk.kind);
    if (script === undefined) return undefined;
    const openLibs = this.#openLibs.find(gvk.group, gvk.kind)?.text === 'true';
    const name = `health check of ${groupKindText(gvk)}`;
    return {
      program: script,
      run: async () => {
        const program = { language: 'lua', name, source: script.text, openLibs } as const;
        try {
          return await judgeByLua(this.#evaluator, program, withoutBulk(object));
        } catch (error) {
          throw openLibs
            ? error
            : withRemedy(error, `resource.customizations.useOpenLibs.${gvk.group}_${gvk.kind}`);
        }
      },
    };
  }

  #expressionsOf(app: Application): readonly HealthExpressions[] | Error {
    const text = app.metadata.annotations?.[annotations.healthExprs];
    if (text === undefined) return [];
    const known = this.#annotations.get(text);
    if (known !== undefined) return known;
    let parsed: readonly HealthExpressions[] | Error;
    try {
      parsed = parseHealthExpressions(text);
    } catch (error) {
      parsed = error instanceof Error ? error : new Error(messageOf(error));
    }
    this.#annotations.set(text, parsed);
    return parsed;
  }

  #remembered(object: KubeObject, check: Check): Verdict | Promise<Verdict> {
    const { uid = '', resourceVersion = '' } = object.metadata;
    if (uid === '' || resourceVersion === '') return this.#run(check).then(({ verdict }) => verdict);
    const { program } = check;
    const known = this.#results.get(uid);
    if (known !== undefined && known.program === program && known.resourceVersion === resourceVersion) {
      if (known.until === undefined || known.until > this.#clock.monotonic()) return known.verdict;
    }
    const running = this.#run(check).then((result) => {
      const weight = ENTRY_CHARACTERS + (result.verdict?.message?.length ?? 0);
      this.#results.set(uid, { program, resourceVersion, ...result }, weight);
      return result.verdict;
    });
    this.#results.set(uid, { program, resourceVersion, verdict: running }, ENTRY_CHARACTERS);
    return running;
  }

  async #run(check: Check): Promise<{ readonly verdict: Verdict; readonly until?: number }> {
    try {
      return { verdict: await check.run() };
    } catch (error) {
      const verdict: Verdict = { status: 'Unknown', message: messageOf(error) };
      const isPassing = !(error instanceof EvaluateError) || error.retry === 'backoff';
      return isPassing ? { verdict, until: this.#clock.monotonic() + RETRY_MS } : { verdict };
    }
  }
}

function isRelevant(key: string): boolean {
  return (
    key === 'resource.customizations' ||
    key.startsWith('resource.customizations.health.') ||
    key.startsWith('resource.customizations.useOpenLibs.')
  );
}

/** Argo CD leaves the string and math libraries out, too; its message does not say how to get them. */
function withRemedy(error: unknown, key: string): unknown {
  if (
    !(error instanceof EvaluateError) ||
    !/\(global '(string|math|coroutine)'\)|string value/.test(error.message)
  )
    return error;
  return new EvaluateError(error.code, `${error.message}; the libraries string and math need ${key}: "true"`);
}

/** What a program gets: no managed fields, and of a Secret the keys alone, since its message is for everybody. */
function withoutBulk(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const { group, kind } = gvkOf(object);
  if (group !== '' || kind !== 'Secret') return { ...object, metadata };
  const { [annotations.lastApplied]: __, ...kept } = metadata.annotations ?? {};
  const hidden = ['data', 'stringData'].flatMap((member) => {
    const values = object[member];
    if (!isRecord(values)) return [];
    return [[member, Object.fromEntries(Object.keys(values).map((key) => [key, MASK]))] as const];
  });
  return { ...object, ...Object.fromEntries(hidden), metadata: { ...metadata, annotations: kept } };
}
