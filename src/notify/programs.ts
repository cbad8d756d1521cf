// Runs triggers and renders templates for one application. Functions that have to ask somewhere (a commit's author)
// interrupt the program, which starts again when the answer is there: programs have no effects.
import { type GoTemplate, GoTime, goTimeMembers, LanguageError, plainText } from '../evaluate/index.ts';
import { isRecord } from '../lib/index.ts';
import type { CompiledFields, NotifyConfig, TriggerCondition } from './config.ts';
import { NotifyError } from './errors.ts';
import { repositoryName } from './repository-name.ts';
import type { Destination, Message } from './service.ts';
import { type Fields, listOf, recordOf, textOf } from './values.ts';

export interface CommitFacts {
  readonly message: string;
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly tags: readonly string[];
}

/** The application and what programs may ask about it. */
export interface Subject {
  /** The Application object as the API has it. */
  readonly app: Fields;
  now(): number;
  commit(revision: string): Promise<CommitFacts>;
}

export interface ConditionResult {
  readonly key: string;
  readonly triggered: boolean;
  /** '' when the condition may fire again and again. */
  readonly oncePer: string;
  readonly send: readonly string[];
}

/** Throws NotifyError `NOTIFY_PROGRAM` when a condition cannot be judged. */
export async function runTrigger(
  config: NotifyConfig,
  name: string,
  subject: Subject,
): Promise<readonly ConditionResult[]> {
  const conditions = config.triggers.get(name);
  if (conditions === undefined) throw new NotifyError('NOTIFY_CONFIG', `Trigger ${name} is not configured`);
  return await explained(config, `trigger ${name}`, async () => {
    const results: ConditionResult[] = [];
    for (const item of conditions) results.push(await judged(config, item, subject));
    return results;
  });
}

async function judged(
  config: NotifyConfig,
  item: TriggerCondition,
  subject: Subject,
): Promise<ConditionResult> {
  return await patiently(subject, config, {}, (values) => {
    const triggered = item.when.run(values) === true;
    // The `once per` of something that does not hold may not exist yet.
    const oncePer = triggered && item.oncePer !== undefined ? plainText(item.oncePer.run(values)) : '';
    return { key: item.key, triggered, oncePer, send: item.send };
  });
}

/** Renders the templates one over the other, for one destination. Throws NotifyError. */
export async function renderMessage(
  config: NotifyConfig,
  templates: readonly string[],
  destination: Destination & { readonly type: string },
  subject: Subject,
): Promise<Message> {
  let text = '';
  let sections: Fields = {};
  for (const name of templates) {
    const template = config.templates.get(name);
    if (template === undefined) throw new NotifyError('NOTIFY_CONFIG', `Template ${name} is not configured`);
    // Only what this service reads is rendered: another service's part may ask for what is not there.
    const wanted = Object.fromEntries(
      Object.entries(template).filter(([key]) => key === 'message' || key === destination.type),
    );
    const extra = { recipient: destination.recipient, serviceType: destination.type };
    const rendered = await explained(config, `template ${name}`, () =>
      patiently(subject, config, extra, (values) => render(wanted, values)),
    );
    const { message, ...rest } = isRecord(rendered) ? rendered : {};
    if (typeof message === 'string' && message !== '') text = message;
    sections = { ...sections, ...rest };
  }
  const metadata = recordOf(subject.app, 'metadata');
  return {
    text,
    sections,
    subject: { namespace: textOf(metadata, 'namespace'), name: textOf(metadata, 'name') },
  };
}

function render(fields: CompiledFields | Readonly<Record<string, CompiledFields>>, values: Fields): unknown {
  if (Array.isArray(fields)) return fields.map((item: CompiledFields) => render(item, values));
  if (isTemplate(fields)) return fields.render(values);
  if (isRecord(fields) && Object.hasOwn(fields, 'plain') && Object.keys(fields).length === 1)
    return fields['plain'];
  return Object.fromEntries(
    Object.entries(fields as Readonly<Record<string, CompiledFields>>).map(([key, value]) => [
      key,
      render(value, values),
    ]),
  );
}

function isTemplate(fields: unknown): fields is GoTemplate {
  return isRecord(fields) && typeof fields['render'] === 'function';
}

/** Thrown through a program that needs an answer first. */
class Pending extends Error {
  readonly answer: Promise<unknown>;

  constructor(answer: Promise<unknown>) {
    super('an answer is needed first');
    this.answer = answer;
  }
}

