// How query strings become typed values: texts, lists and flags as grpc-gateway writes them.
import { z } from 'zod';

/** One value; of a repeated key the last counts. */
export const text = z
  .union([z.string(), z.array(z.string()).transform((values) => values.at(-1) ?? '')])
  .optional();

/** Every value of a repeated key; empty ones are dropped. */
export const texts = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).filter((item) => item !== ''),
  );

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  t: true,
  false: false,
  '0': false,
  f: false,
};

/** `true`, `1`, `false`, `0`; absent stays undefined. */
export const flag = text.transform((value, context) => {
  if (value === undefined || value === '') return undefined;
  const known = FLAGS[value.toLowerCase()];
  if (known === undefined) context.addIssue(`"${value.slice(0, 40)}" is neither true nor false`);
  return known;
});

/** A whole number of at least 0. */
export const count = text.transform((value, context) => {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) {
    context.addIssue(`"${value.slice(0, 40)}" is not a whole number of at least 0`);
    return undefined;
  }
  return number;
});

/** What every list of the API takes. Fairlead's own; without any of them a list is answered whole, as Argo CD's. */
export const ListQuery = z.object({
  /** Paths of an item to keep, comma-separated; a leading `-` keeps everything else. */
  fields: text,
  /** Part of any text of an item; each word must occur. */
  search: text,
  /** `PATH=VALUE`, repeated: items where the text at the path is the value. */
  filter: texts,
  /** Path to order by (`metadata.name`); a leading `-` turns the order round. */
  sort: text,
  limit: count,
  offset: count,
  /** `metadata.continue` of the page before. */
  continue: text,
});

export type QueryKind = 'text' | 'texts' | 'flag' | 'count';

/** Which of the kinds above a query's member is; undefined for one with a rule of its own. */
export function queryKindOf(schema: z.ZodType): QueryKind | undefined {
  switch (schema) {
    case text:
      return 'text';
    case texts:
      return 'texts';
    case flag:
      return 'flag';
    case count:
      return 'count';
    default:
      return undefined;
  }
}
