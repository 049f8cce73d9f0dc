// Who is here.

import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import type { AccountAnswer } from "@/shared/api/schema";
import { keep, kept } from "@/shared/settings";

export const authQuery = queryOptions({ queryKey: ["auth"], queryFn: () => api("GET /api/v1/auth") });
export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: () => api("GET /api/v1/account"),
  staleTime: 60_000,
});

const WELCOMED = "autograph.welcomed";

/** Whether somebody has seen the first page of this installation in this browser. */
export function isWelcomed(): boolean {
  return kept(WELCOMED) === "yes";
}

export function setWelcomed(): void {
  keep(WELCOMED, "yes");
}

/** Whether somebody looks after this installation. */
export function isAdmin(account: AccountAnswer): boolean {
  return account.roles.some((role) => role === "admin");
}
