import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { NotFoundPage, ProblemPage } from "@/app/errors";
import { queries } from "@/app/queries";
import { accountQuery, authQuery, isWelcomed } from "@/app/session";
import { Shell } from "@/app/shell";
import { foldersQuery, libraryQuery } from "@/features/library/queries";
import { AGENT_TABS, type AgentTab, librarySearch, RUN_STATUSES } from "@/features/library/search";
import { runQuery } from "@/features/runs/queries";
import { ApiError } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";
import { oneOf } from "@/shared/search";
import { words } from "@/shared/settings";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: ProblemPage,
});

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const count = (value: unknown): number | undefined =>
  Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined;

const auth = () => import("@/features/auth/pages");
const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: lazyRouteComponent(auth, "WelcomePage"),
});
const logIn = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { next?: string } => ({ next: text(search.next) }),
  component: lazyRouteComponent(auth, "LogInPage"),
});
const signUp = createRoute({
  getParentRoute: () => root,
  path: "/signup",
  component: lazyRouteComponent(auth, "SignUpPage"),
});
const forgotten = createRoute({
  getParentRoute: () => root,
  path: "/forgotten",
  component: lazyRouteComponent(auth, "ForgottenPage"),
});
const links = () => import("@/features/auth/links");
const step = createRoute({
  getParentRoute: () => root,
  path: "/auth/$step",
  component: lazyRouteComponent(links, "StepPage"),
});
const connect = createRoute({
  getParentRoute: () => root,
  path: "/connect",
  component: lazyRouteComponent(links, "ConnectPage"),
});

/** Let in who is known; send others where they can say who they are. */
async function enter(href: string): Promise<void> {
  const account = queries.ensureQueryData(accountQuery);
  account.catch(() => {}); // where it is not waited for
  const state = await queries.ensureQueryData(authQuery);
  if (!state.is_set_up && !isWelcomed()) throw redirect({ to: "/welcome" });
  try {
    await account;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    throw state.is_set_up ? redirect({ to: "/login", search: { next: href } }) : redirect({ to: "/welcome" });
  }
}

const consent = createRoute({
  getParentRoute: () => root,
  path: "/oauth/authorize",
  beforeLoad: ({ location }) => enter(location.href),
  component: lazyRouteComponent(links, "ConsentPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: ({ location }) => enter(location.href),
  component: Shell,
  errorComponent: ProblemPage,
});
const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/home/home-page"), "HomePage"),
});
const notifications = createRoute({
  getParentRoute: () => shell,
  path: "/notifications",
  validateSearch: (search): { status?: string } => ({ status: text(search.status) }),
  component: lazyRouteComponent(
    () => import("@/features/notifications/notifications-page"),
    "NotificationsPage",
  ),
});
const library = createRoute({
  getParentRoute: () => shell,
  path: "/library",
  validateSearch: librarySearch,
  component: lazyRouteComponent(() => import("@/features/library/library-page"), "LibraryPage"),
});
const agent = createRoute({
  getParentRoute: () => shell,
  path: "/library/$agentId",
  validateSearch: (search): { tab?: AgentTab; status?: RunStatus } => ({
    tab: oneOf(AGENT_TABS, search.tab),
    status: oneOf(RUN_STATUSES, search.status),
  }),
  component: lazyRouteComponent(() => import("@/features/library/agent-page"), "AgentPage"),
});
const runs = createRoute({
  getParentRoute: () => shell,
  path: "/runs",
  validateSearch: (search): { status?: string; agent?: string; search?: string; within?: string } => ({
    status: text(search.status),
    agent: text(search.agent),
    search: text(search.search),
    within: text(search.within),
  }),
  component: lazyRouteComponent(() => import("@/features/runs/runs-page"), "RunsPage"),
});
const run = createRoute({
  getParentRoute: () => shell,
  path: "/runs/$runId",
  validateSearch: (search): { step?: number; of?: string } => ({
    step: count(search.step),
    of: text(search.of),
  }),
  component: lazyRouteComponent(() => import("@/features/runs/run-page"), "RunPage"),
});
const compare = createRoute({
  getParentRoute: () => shell,
  path: "/runs/compare",
  validateSearch: (search): { a?: string; b?: string; different?: boolean } => ({
    a: text(search.a),
    b: text(search.b),
    different: search.different === true || undefined,
  }),
  component: lazyRouteComponent(() => import("@/features/runs/compare-page"), "ComparePage"),
});
const share = createRoute({
  getParentRoute: () => root,
  path: "/share/$token",
  component: lazyRouteComponent(() => import("@/features/share/share-page"), "SharePage"),
});
const reviews = createRoute({
  getParentRoute: () => shell,
  path: "/reviews",
  component: lazyRouteComponent(() => import("@/features/reviews/reviews-page"), "ReviewsPage"),
});
const build = () => import("@/features/builder/builder-page");
const buildSearch = (search: Record<string, unknown>): { version?: number; run?: string } => ({
  version: count(search.version),
  run: text(search.run),
});
const buildNew = createRoute({
  getParentRoute: () => shell,
  path: "/build",
  component: lazyRouteComponent(build, "NewAgentPage"),
});
const buildAgent = createRoute({
  getParentRoute: () => shell,
  path: "/build/$agentId",
  validateSearch: buildSearch,
  component: lazyRouteComponent(build, "BuilderPage"),
});
const connections = createRoute({
  getParentRoute: () => shell,
  path: "/connections",
  component: lazyRouteComponent(() => import("@/features/connections/connections-page"), "ConnectionsPage"),
});
const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("@/features/account/account-page"), "AccountPage"),
});
const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin",
  beforeLoad: async () => {
    const account = await queries.ensureQueryData(accountQuery);
    if (!account.roles.some((role) => role === "admin" || role === "support"))
      throw new ApiError(403, "auth.may_not", words().errors.mayNotText, {}, "");
  },
  validateSearch: (search): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import("@/features/admin/admin-page"), "AdminPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    welcome,
    logIn,
    signUp,
    forgotten,
    step,
    connect,
    consent,
    share,
    shell.addChildren([
      home,
      notifications,
      library,
      agent,
      runs,
      compare,
      run,
      reviews,
      buildNew,
      buildAgent,
      connections,
      account,
      admin,
    ]),
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: ProblemPage,
  scrollRestoration: true,
});

/** Ask for what the first page shows while its code comes and it is found out who is here. */
export function askAhead(): void {
  for (const { routeId, params, search } of router.matchRoutes(router.latestLocation)) {
    void router.loadRouteChunk(router.routesById[routeId as keyof typeof router.routesById]);
    if (routeId === shell.id) {
      void queries.prefetchQuery(accountQuery);
      void queries.prefetchQuery(authQuery);
    }
    if (routeId === library.id) {
      void queries.prefetchInfiniteQuery(libraryQuery(search));
      void queries.prefetchQuery(foldersQuery);
    }
    if (routeId === run.id) void queries.prefetchQuery(runQuery(params.runId));
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
