// The branches of one repository, for forges that answer the default branch below the list of all.
import type { z } from 'zod';
import type { ForgeClient, Query, Question, Turn } from './client.ts';

/** The list of branches: `path` and below it one branch by its name. */
export interface BranchList<Page, Branch> extends Omit<Question<Page>, 'shape'> {
  readonly page: z.ZodType<Page>;
  readonly one: z.ZodType<Branch>;
  readonly turn: Turn<Page, Branch>;
  readonly query: Query;
}

/**
 * Every branch, or the default branch alone. A repository without its default branch gives none, but only when it
 * answers for its branches: a token that may not read them looks the same otherwise.
 */
export async function branchesOf<Page, Branch extends { readonly name: string }>(
  client: ForgeClient,
  { page, one, turn, ...question }: BranchList<Page, Branch>,
  isAll: boolean,
  defaultBranch: string | undefined,
): Promise<readonly Branch[]> {
  if (isAll) return client.all({ ...question, shape: page }, turn, ({ name }) => name);
  if (defaultBranch !== undefined) {
    const path = [...question.path, defaultBranch];
    const found = await client.find({ ...question, path, query: {}, shape: one });
    if (found !== undefined) return [found.value];
  }
  await client.get({ ...question, shape: page });
  return [];
}
