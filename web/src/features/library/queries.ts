import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";

const PAGE = 48;
const SUGGESTED = 6;

/** A person's agents, newest first, page by page. */
export const agentsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ["agents", "list", search],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/graphs", { query: { limit: PAGE, search, before: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  });

export const recentAgentsQuery = (search: string) =>
  queryOptions({
    queryKey: ["agents", "recent", search],
    queryFn: () => api("GET /api/v1/graphs", { query: { limit: SUGGESTED, search } }),
    placeholderData: keepPreviousData,
  });

/** A version of an agent, the active one where none is named. */
export const agentQuery = (id: string, version?: number) =>
  queryOptions({
    queryKey: ["agents", "one", id, version ?? "active"],
    queryFn: () =>
      api("GET /api/v1/graphs/{graph_id}", {
        path: { graph_id: id },
        query: version === undefined ? {} : { version },
      }),
  });

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ["agents", "versions", id],
    queryFn: () => api("GET /api/v1/graphs/{graph_id}/versions", { path: { graph_id: id } }),
  });

export const needsQuery = (id: string, version?: number) =>
  queryOptions({
    queryKey: ["agents", "needs", id, version ?? "active"],
    queryFn: () =>
      api("GET /api/v1/graphs/{graph_id}/credentials", {
        path: { graph_id: id },
        query: version === undefined ? {} : { version },
      }),
  });

export const agentSettingsQuery = (id: string) =>
  queryOptions({
    queryKey: ["agents", "settings", id],
    queryFn: () => api("GET /api/v1/graphs/{graph_id}/settings", { path: { graph_id: id } }),
  });
