// Columns per built-in kind.
import type { ResourceType } from '../resource-type.ts';
import { AGE, NAME } from './columns.ts';
import type { Column } from './table.ts';

export function builtinColumns(_type: ResourceType, _version: string): readonly Column[] {
  return [NAME, AGE];
}
