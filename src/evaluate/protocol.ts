// What travels between the evaluator and its worker. Values go as JSON text: it is bounded by its length, and nothing
// but data fits into it.
import type { EvaluateErrorCode } from './errors.ts';

export interface WorkerLimits {
  /** Of one program. */
  readonly memoryBytes: number;
  /** JSON text of one result. */
  readonly outputBytes: number;
}

export type WorkerTask = {
  readonly id: number;
  /** Only read the program, as far as that shows whether it is one. */
  readonly checkOnly: boolean;
} & (
  | { readonly kind: 'lua'; readonly source: string; readonly globals: string; readonly openLibs: boolean }
  | { readonly kind: 'cel' | 'jq'; readonly source: string; readonly globals: string }
);

export type WorkerMessage = {
  /** Processor time the thread has used since it began, milliseconds. */
  readonly cpuMs: number;
} & WorkerAnswer;

export type WorkerAnswer =
  | { readonly kind: 'ready' }
  /** `value` is absent when the program gave nothing (Lua's nil). */
  | { readonly kind: 'done'; readonly id: number; readonly value?: string }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: EvaluateErrorCode;
      readonly message: string;
      /** The worker does not trust its own state any more and wants to be replaced. */
      readonly spoilt: boolean;
    };

/** A failure inside the worker, before it becomes a message. */
export class ProgramFailure extends Error {
  readonly code: EvaluateErrorCode;
  readonly spoilt: boolean;

  constructor(code: EvaluateErrorCode, message: string, spoilt = false) {
    super(message);
    this.code = code;
    this.spoilt = spoilt;
  }
}
