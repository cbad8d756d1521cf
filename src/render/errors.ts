// What can go wrong in a render. `on-change`: the same input fails again; `backoff`: the machine was the reason.
import { CodedError, ExecError, isAbort, type Retry } from '../lib/index.ts';

export type RenderErrorCode =
  | 'RENDER_PATH_NOT_FOUND'
  | 'RENDER_PATH_REFUSED'
  | 'RENDER_SOURCE_INVALID'
  | 'RENDER_MANIFEST_INVALID'
  | 'RENDER_VALUE_FILE_NOT_FOUND'
  | 'RENDER_DEPENDENCY_MISSING'
  | 'RENDER_REMOTE_REFUSED'
  | 'RENDER_FEATURE_REFUSED'
  | 'RENDER_TOOL_FAILED'
  | 'RENDER_TOOL_MISSING'
  | 'RENDER_TIMEOUT'
  | 'RENDER_UNSUPPORTED'
  | 'RENDER_LIMIT';

export class RenderError extends CodedError<RenderErrorCode> {}

/** A fault of the source: it stays until somebody changes it. */
export function sourceError(code: RenderErrorCode, message: string, cause?: unknown): RenderError {
  return new RenderError(code, 'on-change', message, cause === undefined ? undefined : { cause });
}

/** A tool that could not be run to its end. */
export function toolError(tool: string, what: string, error: unknown): unknown {
  if (!(error instanceof ExecError) || isAbort(error)) return error;
  const classes: Record<ExecError['code'], [RenderErrorCode, Retry]> = {
    EXEC_TIMEOUT: ['RENDER_TIMEOUT', 'backoff'],
    EXEC_OUTPUT_LIMIT: ['RENDER_LIMIT', 'on-change'],
    EXEC_NOT_FOUND: ['RENDER_TOOL_MISSING', 'on-change'],
    EXEC_START: ['RENDER_TOOL_FAILED', 'backoff'],
    EXEC_ABORTED: ['RENDER_TOOL_FAILED', 'backoff'],
  };
  const [code, retry] = classes[error.code];
  return new RenderError(code, retry, `Cannot render ${what} with ${tool}: ${error.message}`, {
    cause: error,
  });
}
