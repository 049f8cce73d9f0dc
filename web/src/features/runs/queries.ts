import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";

const PAGE = 50;

export interface RunFilter {
  graphId?: string | undefined;
  status?: RunStatus | undefined;
  search?: string | undefined;
  /** Moments, ISO 8601: accepted from the first on and before the second. */
  since?: string | undefined;
  until?: string | undefined;
}

/** A person's runs, newest first, page by page. */
export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", filter],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/runs", {
        query: {
          limit: PAGE,
          before: pageParam,
          ...(filter.graphId ? { graph_id: filter.graphId } : {}),
          ...(filter.status ? { status: filter.status } : {}),
          ...(filter.search ? { search: filter.search } : {}),
          ...(filter.since ? { since: filter.since } : {}),
          ...(filter.until ? { until: filter.until } : {}),
        },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
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

export const PAGE_EVENTS = 100;
const FORGOTTEN_MS = 10_000;

/** A whole page of a run's journal, which never changes; it is let go soon after it has gone out of view. */
export const eventsQuery = (runId: string, page: number) =>
  queryOptions({
    queryKey: ["runs", "events", runId, page],
    queryFn: () =>
      api("GET /api/v1/runs/{run_id}/events", {
        path: { run_id: runId },
        query: { since: page * PAGE_EVENTS, limit: PAGE_EVENTS },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: FORGOTTEN_MS,
  });

/** One event of a journal. */
export const eventQuery = (runId: string, seq: number) =>
  queryOptions({
    queryKey: ["runs", "event", runId, seq],
    queryFn: async () => {
      const found = await api("GET /api/v1/runs/{run_id}/events", {
        path: { run_id: runId },
        query: { since: seq - 1, limit: 1 },
      });
      return found[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: FORGOTTEN_MS,
  });

/** What happened to one node run. */
export const stepEventsQuery = (runId: string, number: number, state: string | undefined) =>
  queryOptions({
    queryKey: ["runs", "step-events", runId, number, state],
    queryFn: () =>
      api("GET /api/v1/runs/{run_id}/events", {
        path: { run_id: runId },
        query: { node_run: number, limit: 200 },
      }),
    gcTime: FORGOTTEN_MS,
  });

/** What came of one node run, as far as it has come. */
export const stepQuery = (runId: string, number: number, state: string | undefined) =>
  queryOptions({
    queryKey: ["runs", "step", runId, number, state],
    queryFn: async () => {
      const page = await api("GET /api/v1/runs/{run_id}/node-runs", {
        path: { run_id: runId },
        query: { after: number - 1, limit: 1 },
      });
      return page.node_runs[0] ?? null;
    },
    gcTime: FORGOTTEN_MS,
  });

const RESULTS_AT_ONCE = 500;

/** What came of a run's steps, page by page. */
export const resultsQuery = (runId: string, status: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["runs", "results", runId, status],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/runs/{run_id}/node-runs", {
        path: { run_id: runId },
        query: { after: pageParam, limit: RESULTS_AT_ONCE },
      }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_after,
    gcTime: FORGOTTEN_MS,
  });

export const shareQuery = (graphId: string, runId: string) =>
  queryOptions({
    queryKey: ["shares", runId],
    queryFn: () =>
      api("GET /api/graphs/{graph_id}/executions/{run_id}/share", {
        path: { graph_id: graphId, run_id: runId },
      }),
  });

export const feedbackQuery = (runId: string) =>
  queryOptions({
    queryKey: ["feedback", runId],
    queryFn: () => api("GET /api/v1/runs/{run_id}/feedback", { path: { run_id: runId } }),
  });
