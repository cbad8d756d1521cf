import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { Failure } from '../../components/query-view.tsx';
import { api } from '../../lib/api.ts';

interface Credentials {
  username: string;
  password: string;
}

/** User name and password; the session is a cookie the page cannot read. */
export function SignInPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const signIn = useMutation({
    mutationFn: (credentials: Credentials) => api('POST', '/api/v1/session', credentials),
    onSuccess: () => {
      queryClient.clear();
      return navigate({ to: '/applications' });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn.mutate({ username: String(form.get('username')), password: String(form.get('password')) });
  };
  return (
    <form className="card sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <label>
        User name
        <input name="username" autoComplete="username" defaultValue="admin" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {signIn.error !== null && <Failure message={signIn.error.message} />}
      <button type="submit" disabled={signIn.isPending}>
        Sign in
      </button>
    </form>
  );
}
