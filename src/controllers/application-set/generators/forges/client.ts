// Asks one forge: JSON by GET, pages followed to their end. A list that is not complete is a failure, and so is an
// answer of another shape: a shorter list would delete applications.
import type { z } from 'zod';
import { type HttpAnswer, HttpError, type HttpServerOptions, type Retry } from '../../../../lib/index.ts';
import { ApplicationSetError, type ApplicationSetErrorCode } from '../../errors.ts';
import type { GeneratorContext } from '../generator.ts';

/** More applications than one set should make; a filter or a smaller group is meant. */
export const MAX_ITEMS = 10_000;
/** Twice what MAX_ITEMS take at 100 a page: more is a server that goes in circles. */
const MAX_PAGES = 200;
/** A list of several pages is read twice, and once more for each time that something of it goes away meanwhile. */
const MAX_PASSES = 5;
/** The branches of MAX_ITEMS repositories and a few paths in each; GitHub gives 5,000 an hour to a person. */
const MAX_REQUESTS = 50_000;
/** A hundred pull requests of GitHub are about 4 MiB: each names two repositories in full. */
const PAGE_BYTES = 32 * 1024 * 1024;
/** Self-hosted forges take this long for the last pages of a large group. */
const REQUEST_MS = 60_000;
/** Requests at once for the branches and paths of many repositories; forges call more of them abuse. */
export const PARALLEL_REQUESTS = 4;

/** The forge says that what was asked for does not exist, or not for this credential. */
export class ForgeNotFound extends ApplicationSetError {}

export interface ForgeServer {
  /** Where the paths of the API begin, without a slash at the end. */
  readonly api: string;
  readonly authorization: string | undefined;
  readonly options: HttpServerOptions;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Question<Answer> {
  /** To be read after "Cannot": `list the branches of acme/shop`. */
  readonly what: string;
  /** Segments, not escaped. */
  readonly path: readonly string[];
  readonly query?: Query;
  readonly shape: z.ZodType<Answer>;
  /** To be read after "404;": what the author can check. */
  readonly remedy: string;
}

export interface Answered<Answer> {
  readonly value: Answer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a question is about whose answer is not read. */
type Asked = Pick<Question<unknown>, 'what' | 'path' | 'query'>;

/** What a page holds, and the query of the next one unless it was the last. */
export interface Turned<Item> {
  readonly items: readonly Item[];
  readonly next: Query | undefined;
}

/** Reads a page. `seen` counts the items of the pages before it. */
export type Turn<Page, Item> = (page: Answered<Page>, query: Query, seen: number) => Turned<Item>;

export class ForgeClient {
  readonly #server: ForgeServer;
  readonly #context: GeneratorContext;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #origin: string;
  readonly #host: string;
  #requests = 0;

  constructor(
    server: ForgeServer,
    context: GeneratorContext,
    headers: Readonly<Record<string, string>> = { accept: 'application/json' },
  ) {
    const { origin, host } = new URL(server.api);
    this.#server = server;
    this.#context = context;
    this.#headers = headers;
    this.#origin = origin;
    this.#host = host;
  }

