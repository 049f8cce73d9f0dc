// What the server knows, as far as this page has asked; nothing of it is kept twice.

import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/shared/api/client";

const STALE_MS = 15_000;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      retry: (count, error) =>
        count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
