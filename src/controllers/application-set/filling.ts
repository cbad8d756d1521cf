// Fills the texts of an ApplicationSet in with parameters, in the language the set chose: Go templates with sprig, or
// `{{name}}` alone. Unknown names of the latter stay as they are.
import { compileGoTemplate, type GoTemplate, LanguageError } from '../../evaluate/index.ts';
import { type Clock, isRecord, parseYaml } from '../../lib/index.ts';
import type { ApplicationSet } from '../../model/index.ts';
import { ApplicationSetError } from './errors.ts';
import { normalizedName, slug } from './names.ts';
import type { Parameters } from './parameters.ts';

export interface Filler {
  readonly isGoTemplate: boolean;
  /** Throws ApplicationSetError `TEMPLATE_FAILED`. */
  text(template: string, parameters: Parameters): string;
  /** Every text within a value, names of members among them. Throws ApplicationSetError `TEMPLATE_FAILED`. */
  value<T>(template: T, parameters: Parameters): T;
}

/** Templates nest no deeper than objects of the API do. */
const MAX_DEPTH = 100;
const EXCERPT = 80;

/** Throws ApplicationSetError `SET_INVALID` for options that Go's templates do not have. */
export function createFiller(spec: ApplicationSet['spec'], clock: Pick<Clock, 'now'>): Filler {
  const isGoTemplate = spec.goTemplate === true;
  const missingKeyIsError = isGoTemplate && isMissingKeyError(spec.goTemplateOptions ?? []);
  const compiled = new Map<string, GoTemplate>();
  const text = (template: string, parameters: Parameters): string => {
    if (!template.includes('{{')) return template;
    if (!isGoTemplate) return replaced(template, parameters);
    try {
      let program = compiled.get(template);
      if (program === undefined) {
        program = compileGoTemplate(template, { clock, functions, missingKeyIsError });
        compiled.set(template, program);
      }
      return program.render(parameters);
    } catch (error) {
      if (!(error instanceof LanguageError)) throw error;
      throw new ApplicationSetError(
        'TEMPLATE_FAILED',
        'on-change',
        `Cannot fill in "${excerpt(template)}": ${error.message}`,
        { cause: error },
      );
    }
  };
  const value = (template: unknown, parameters: Parameters, depth: number): unknown => {
    if (typeof template === 'string') return text(template, parameters);
    if (depth > MAX_DEPTH)
      throw new ApplicationSetError(
        'SET_LIMIT',
        'on-change',
        `A template is nested deeper than ${MAX_DEPTH}`,
      );
    if (Array.isArray(template)) return template.map((item) => value(item, parameters, depth + 1));
    if (!isRecord(template)) return template;
    return Object.fromEntries(
      Object.entries(template).map(([key, member]) => [
        text(key, parameters),
        value(member, parameters, depth + 1),
      ]),
    );
  };
  return {
    isGoTemplate,
    text,
    value: <T>(template: T, parameters: Parameters) => value(template, parameters, 0) as T,
  };
}

function isMissingKeyError(options: readonly string[]): boolean {
  const known = new Set(['missingkey=default', 'missingkey=invalid', 'missingkey=zero', 'missingkey=error']);
  const unknown = options.find((option) => !known.has(option));
  if (unknown !== undefined) {
    throw new ApplicationSetError(
      'SET_INVALID',
      'on-change',
      `goTemplateOptions: "${excerpt(unknown)}" is no option; use one of ${[...known].join(', ')}`,
    );
  }
  return options.at(-1) === 'missingkey=error';
}

function replaced(template: string, parameters: Parameters): string {
  return template.replace(/\{\{(.*?)\}\}/gs, (whole, tag: string) => {
    const name = tag.trim();
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    return typeof value === 'string' ? value : whole;
  });
}

/** What templates of ApplicationSets have besides sprig. */
const functions = {
  normalize: (text: unknown) => normalizedName(String(text)),
  slugify: (...args: readonly unknown[]) => {
    const name = String(args.at(-1) ?? '');
    const [size, atWord] = args.slice(0, -1);
    return slug(name, size === undefined ? undefined : Number(size), atWord === true);
  },
  fromYamlArray: (text: unknown) => {
    const list = parseYaml(String(text));
    if (!Array.isArray(list))
      throw new LanguageError('EVALUATION', 'fromYamlArray of a text that is no list');
    return list;
  },
};

function excerpt(text: string): string {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}
