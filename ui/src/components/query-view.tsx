import type { UseQueryResult } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { isSignedOut } from '../lib/api.ts';

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** Loading, failed and loaded in one frame; data that is on screen stays while a refresh fails. */
export function QueryView<T>({ query, children }: Props<T>) {
  if (isSignedOut(query.error)) return <Navigate to="/login" />;
  if (query.data === undefined) {
    if (query.error === null) return <p className="quiet">Loading…</p>;
    return <Failure message={query.error.message} />;
  }
  return (
    <>
      {query.error !== null && <Failure message={query.error.message} />}
      {children(query.data)}
    </>
  );
}

/** A failure in the server's own words. */
export function Failure({ message }: { message: string }) {
  return (
    <p role="alert" className="failure">
      {message}
    </p>
  );
}
