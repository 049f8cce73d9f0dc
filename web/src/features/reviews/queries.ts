import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";

/** What waits for a person, newest first. */
export const openReviewsQuery = queryOptions({
  queryKey: ["reviews", "open"],
  queryFn: () => api("GET /api/v1/reviews", { query: { limit: 50 } }),
});

export const runReviewsQuery = (runId: string) =>
  queryOptions({
    queryKey: ["reviews", "run", runId],
    queryFn: () => api("GET /api/v1/reviews", { query: { limit: 50, run_id: runId } }),
  });
