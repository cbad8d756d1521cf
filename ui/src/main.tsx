import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isGone, isSignedOut } from './lib/api.ts';
import { router } from './router.tsx';
import './styles/base.css';
import './styles/list.css';
import './styles/application.css';
import './styles/pods.css';

/** Whatever was asked when the session turned out to be over: sign in, then come back to where this happened. */
function onError(error: unknown): void {
  const { pathname, search, href } = router.state.location;
  if (!isSignedOut(error) || pathname === '/login') return;
  const isHome = pathname === '/applications' && Object.keys(search).length === 0;
  void router.navigate({ to: '/login', search: isHome ? {} : { to: href }, replace: true });
}

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      retry: (count, error) => !isSignedOut(error) && !isGone(error) && count < 2,
      staleTime: 5_000,
      // "Offline" says nothing about a server on this machine or in this house.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
