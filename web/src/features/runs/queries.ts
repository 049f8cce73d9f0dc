import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";

const PAGE = 50;

/** A person's runs, newest first, page by page. */
export const runsQuery = (filter: { graphId?: string | undefined; status?: RunStatus | undefined }) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", filter],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/runs", {
        query: {
          limit: PAGE,
          before: pageParam,
          ...(filter.graphId ? { graph_id: filter.graphId } : {}),
          ...(filter.status ? { status: filter.status } : {}),
        },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
  });

export const recentRunsQuery = queryOptions({
  queryKey: ["runs", "recent"],
  queryFn: () => api("GET /api/v1/runs", { query: { limit: 20 } }),
});

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: () => api("GET /api/v1/runs/{run_id}", { path: { run_id: id } }),
  });
