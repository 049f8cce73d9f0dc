import { queryOptions } from "@tanstack/react-query";
import type { BlockSpec } from "@/graph-core/model";
import { api } from "@/shared/api/client";

/** Every block of this installation; they change when it is restarted. */
export const blocksQuery = queryOptions({
  queryKey: ["blocks"],
  queryFn: async () => (await api("GET /api/v1/blocks")) as BlockSpec[],
  staleTime: Number.POSITIVE_INFINITY,
});
