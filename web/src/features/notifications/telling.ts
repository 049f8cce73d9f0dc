// What a notification says, and where it leads.

import type { LinkProps } from "@tanstack/react-router";
import type { NotificationAnswer } from "@/shared/api/schema";
import type { Messages, Told } from "@/shared/i18n/en";

export function sentence(one: NotificationAnswer, words: Messages): string {
  const what = words.notifications.what as Record<string, (told: Told) => string>;
  const say = what[String(one.body.what)];
  const named = (name: keyof Told) => String(one.body[name] ?? "…");
  const told = { agent: named("agent"), title: named("title"), provider: named("provider"), ip: named("ip") };
  // What a newer server tells and these pages have no words for, it says itself.
  return say ? say(told) : one.title;
}

type Place = Pick<LinkProps, "to" | "params" | "search">;

export function placeOf(one: NotificationAnswer): Place {
  const what = String(one.body.what);
  if (what === "run.set_aside") return { to: "/admin", search: { tab: "dead-letters" } };
  if (what === "run.failed" && one.times > 1)
    return { to: "/runs", search: { agent: String(one.body.graph_id), status: "failed" } };
  if (what.startsWith("run.")) return { to: "/runs/$runId", params: { runId: String(one.body.run_id) } };
  if (what === "review.asked") return { to: "/reviews" };
  if (what === "webhook.unhealthy") return { to: "/connections" };
  return { to: "/account" };
}
