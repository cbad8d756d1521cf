// Label selectors: meta/v1 LabelSelector, its text form (`a=b,c in (d,e),!f`), and whether labels match. Pure.

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | undefined;
}

/** meta/v1 LabelSelector. An empty one matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly LabelRequirement[] | undefined;
}

/** True when the labels meet every requirement. */
export function matchesLabels(
  selector: LabelSelector | readonly LabelRequirement[],
  labels: Readonly<Record<string, string>> = {},
): boolean {
  return requirementsOf(selector).every((requirement) => meets(requirement, labels));
}

/** All requirements of a selector; `matchLabels` as `In` with one value. */
export function requirementsOf(
  selector: LabelSelector | readonly LabelRequirement[],
): readonly LabelRequirement[] {
  if (isRequirements(selector)) return selector;
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: 'In', values: [value] }),
  );
  return [...equal, ...(selector.matchExpressions ?? [])];
}

const TERM =
  /^\s*(?:(!)\s*([^\s!=,()]+)|([^\s!=,()]+)(?:\s*(==?|!=)\s*([^\s!=,()]*)|\s+(in|notin)\s*\(([^()]*)\))?)\s*$/;

/** Reads the text form. Undefined when it is no selector; '' is the empty one. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] | undefined {
  if (text.trim() === '') return [];
  const requirements: LabelRequirement[] = [];
  // Commas between parentheses belong to a set.
  for (const term of text.split(/,(?![^(]*\))/)) {
    const match = TERM.exec(term);
    if (match === null) return undefined;
    const [, not, absent, key = '', comparison, value = '', setOperator, set = ''] = match;
    if (not !== undefined) requirements.push({ key: absent ?? '', operator: 'DoesNotExist' });
    else if (comparison !== undefined) {
      requirements.push({ key, operator: comparison === '!=' ? 'NotIn' : 'In', values: [value] });
    } else if (setOperator !== undefined) {
      const values = set.split(',').map((item) => item.trim());
      requirements.push({ key, operator: setOperator === 'in' ? 'In' : 'NotIn', values });
    } else requirements.push({ key, operator: 'Exists' });
  }
  return requirements;
}

/** The text form, as a query parameter takes it. */
export function labelSelectorText(selector: LabelSelector | readonly LabelRequirement[]): string {
  return requirementsOf(selector).map(requirementText).join(',');
}

function requirementText({ key, operator, values = [] }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

function meets(
  { key, operator, values = [] }: LabelRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function isRequirements(
  selector: LabelSelector | readonly LabelRequirement[],
): selector is readonly LabelRequirement[] {
  return Array.isArray(selector);
}
