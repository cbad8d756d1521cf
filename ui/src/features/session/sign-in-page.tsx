import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef } from 'react';
import { Failure } from '../../components/failure.tsx';
import { api } from '../../lib/api.ts';
import { returnPath } from '../../lib/links.ts';
import { useTitle } from '../../lib/use-title.ts';

interface Credentials {
  username: string;
  password: string;
  connector?: string;
}

interface Offer {
  connectors?: { id: string; name: string; kind: string }[];
}

/** By the code in the address; no word of the address itself is ever shown. */
const FAILURES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    refused: 'The identity provider does not let this account in, or it is in no group that may sign in.',
    invalid:
      'The answer of the identity provider cannot be accepted. Begin again; if it happens again, tell your administrator.',
    unreachable: 'The identity provider cannot be reached. Try again in a moment.',
    config: 'The identity provider is not configured completely. Tell your administrator.',
    expired: 'This sign-in took too long or was finished already. Begin again.',
  }),
);

/** User name and password; the session is a cookie the page cannot read. */
export function SignInPage() {
  const { to, failed } = useSearch({ from: '/login' });
  const { history } = useRouter();
  const queryClient = useQueryClient();
  const password = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (body: Credentials) => api('POST', '/api/v1/session', { body }),
    onSuccess: () => {
      queryClient.clear();
      history.replace(returnPath(to));
    },
    onError: () => password.current?.select(),
  });
  const settings = useQuery({ queryKey: ['sign-in'], queryFn: () => api<Offer>('GET', '/api/v1/settings') });
  const directories = (settings.data?.connectors ?? []).filter(({ kind }) => kind === 'password');
  const providers = (settings.data?.connectors ?? []).filter(({ kind }) => kind === 'redirect');
  useTitle('Sign in');
  // The page has one purpose, and this is where it starts.
  useEffect(() => password.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const connector = String(form.get('connector') ?? '');
    signIn.mutate({
      username: String(form.get('username')),
      password: String(form.get('password')),
      ...(connector === '' ? {} : { connector }),
    });
  };
  return (
    <form className="sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      {failed !== undefined && signIn.error === null && (
        <Failure message={FAILURES.get(failed) ?? 'The sign-in failed. Begin again.'} />
      )}
      {directories.length > 0 && (
        <label>
          With
          <select name="connector" defaultValue={directories[0]?.id}>
            {directories.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
            <option value="">An account of Fairlead</option>
          </select>
        </label>
      )}
      <label>
        User name
        <input name="username" autoComplete="username" autoCapitalize="none" defaultValue="admin" required />
      </label>
      <label>
        Password
        <input ref={password} name="password" type="password" autoComplete="current-password" required />
      </label>
      {signIn.error !== null && <Failure message={signIn.error.message} />}
      <button type="submit" className="primary" disabled={signIn.isPending}>
        {signIn.isPending ? 'Signing in…' : 'Sign in'}
      </button>
      {providers.map(({ id, name }) => (
        <a
          key={id}
          href={`/auth/login?${new URLSearchParams({ connector: id, return_url: returnPath(to) })}`}
        >
          Sign in with {name}
        </a>
      ))}
      <p className="quiet">
        The first password is printed by <code>fairlead up</code>; in a cluster it is in the Secret{' '}
        <code>argocd-initial-admin-secret</code>.
      </p>
    </form>
  );
}
