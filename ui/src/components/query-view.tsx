import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { isGone, isSignedOut } from '../lib/api.ts';
import { Failure } from './failure.tsx';

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** Loading, failed and loaded in one frame; data that is on screen stays while a refresh fails. */
export function QueryView<T>({ query: { data, error }, children }: Props<T>) {
  // The page for signing in is on its way.
  if (isSignedOut(error)) return null;
  if (data === undefined || isGone(error))
    return error === null ? <p className="quiet loading">Loading…</p> : <Failure message={error.message} />;
  return (
    <>
      {error !== null && <Failure message={error.message} />}
      {children(data)}
    </>
  );
}
