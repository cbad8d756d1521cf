import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { Failure } from '../../components/failure.tsx';
import { api } from '../../lib/api.ts';
import { useTitle } from '../../lib/use-title.ts';

interface Person {
  loggedIn: boolean;
  username?: string;
}

/** A person confirms the code that a command line shows, and lets it in with the person's own rights. */
export function DevicePage() {
  const { code = '' } = useSearch({ from: '/device' });
  const person = useQuery({
    queryKey: ['person'],
    queryFn: () => api<Person>('GET', '/api/v1/session/userinfo'),
  });
  const approve = useMutation({
    mutationFn: (userCode: string) => api('POST', '/api/v1/fairlead/device/approve', { body: { userCode } }),
  });
  useTitle('Let a command line in');
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    approve.mutate(String(new FormData(event.currentTarget).get('code')));
  };
  if (approve.isSuccess)
    return (
      <section className="sign-in">
        <h1>The command line is let in</h1>
        <p>This page can be closed.</p>
      </section>
    );
  return (
    <form className="sign-in" onSubmit={submit}>
      <h1>Let a command line in</h1>
      {person.data?.loggedIn === false ? (
        <p>
          <Link to="/login" search={{ to: `/device?${new URLSearchParams({ code })}` }}>
            Sign in first
          </Link>
        </p>
      ) : (
        <p>
          It will act as <strong>{person.data?.username ?? '…'}</strong>. Go on only if you have just started
          this sign-in yourself and see the same code there.
        </p>
      )}
      <label>
        Code
        <input name="code" autoComplete="off" autoCapitalize="characters" defaultValue={code} required />
      </label>
      {approve.error !== null && <Failure message={approve.error.message} />}
      <button
        type="submit"
        className="primary"
        disabled={approve.isPending || person.data?.loggedIn !== true}
      >
        {approve.isPending ? 'Letting in…' : 'Let it in'}
      </button>
    </form>
  );
}
