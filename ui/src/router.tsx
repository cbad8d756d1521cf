// All pages of Fairlead, in one table.
import { createRootRoute, createRoute, createRouter, Link, redirect } from '@tanstack/react-router';
import { Layout } from './components/layout.tsx';
import { ApplicationListPage } from './features/applications/application-list-page.tsx';
import { ApplicationPage } from './features/applications/application-page.tsx';
import { type ListSearch, parseListSearch } from './features/applications/list-search.ts';
import { DevicePage } from './features/session/device-page.tsx';
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
  validateSearch: ({ to, failed }): { to?: string; failed?: string } => ({
    ...(typeof to === 'string' ? { to } : {}),
    ...(typeof failed === 'string' ? { failed } : {}),
  }),
  component: SignInPage,
});

const device = createRoute({
  getParentRoute: () => rootRoute,
  path: '/device',
  // A code of digits only is read as a number.
  validateSearch: ({ code }): { code?: string } => (code === undefined ? {} : { code: String(code) }),
  component: DevicePage,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, list, application, signIn, device]),
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
