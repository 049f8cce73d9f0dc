import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { words } from "@/shared/settings";

const PAGE = 40;
const SHOWN = 8;

/** The newest of one's inbox, and how many are unread. */
export const inboxQuery = queryOptions({
  queryKey: ["notifications", "newest"],
  queryFn: () => api("GET /api/v1/notifications", { query: { limit: SHOWN } }),
});

/** What is unread, for lists of what needs a person. */
export const unreadQuery = queryOptions({
  queryKey: ["notifications", "unread"],
  queryFn: () => api("GET /api/v1/notifications", { query: { limit: SHOWN, status: "unread" } }),
});

export const notificationsQuery = (status: "all" | "unread") =>
  infiniteQueryOptions({
    queryKey: ["notifications", "list", status],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/notifications", { query: { limit: PAGE, before: pageParam, status } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
  });

export const preferencesQuery = queryOptions({
  queryKey: ["notifications", "preferences"],
  queryFn: () => api("GET /api/v1/notifications/preferences"),
});

const MOST_NAMES = 500;

/** Names of one's agents by id, for lists that have only their ids. */
export const agentNamesQuery = queryOptions({
  queryKey: ["agents", "names"],
  queryFn: () => api("GET /api/v1/graphs", { query: { limit: MOST_NAMES } }),
  select: (page) => new Map(page.graphs.map((one) => [one.id, one.name || words().library.unnamed])),
});
