// Why an object is OutOfSync: which field, who wrote what is there, and which rule decides about it. Pure.
import type { ExplanationCause, ExplanationLink } from '../contract/index.ts';
import { FIELD_MANAGER, type FieldChange, isAutomated } from '../model/index.ts';
import type { ExplainedObject, ExplanationFacts } from './facts.ts';
import { commitLink, inputLinks, objectName, recordLink, valueText } from './text.ts';

const MAX_FIELDS = 5;

export function differenceCauses(facts: ExplanationFacts): ExplanationCause[] {
  return (facts.objects ?? [])
    .filter(({ status }) => status === 'OutOfSync')
    .map((object) => ({
      kind: 'difference',
      title: titleOf(object),
      object: object.change.key,
      chain: chainOf(facts, object),
    }));
}

function titleOf({ change }: ExplainedObject): string {
  const name = objectName(change.key);
  if (change.kind === 'missing') return `${name} is in Git and not in the cluster`;
  if (change.kind === 'extra') return `${name} is in the cluster and not in Git any more`;
  const [first] = change.fields;
  if (first === undefined) return `${name} differs`;
  const more = change.fields.length > 1 ? ` and ${change.fields.length - 1} more fields` : '';
  return `${name} differs in ${first.path}${more}`;
}

function chainOf(facts: ExplanationFacts, object: ExplainedObject): ExplanationLink[] {
  const { change, origin } = object;
  const manifest: ExplanationLink[] =
    origin?.file === undefined
      ? []
      : [
          {
            kind: 'manifest',
            text: `rendered from ${origin.file}${origin.line === undefined ? '' : `, line ${origin.line}`}`,
          },
        ];
  const records = facts.records
    .filter(({ object: { kind, name } }) => kind === change.key.kind && name === change.key.name)
    .slice(0, 1)
    .map(recordLink);
  return [
    ...gitLinks(facts, object),
    ...manifest,
    ...change.fields.slice(0, MAX_FIELDS).flatMap(fieldLinks),
    ...(change.fields.length > MAX_FIELDS
      ? [{ kind: 'field' as const, text: `and ${change.fields.length - MAX_FIELDS} more fields` }]
      : []),
    ...records,
    ...ruleLinks(facts, object),
  ];
}

/** Git is a reason when it moved since the last deployment and somebody else did not cause the difference. */
function gitLinks(
  { commit, deployed, changedInputs }: ExplanationFacts,
  { change }: ExplainedObject,
): ExplanationLink[] {
  if (commit === undefined) return [];
  const hasMoved = deployed === undefined || deployed.sha !== commit.sha;
  const isByOthers = change.fields.length > 0 && change.fields.every(isWrittenByOthers);
  return hasMoved && !isByOthers ? [commitLink(commit), ...inputLinks(changedInputs)] : [];
}

function fieldLinks(field: FieldChange): ExplanationLink[] {
  const owners = field.owners.filter(({ manager }) => manager !== FIELD_MANAGER);
  const [owner] = owners.length > 0 ? owners : field.owners;
  const wanted =
    'desired' in field ? `Git says ${valueText(field.desired)}` : 'Git does not have it any more';
  return [
    { kind: 'field', text: `${field.path} is ${valueText(field.live)}, ${wanted}` },
    ...(owner === undefined
      ? []
      : [
          {
            kind: 'owner' as const,
            text:
              owner.manager === FIELD_MANAGER
                ? 'the value in the cluster was applied by Fairlead'
                : `the value in the cluster was written by ${owner.manager} (${owner.operation})`,
            ...(owner.time === undefined ? {} : { at: owner.time }),
          },
        ]),
  ];
}

function isWrittenByOthers({ owners }: FieldChange): boolean {
  return owners.some(({ manager }) => manager !== FIELD_MANAGER);
}

function ruleLinks(
  { app }: ExplanationFacts,
  { change, requiresPruning, ignored }: ExplainedObject,
): ExplanationLink[] {
  const links = (ignored ?? []).map(
    (rule): ExplanationLink => ({
      kind: 'rule',
      text: `other differences are ignored by ${rule}`,
    }),
  );
  const automated = app.spec.syncPolicy?.automated;
  if (requiresPruning) {
    const text =
      isAutomated(app.spec) && automated?.prune === true
        ? 'automated prune is on: the next sync deletes it'
        : 'automated prune is off: it stays until a sync with prune';
    return [...links, { kind: 'rule', text }];
  }
  if (!isAutomated(app.spec)) return [...links, { kind: 'rule', text: 'automated sync is off' }];
  const isDrift = change.fields.some(isWrittenByOthers) || change.kind === 'missing';
  if (isDrift && automated?.selfHeal !== true)
    return [
      ...links,
      { kind: 'rule', text: 'self-heal is off: what others change stays until the next commit' },
    ];
  return links;
}
