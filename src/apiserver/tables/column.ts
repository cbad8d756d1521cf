// One column of a table.
import type { KubeObject } from '../../k8s/index.ts';

/** meta/v1 TableColumnDefinition with how its cell is computed. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown, 1 with -o wide. */
  readonly priority?: number;
  cell(object: KubeObject, nowMs: number): unknown;
}
