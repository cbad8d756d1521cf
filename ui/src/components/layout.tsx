import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import type { UserInfo } from '../../../src/contract/index.ts';
import { api } from '../lib/api.ts';

/** The frame of every page: the name, the way home, who is signed in, the way out. */
export function Layout() {
  const isSignIn = useRouterState({ select: (state) => state.location.pathname === '/login' });
  return (
    <>
      <a href="#main" className="skip">
        Skip to content
      </a>
      <header className="top">
        <Link to="/applications" className="brand">
          <img src="/favicon.svg" alt="" width="22" height="22" />
          Fairlead
        </Link>
        {!isSignIn && <Account />}
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

function Account() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const user = useQuery({
    queryKey: ['user'],
    queryFn: ({ signal }) => api<UserInfo>('GET', '/api/v1/session/userinfo', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const signOut = useMutation({
    mutationFn: () => api('DELETE', '/api/v1/session'),
    onSuccess: async () => {
      await navigate({ to: '/login' });
      queryClient.clear();
    },
  });
  if (user.data?.loggedIn !== true) return null;
  return (
    <div className="account">
      {signOut.error !== null && <span role="alert">{signOut.error.message}</span>}
      <span className="user">{user.data.username}</span>
      <button type="button" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </button>
    </div>
  );
}
