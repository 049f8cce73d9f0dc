import { infiniteQueryOptions, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";

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
const namesQuery = queryOptions({
  queryKey: ["agents", "names"],
  queryFn: () => api("GET /api/v1/graphs", { query: { limit: MOST_NAMES } }),
});

/** Returns what names the agents of a list; those that were made elsewhere meanwhile are asked for, once. */
export function useAgentNames(ids: readonly string[]): (id: string) => string {
  const words = useWords();
  const { data, refetch } = useQuery(namesQuery);
  const names = useMemo(() => data && new Map(data.graphs.map((one) => [one.id, one.name])), [data]);
  const unknown = names ? ids.filter((id) => !names.has(id)).join() : "";
  useEffect(() => {
    if (unknown) refetch();
  }, [unknown, refetch]);
  return (id) => {
    const name = names?.get(id);
    if (name === undefined) return names ? words.library.deletedAgent : "…";
    return name || words.library.unnamed;
  };
}
