// All pages of Fairlead, in one table.
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { Layout } from './components/layout.tsx';
import {
  ApplicationListPage,
  type ListSearch,
  parseListSearch,
} from './features/applications/application-list-page.tsx';
import { ApplicationPage } from './features/applications/application-page.tsx';
import { SignInPage } from './features/session/sign-in-page.tsx';

const rootRoute = createRootRoute({ component: Layout });

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/applications' });
  },
});

export const listRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/applications',
  validateSearch: (search): ListSearch => parseListSearch(search),
  component: ApplicationListPage,
});

export const applicationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/applications/$namespace/$name',
  component: ApplicationPage,
});

const signIn = createRoute({ getParentRoute: () => rootRoute, path: '/login', component: SignInPage });

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, listRoute, applicationRoute, signIn]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
