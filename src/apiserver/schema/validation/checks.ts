// Checks that several kinds share: numbers, ports, percentages, selectors.
import { isRecord, jsonEqual } from '../../../lib/index.ts';
import { type Fields, items, part } from '../defaults/object.ts';
import { type FieldError, invalid, required, unsupported } from '../field-error.ts';
import { labelErrors, labelValueProblems, qualifiedNameProblems } from '../names.ts';

export const IMMUTABLE = 'field is immutable';
const MAX_INT32 = 2_147_483_647;

/** Refuses negative numbers; absent ones pass. */
export function notNegative(value: unknown, field: string): FieldError[] {
  return typeof value === 'number' && value < 0
    ? [invalid(field, value, 'must be greater than or equal to 0')]
    : [];
}

export function between(value: unknown, min: number, max: number, field: string): FieldError[] {
  if (typeof value !== 'number' || (value >= min && value <= max)) return [];
  return [invalid(field, value, `must be between ${min} and ${max}, inclusive`)];
}

/** Refuses what is no port number, 0 too. */
export function portNumber(value: unknown, field: string): FieldError[] {
  return between(value, 1, 65_535, field);
}

export function int32(value: unknown, min: number, field: string): FieldError[] {
  return between(value, min, MAX_INT32, field);
}

/** Reasons a text is no port name (IANA service name). */
export function portNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** A port by number or name. */
export function portReference(value: unknown, field: string): FieldError[] {
  if (typeof value === 'number') return portNumber(value, field);
  if (typeof value !== 'string') return [];
  return portNameProblems(value).map((problem) => invalid(field, value, problem));
}

export function oneOf(value: unknown, supported: readonly string[], field: string): FieldError[] {
  return value === undefined || supported.includes(String(value))
    ? []
    : [unsupported(field, value, supported)];
}

/** A number that is not negative, or a percentage up to 100. */
export function intOrPercent(value: unknown, field: string): FieldError[] {
  if (typeof value === 'number') return notNegative(value, field);
  if (typeof value !== 'string') return [];
  if (!/^[0-9]+%$/.test(value)) {
    const detail =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    return [invalid(field, value, detail)];
  }
  return Number.parseInt(value, 10) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** A meta/v1 LabelSelector. */
export function selectorErrors(selector: unknown, field: string): FieldError[] {
  if (!isRecord(selector)) return [];
  const errors = labelErrors(selector['matchLabels'], `${field}.matchLabels`);
  for (const [i, requirement] of items(selector, 'matchExpressions').entries()) {
    const at = `${field}.matchExpressions[${i}]`;
    const values = Array.isArray(requirement['values']) ? requirement['values'] : [];
    const operator = String(requirement['operator'] ?? '');
    if (!OPERATORS.includes(operator))
      errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
    else if (operator.endsWith('In') && values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (!operator.endsWith('In') && values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push({ reason: 'FieldValueForbidden', field: `${at}.values`, message: `Forbidden: ${detail}` });
    }
    const key = String(requirement['key'] ?? '');
    for (const problem of qualifiedNameProblems(key)) errors.push(invalid(`${at}.key`, key, problem));
    for (const [j, value] of values.entries()) {
      for (const problem of labelValueProblems(String(value)))
        errors.push(invalid(`${at}.values[${j}]`, value, problem));
    }
  }
  return errors;
}

/** True when a LabelSelector that is valid selects the labels. */
export function selects(selector: Fields, labels: Fields): boolean {
  const wanted = part(selector, 'matchLabels') ?? {};
  for (const key in wanted) if (labels[key] !== wanted[key]) return false;
  return items(selector, 'matchExpressions').every((requirement) => {
    const value = labels[String(requirement['key'])];
    const values = Array.isArray(requirement['values']) ? requirement['values'] : [];
    switch (requirement['operator']) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}

export function isEmptySelector(selector: Fields): boolean {
  return (
    Object.keys(part(selector, 'matchLabels') ?? {}).length === 0 &&
    items(selector, 'matchExpressions').length === 0
  );
}

/** Refuses a change of one member. */
export function unchanged(
  after: Fields | undefined,
  before: Fields | undefined,
  name: string,
  field: string,
): FieldError[] {
  const value = after?.[name];
  return jsonEqual(value ?? null, before?.[name] ?? null) ? [] : [invalid(field, value, IMMUTABLE)];
}
