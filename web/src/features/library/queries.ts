import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import type { AgentSort, AgentStatus } from "@/shared/api/schema";

const PAGE = 48;
const MOST_PRESETS = 200;
const LOOK_AGAIN_MS = 1_000;
const SUGGESTED = 6;

/** What is looked for in the library, as its address says it. */
export interface LibrarySearch {
  search?: string | undefined;
  favorites?: true | undefined;
  status?: AgentStatus | undefined;
  shelf?: "archived" | "deleted" | undefined;
  folder?: string | undefined;
  sort?: AgentSort | undefined;
}

/** Whether folders are walked through; searches and filters go through all of them. */
export function isBrowsing({ search, favorites, status, shelf }: LibrarySearch): boolean {
  return !search && !favorites && !status && !shelf;
}

/** A person's agents with how each of them is, page by page; the first one counts what each filter would show. */
export const libraryQuery = (wanted: LibrarySearch) =>
  infiniteQueryOptions({
    queryKey: ["agents", "library", "list", wanted],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/library/agents", {
        query: {
          limit: PAGE,
          ...(wanted.search ? { search: wanted.search } : {}),
          ...(wanted.favorites ? { is_favorite: true } : {}),
          ...(wanted.status ? { status: wanted.status } : {}),
          ...(wanted.shelf ? { shelf: wanted.shelf } : {}),
          ...(wanted.sort ? { sort: wanted.sort } : {}),
          ...(!isBrowsing(wanted) ? {} : wanted.folder ? { folder_id: wanted.folder } : { root_only: true }),
          cursor: pageParam,
        },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    // Soon old: to come back to the library is to see how its agents are now.
    staleTime: 2_000,
  });

export const libraryAgentQuery = (id: string) =>
  queryOptions({
    queryKey: ["agents", "library", "one", id],
    queryFn: () => api("GET /api/v1/library/agents/{graph_id}", { path: { graph_id: id } }),
  });

export const foldersQuery = queryOptions({
  queryKey: ["agents", "library", "folders"],
  queryFn: () => api("GET /api/v1/library/folders"),
});

/** What can start an agent besides its person. */
export const triggersQuery = (id: string) =>
  queryOptions({
    queryKey: ["agents", "triggers", id],
    queryFn: () => api("GET /api/v1/library/agents/{graph_id}/triggers", { path: { graph_id: id } }),
  });

/** An agent's presets, those with triggers among them, newest first. */
export const presetsQuery = (id: string) =>
  queryOptions({
    queryKey: ["presets", id],
    queryFn: async () =>
      (await api("GET /api/v1/presets", { query: { graph_id: id, limit: MOST_PRESETS } })).presets,
  });

/** What came to a trigger, newest first. */
export const deliveriesQuery = (presetId: string) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", presetId],
    queryFn: ({ pageParam }) =>
      api("GET /api/v1/deliveries", { query: { preset_id: presetId, limit: 10, before: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    staleTime: 0,
    // What has come is looked after until its run has started.
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) =>
        page.deliveries.some((one) => one.starts.some(({ status }) => status === "stored")),
      )
        ? LOOK_AGAIN_MS
        : false,
  });

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: () => api("GET /api/v1/storage"),
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
