// Columns of custom resources: additionalPrinterColumns with their JSON paths.
import type { PrinterColumn } from '../schema/index.ts';
import type { Column } from './column.ts';
import { AGE, NAME } from './columns.ts';
import { humanDuration } from './format.ts';
import { readJsonPath } from './json-path.ts';

export function customColumns(columns: readonly PrinterColumn[]): readonly Column[] {
  if (columns.length === 0) return [NAME, { ...AGE, type: 'date' }];
  return [NAME, ...columns.map(customColumn)];
}

function customColumn({ name, type, format, description, priority, jsonPath }: PrinterColumn): Column {
  const read = readJsonPath(jsonPath);
  return {
    name,
    type,
    ...(format === undefined ? {} : { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority ?? 0,
    cell(object, nowMs) {
      const values = read(object);
      const [value] = values;
      if (value === undefined) return null;
      switch (type) {
        case 'date':
          return typeof value === 'string' ? humanDuration(nowMs - Date.parse(value)) : '<unknown>';
        case 'integer':
          return typeof value === 'number' ? Math.trunc(value) : null;
        case 'number':
        case 'boolean':
          return value;
        default:
          return values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ');
      }
    },
  };
}
