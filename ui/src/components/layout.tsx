import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { api } from '../lib/api.ts';

/** The frame of every page: the name, the way home, the way out. */
export function Layout() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isSignIn = path === '/login';
  return (
    <>
      <header className="top">
        <Link to="/applications" className="brand">
          <img src="/favicon.svg" alt="" width="24" height="24" /> Fairlead
        </Link>
        {!isSignIn && <SignOut />}
      </header>
      <main>
        <Outlet />
      </main>
    </>
  );
}

function SignOut() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => api('DELETE', '/api/v1/session'),
    onSettled: () => {
      queryClient.clear();
      return navigate({ to: '/login' });
    },
  });
  return (
    <button type="button" className="plain" onClick={() => signOut.mutate()}>
      Sign out
    </button>
  );
}
