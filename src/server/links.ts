// Links that administrators configure for applications, projects and resources (`application.links`, `project.links`,
// `resource.links` of argocd-cm): a title, a URL as a Go template, and a condition. A broken link hides no other.
import type { LinkInfo } from '../contract/index.ts';
import { compileExpr, compileGoTemplate, type ExprProgram, type GoTemplate } from '../evaluate/index.ts';
import { type Clock, isRecord, isWebAddress, messageOf, parseYaml } from '../lib/index.ts';
import { ApiError } from './errors.ts';

interface Definition {
  readonly title: GoTemplate;
  readonly url: GoTemplate;
  readonly description: string;
  readonly iconClass: string;
  readonly condition: ExprProgram | undefined;
}

/** More than a page could show. */
const MAX_LINKS = 100;

export interface LinkSubject {
  /** Member of argocd-cm, for messages. */
  readonly key: 'application.links' | 'project.links' | 'resource.links';
  /** What that member holds. */
  readonly text: string;
  /** Its members can be named directly. */
  readonly subject: object;
  /** What templates and conditions see besides: `app`, `project`, `cluster`, `resource`. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The links of one subject. Rejects with `FailedPrecondition` when the member is no list at all. */
export function linksFor(
  deps: { readonly clock: Clock; warn(message: string, reason: string): void },
  { key, text, subject, values }: LinkSubject,
): readonly LinkInfo[] {
  const data = { ...subject, ...values };
  return definitionsIn(key, text).flatMap((item, index) => {
    const where = `${key}[${index}] of argocd-cm is no link and is left out`;
    let definition: Definition;
    try {
      definition = definitionOf(deps.clock, item);
    } catch (error) {
      deps.warn(where, messageOf(error));
      return [];
    }
    return linkOf(definition, data) ?? [];
  });
}

function definitionsIn(key: string, text: string): readonly unknown[] {
  if (text.trim() === '') return [];
  let value: unknown;
  try {
    value = parseYaml(text, { name: key });
  } catch (error) {
    throw new ApiError('FailedPrecondition', `Links cannot be read from argocd-cm: ${messageOf(error)}`);
  }
  if (Array.isArray(value)) return value.slice(0, MAX_LINKS);
  throw new ApiError('FailedPrecondition', `Links cannot be read from argocd-cm: ${key} is no list`);
}

function definitionOf(clock: Clock, item: unknown): Definition {
  const members = isRecord(item) ? item : {};
  const given = (name: string): string => (typeof members[name] === 'string' ? members[name] : '');
  if (given('url') === '' || given('title') === '') throw new TypeError('it needs a title and a url');
  return {
    title: compileGoTemplate(given('title'), { clock }),
    url: compileGoTemplate(given('url'), { clock, missingKeyIsError: true }),
    description: given('description'),
    iconClass: given('icon.class'),
    condition: given('if') === '' ? undefined : compileExpr(given('if')),
  };
}

/** Undefined: it is not for this subject, or names a member the subject does not have. */
function linkOf(definition: Definition, data: Readonly<Record<string, unknown>>): LinkInfo | undefined {
  const { title, url, description, iconClass, condition } = definition;
  try {
    if (condition !== undefined && condition.run(data) !== true) return undefined;
    const address = url.render(data).trim();
    // What an object's labels say must never become a script.
    if (!isWebAddress(address)) return undefined;
    return {
      title: title.render(data),
      url: address,
      ...(description === '' ? {} : { description }),
      ...(iconClass === '' ? {} : { iconClass }),
    };
  } catch {
    return undefined;
  }
}
