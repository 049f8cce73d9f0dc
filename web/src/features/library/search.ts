// What the addresses of the library say: what is looked for, and what is shown of an agent.

import type { LibrarySearch } from "@/features/library/queries";
import type { AgentSort, AgentStatus, RunStatus } from "@/shared/api/schema";
import { oneOf } from "@/shared/search";

export const STATUSES: readonly AgentStatus[] = ["attention", "running", "listening", "idle"];
export const SORTS: readonly AgentSort[] = ["updated", "last_run", "created", "name"];
export const SHELVES = ["archived", "deleted"] as const;
export const AGENT_TABS = ["presets", "triggers", "versions", "settings"] as const;
export type AgentTab = (typeof AGENT_TABS)[number];
export const RUN_STATUSES: readonly RunStatus[] = [
  "running",
  "waiting",
  "queued",
  "failed",
  "completed",
  "cancelled",
];

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value ? value : typeof value === "number" ? String(value) : undefined;

export function librarySearch(search: Record<string, unknown>): LibrarySearch {
  return {
    search: text(search.search),
    favorites: search.favorites === true ? true : undefined,
    status: oneOf(STATUSES, search.status),
    shelf: oneOf(SHELVES, search.shelf),
    folder: text(search.folder),
    sort: oneOf(SORTS, search.sort),
  };
}