  /** The answer, or undefined when there is no such thing: 404, and 204 of a server that says so without an error. */
  async find<Answer>(question: Question<Answer>): Promise<Answered<Answer> | undefined> {
    const answer = await this.#ask(question, 'GET');
    if (answer === undefined || answer.status === 204) return undefined;
    return { value: this.#read(question, answer.body), headers: answer.headers };
  }

  /** The answer. Rejects with ForgeNotFound when there is no such thing. */
  async get<Answer>(question: Question<Answer>): Promise<Answered<Answer>> {
    const answer = await this.#ask(question, 'GET');
    if (answer === undefined) throw this.#notFound(question);
    return { value: this.#read(question, answer.body), headers: answer.headers };
  }

  /** Whether the address answers at all; what it answers is not read. */
  async exists(question: Asked, method: 'GET' | 'HEAD'): Promise<boolean> {
    return (await this.#ask(question, method)) !== undefined;
  }

  /**
   * Every item of every page, each once. Rejects with ForgeNotFound when there is no such list.
   * A list of several pages is read again until nothing of it is missing: while pages are counted from the beginning,
   * an item that goes away lets another one slip from the page to come to the page that was read.
   * @param identity what tells items apart
   */
  async all<Page, Item>(
    question: Question<Page>,
    turn: Turn<Page, Item>,
    identity: (item: Item) => string | number,
  ): Promise<Item[]> {
    let before: ReadonlySet<string | number> | undefined;
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const { items, pages } = await this.#pass(question, turn, pass === 1);
      const found = new Map(items.map((item) => [identity(item), item]));
      if (pages === 1 || before?.isSubsetOf(found) === true) return [...found.values()];
      before = new Set(found.keys());
    }
    throw this.#failure(
      question,
      'backoff',
      `something of it went away during each of ${MAX_PASSES} readings; it is asked again`,
    );
  }

  async #pass<Page, Item>(
    question: Question<Page>,
    turn: Turn<Page, Item>,
    isFirst: boolean,
  ): Promise<{ readonly items: readonly Item[]; readonly pages: number }> {
    const items: Item[] = [];
    const asked = new Set<string>();
    let query = question.query ?? {};
    for (;;) {
      asked.add(this.#url({ ...question, query }));
      const answer = await this.#ask({ ...question, query }, 'GET');
      if (answer === undefined && isFirst && asked.size === 1) throw this.#notFound(question);
      if (answer === undefined)
        throw this.#malformed(question, `${this.#host} does not find page ${asked.size}`);
      const page = { value: this.#read(question, answer.body), headers: answer.headers };
      const turned = turn(page, query, items.length);
      for (const item of turned.items) items.push(item);
      const { next } = turned;
      if (items.length > MAX_ITEMS || (next !== undefined && asked.size >= MAX_PAGES))
        throw limit(`${this.#cannot(question)}: ${this.#host} has more than ${MAX_ITEMS} of them`);
      if (next === undefined) return { items, pages: asked.size };
      if (asked.has(this.#url({ ...question, query: next })))
        throw this.#malformed(question, `${this.#host} names page ${asked.size} as the one that follows it`);
      query = next;
    }
  }

  /** Undefined for 404; fails for everything else that is neither 200 nor 204. */
  async #ask(question: Asked, method: 'GET' | 'HEAD'): Promise<HttpAnswer | undefined> {
    const answer = await this.#send(question, method);
    const from = new URL(answer.url);
    if (from.origin !== this.#origin)
      throw this.#failure(
        question,
        'on-change',
        `${this.#host} redirects to ${from.host}, which gets no credential; write the final address as api`,
      );
    if (answer.status === 404) return undefined;
    if (answer.status === 200 || answer.status === 204) return answer;
    throw this.#refusal(question, answer);
  }

  async #send(question: Asked, method: 'GET' | 'HEAD'): Promise<HttpAnswer> {
    const { deps, signal } = this.#context;
    const { authorization, options } = this.#server;
    signal.throwIfAborted();
    this.#requests += 1;
    if (this.#requests > MAX_REQUESTS)
      throw limit(
        `${this.#cannot(question)}: this and the rest takes ${this.#host} more than ${MAX_REQUESTS} requests`,
      );
    try {
      return await deps.http.get(
        {
          url: this.#url(question),
          method,
          headers: this.#headers,
          authorization,
          maxBytes: PAGE_BYTES,
          timeoutMs: REQUEST_MS,
          decode: true,
          signal,
        },
        options,
      );
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const why =
        error.code === 'HTTP_TLS'
          ? `the certificate of ${this.#host} is not trusted; name a ConfigMap with its authority as caRef where the forge has it, or set insecure`
          : error.message;
      throw this.#failure(question, error.retry, why, error);
    }
  }

  #url({ path, query = {} }: Pick<Asked, 'path' | 'query'>): string {
    const url = new URL(`${this.#server.api}/${path.map(segment).join('/')}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }

  #read<Answer>(question: Question<Answer>, body: Buffer): Answer {
    const other = `${this.#host} answered something else than the API of a forge does`;
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      // The parser's words would repeat the answer.
      throw this.#malformed(question, `${other}: it is no JSON`);
    }
    const read = question.shape.safeParse(value);
    if (read.success) return read.data;
    const at = read.error.issues[0]?.path.map((part) => `/${String(part)}`).join('');
    throw this.#malformed(question, `${other}: ${at || 'the whole'} is missing or of another kind`);
  }

  #refusal(question: Asked, { status, headers }: HttpAnswer): ApplicationSetError {
    const answered = `${this.#host} answered ${status}`;
    const isLimited = headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined;
    if (status === 429 || (status === 403 && isLimited))
      return this.#failure(
        question,
        'backoff',
        `${answered}: too many requests${waitOf(headers, this.#context.deps.clock.now())}; use a token of its own for this set, or raise requeueAfterSeconds`,
      );
    // Azure DevOps sends those with a token that is over to a page to sign in, as 203.
    if (status === 401 || status === 403 || status === 203) {
      const remedy =
        this.#server.authorization === undefined
          ? 'name a Secret with a token'
          : 'check that the token of the Secret is not over, and that it may read this';
      return this.#failure(question, 'on-change', `${answered}; ${remedy}`);
    }
    if (status >= 500) return this.#failure(question, 'backoff', `${answered}; it is asked again`);
    return this.#failure(
      question,
      'on-change',
      `${answered}; check api, and that it is the forge it is named as`,
    );
  }

  #notFound(question: Pick<Question<unknown>, 'what' | 'remedy'>): ForgeNotFound {
    const message = `${this.#cannot(question)}: ${this.#host} answered 404; ${question.remedy}`;
    return new ForgeNotFound('GENERATOR_FAILED', 'on-change', message);
  }

  #malformed(question: Pick<Asked, 'what'>, why: string): ApplicationSetError {
    return this.#failure(question, 'backoff', `${why}; check api, it is asked again`);
  }

  #failure(question: Pick<Asked, 'what'>, retry: Retry, why: string, cause?: unknown): ApplicationSetError {
    const options = cause === undefined ? undefined : { cause };
    return new ApplicationSetError('GENERATOR_FAILED', retry, `${this.#cannot(question)}: ${why}`, options);
  }

  #cannot({ what }: Pick<Asked, 'what'>): string {
    return `Cannot ${what}`;
  }
}

/** What only the author of the set can mend. */
export function invalid(message: string, code: ApplicationSetErrorCode = 'SET_INVALID'): ApplicationSetError {
  return new ApplicationSetError(code, 'on-change', message);
}

/** @param message what there is too much of */
export function limit(message: string): ApplicationSetError {
  return invalid(
    `${message}; narrow the generator to a smaller group or state, or split the set`,
    'SET_LIMIT',
  );
}

/** One segment of a path. Dots would lead to another place of the API. */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw invalid(
      `Cannot ask a forge for ${JSON.stringify(text)}: this names nothing; correct the generator`,
    );
  return encodeURIComponent(text);
}

function waitOf(headers: Readonly<Record<string, string>>, now: number): string {
  const after = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : undefined;
  const reset = /^\d{9,11}$/.test(headers['x-ratelimit-reset'] ?? '')
    ? Math.ceil(Number(headers['x-ratelimit-reset']) - now / 1000)
    : undefined;
  const seconds = after ?? reset;
  return seconds === undefined || seconds <= 0 ? '' : `, again in ${seconds} s`;
}
