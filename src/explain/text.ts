// Words shared by the parts of an explanation. Pure.
import type { ExplanationLink } from '../contract/index.ts';
import type { ResourceKey } from '../k8s/index.ts';
import type { CommitInfo } from '../model/index.ts';
import type { ExplainedRecord } from './facts.ts';

const MAX_VALUE_CHARS = 80;
const MAX_INPUTS = 5;

export function shortId(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 7) : revision;
}

/** `apps/Deployment shop/web` without what is empty. */
export function objectName({
  kind,
  namespace,
  name,
}: Pick<ResourceKey, 'kind' | 'namespace' | 'name'>): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

export function commitLink({ sha, author, date, message }: CommitInfo): ExplanationLink {
  const [subject = ''] = message.split('\n');
  const by = author.replace(/\s*<[^>]*>$/, '');
  return { kind: 'commit', text: `commit ${shortId(sha)} by ${by}: ${shorten(subject)}`, at: date };
}

/** @param paths what the render reads and the commits changed; undefined when nobody can tell */
export function inputLinks(paths: readonly string[] | undefined): ExplanationLink[] {
  if (paths === undefined || paths.length === 0) return [];
  const more = paths.length > MAX_INPUTS ? ` and ${paths.length - MAX_INPUTS} more` : '';
  return [{ kind: 'input', text: `changed ${paths.slice(0, MAX_INPUTS).join(', ')}${more}` }];
}

export function recordLink({ at, actor, action, object, outcome, reason }: ExplainedRecord): ExplanationLink {
  const end = outcome === undefined || outcome === 'succeeded' ? '' : ` (${outcome})`;
  const why = reason === undefined || reason === '' ? '' : `: ${shorten(reason)}`;
  return { kind: 'record', text: `${actor}: ${action} ${object.kind} ${object.name}${end}${why}`, at };
}

/** A value as people compare it: JSON, cut where it gets long. */
export function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : shorten(JSON.stringify(value) ?? 'nothing');
}

export function shorten(text: string): string {
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS - 1)}…`;
}
