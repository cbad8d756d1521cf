// All pages of Fairlead, in one table.
import { createRootRoute, createRoute, createRouter, Link, redirect } from '@tanstack/react-router';
import { Layout } from './components/layout.tsx';
import { ApplicationListPage } from './features/applications/application-list-page.tsx';
import { ApplicationPage } from './features/applications/application-page.tsx';
import { type ListSearch, parseListSearch } from './features/applications/list-search.ts';
import { SignInPage } from './features/session/sign-in-page.tsx';

const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/applications' });
  },
});

const list = createRoute({
  getParentRoute: () => rootRoute,
  path: '/applications',
  validateSearch: (search): ListSearch => parseListSearch(search),
  component: ApplicationListPage,
});

const application = createRoute({
  getParentRoute: () => rootRoute,
  path: '/applications/$namespace/$name',
  component: ApplicationPage,
});

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: ({ to }): { to?: string } => (typeof to === 'string' ? { to } : {}),
  component: SignInPage,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, list, application, signIn]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <section className="blank">
      <h1>There is no such page</h1>
      <p>
        <Link to="/applications">All applications</Link>
      </p>
    </section>
  );
}
