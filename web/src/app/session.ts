// Who is here, in every tab of this browser.

import { type QueryClient, queryOptions } from "@tanstack/react-query";
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

type News = "in" | "out";
const tabs = new BroadcastChannel("autograph-session");

/** Tell the other tabs that somebody has logged in. */
export function tellLoggedIn(): void {
  tabs.postMessage("in" satisfies News);
}

/** End the session, here and in every other tab. */
export async function logOut(client: QueryClient): Promise<void> {
  await api("POST /api/v1/auth/logout");
  tabs.postMessage("out" satisfies News);
  client.clear();
}

/** Hear when somebody logs in or out in another tab. */
export function whenElsewhere(act: (news: News) => void): void {
  tabs.onmessage = (event: MessageEvent<News>) => act(event.data);
}
