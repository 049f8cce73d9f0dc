import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { listed } from "@/shared/format";

export const credentialsQuery = queryOptions({
  queryKey: ["credentials"],
  queryFn: () => api("GET /api/v1/credentials"),
});

export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: () => api("GET /api/v1/providers"),
  staleTime: Number.POSITIVE_INFINITY,
});

const NAMED = 3;

/** Names of providers, "Anthropic, OpenAI, 12 more", as far as they are known by now. */
export function useProviderNames(ids: readonly string[], more: (count: number) => string): string {
  const { data } = useQuery({ ...providersQuery, enabled: ids.length > 0 });
  const names = ids.map((id) => data?.find((one) => one.id === id)?.name ?? id);
  return listed(names.length > NAMED + 1 ? [...names.slice(0, NAMED), more(names.length - NAMED)] : names);
}
