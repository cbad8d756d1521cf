// The two columns every kind has.
import { since } from './format.ts';
import type { Column } from './table.ts';

export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name ?? '',
};

export const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
};