const MAX_QUESTIONS = 20;

async function patiently<T>(
  subject: Subject,
  config: NotifyConfig,
  extra: Fields,
  run: (values: Fields) => T,
): Promise<T> {
  const answers = new Map<string, unknown>();
  const values = { ...valuesOf(subject, config, answers), ...extra };
  for (let question = 0; question < MAX_QUESTIONS; question += 1) {
    try {
      return run(values);
    } catch (error) {
      if (!(error instanceof Pending)) throw error;
      await error.answer;
    }
  }
  throw new LanguageError('LIMIT', `the program asks for more than ${MAX_QUESTIONS} commits`);
}

async function explained<T>(config: NotifyConfig, what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof LanguageError)) throw error;
    throw new NotifyError('NOTIFY_PROGRAM', config.redact(`Cannot run ${what}: ${error.message}`), {
      cause: error.code,
    });
  }
}

/** The names that triggers and templates of Argo CD know. */
function valuesOf(subject: Subject, config: NotifyConfig, answers: Map<string, unknown>): Fields {
  const ask = (key: string, question: () => Promise<unknown>): unknown => {
    if (answers.has(key)) return answers.get(key);
    throw new Pending(question().then((answer) => void answers.set(key, answer)));
  };
  return {
    app: subject.app,
    context: config.context,
    secrets: config.secrets,
    time: { ...goTimeMembers, Now: () => new GoTime(subject.now()) },
    strings: stringFunctions,
    sync: { GetInfoItem: (app: unknown, name: unknown) => infoItem(app, String(name)) },
    repo: {
      RepoURLToHTTPS: (url: unknown) => `https://${hostOf(String(url))}/${repositoryName(String(url))}`,
      FullNameByRepoURL: (url: unknown) => repositoryName(String(url), 2),
      QueryEscape: (text: unknown) => encodeURIComponent(String(text)).replaceAll('%20', '+'),
      GetCommitMetadata: (revision: unknown) =>
        ask(`commit ${String(revision)}`, async () => {
          const { message, author, date, tags } = await subject.commit(String(revision));
          return { Message: message, Author: author, Date: new GoTime(date), Tags: tags };
        }),
      GetAppDetails: () => appDetails(subject.app),
    },
  };
}

const stringFunctions = {
  ReplaceAll: (text: unknown, from: unknown, to: unknown) =>
    String(text).replaceAll(String(from), () => String(to)),
  ToUpper: (text: unknown) => String(text).toUpperCase(),
  ToLower: (text: unknown) => String(text).toLowerCase(),
};

function hostOf(url: string): string {
  const scp = /^[^/@]+@([^/:]+):/.exec(url)?.[1];
  return scp ?? (URL.canParse(url) ? new URL(url).hostname : '');
}

function infoItem(app: unknown, name: string): string {
  const fields = isRecord(app) ? app : {};
  const state = recordOf(recordOf(fields, 'status'), 'operationState');
  const info = [
    ...listOf(recordOf(state, 'operation'), 'info'),
    ...listOf(recordOf(fields, 'operation'), 'info'),
  ];
  const found = info.filter(isRecord).find((item) => item['name'] === name);
  return found === undefined ? '' : textOf(found, 'value');
}

function appDetails(app: Fields): Fields {
  const source = recordOf(recordOf(app, 'spec'), 'source');
  const status = recordOf(app, 'status');
  const helm = recordOf(source, 'helm');
  const pairs = (member: string): { Name: string; Value: string }[] =>
    listOf(helm, member)
      .filter(isRecord)
      .map((item) => ({ Name: textOf(item, 'name'), Value: textOf(item, 'value', 'path') }));
  const lookup =
    (member: string) =>
    (name: unknown): string =>
      pairs(member).find((item) => item.Name === name)?.Value ?? '';
  const type = textOf(status, 'sourceType');
  return {
    Type: type,
    Helm:
      type === 'Helm'
        ? {
            Name: textOf(source, 'chart'),
            ValueFiles: listOf(helm, 'valueFiles'),
            Values: textOf(helm, 'values'),
            Parameters: pairs('parameters'),
            FileParameters: pairs('fileParameters'),
            GetParameterValueByName: lookup('parameters'),
            GetFileParameterPathByName: lookup('fileParameters'),
          }
        : undefined,
    Kustomize: type === 'Kustomize' ? { Images: listOf(recordOf(status, 'summary'), 'images') } : undefined,
    Directory: type === 'Directory' ? {} : undefined,
  };
}
