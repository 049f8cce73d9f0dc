import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { inboxQuery, useAgentNames } from "@/features/notifications/queries";
import { NotificationRows, useMark } from "@/features/notifications/rows";
import { recentRunsQuery } from "@/features/runs/queries";
import type { RunItem } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Ago, Problem, Skeletons, StateBadge } from "@/shared/ui/state";

const SHOWN = 4;
const LATELY_MS = 72 * 3_600_000;

/** What runs, what ran lately, and what one is to know. */
export function BellPanel({ className, onClose }: { className: string; onClose: () => void }) {
  const words = useWords();
  const panel = useRef<HTMLDivElement>(null);
  const inbox = useQuery(inboxQuery);
  const { data: runs } = useQuery(recentRunsQuery);
  const { all: marking } = useMark();
  useEffect(() => panel.current?.focus(), []);

  const isGoing = (run: RunItem) => ["queued", "running", "waiting"].includes(run.status);
  const going = (runs?.runs ?? []).filter(isGoing).slice(0, SHOWN);
  const lately = (runs?.runs ?? [])
    .filter((run) => !isGoing(run) && Date.now() - Date.parse(run.queued_at) < LATELY_MS)
    .slice(0, SHOWN);
  const newest = inbox.data?.notifications[0];
  return (
    <div
      ref={panel}
      role="dialog"
      aria-label={words.nav.notifications}
      tabIndex={-1}
      className={`z-40 stack animate-rise overflow-hidden rounded-lg border bg-paper text-ink shadow-float outline-none ${className}`}
    >
      <header className="row justify-between border-b py-2 pr-2 pl-4">
        <h2 className="text-14">{words.nav.notifications}</h2>
        {newest && inbox.data && inbox.data.unread > 0 ? (
          <Button small look="quiet" isBusy={marking.isPending} onClick={() => marking.mutate(newest.id)}>
            {words.notifications.allRead}
          </Button>
        ) : null}
      </header>
      <div className="min-h-0 grow overflow-y-auto">
        <Runs title={words.notifications.now} runs={going} onClose={onClose} />
        <section aria-label={words.notifications.inbox}>
          {inbox.isPending ? (
            <div className="p-4">
              <Skeletons count={2} className="h-10" />
            </div>
          ) : inbox.isError ? (
            <div className="p-4">
              <Problem error={inbox.error} onRetry={() => inbox.refetch()} />
            </div>
          ) : inbox.data.notifications.length === 0 ? (
            <p className="px-4 py-5 text-dim">{words.notifications.noneText}</p>
          ) : (
            <NotificationRows notifications={inbox.data.notifications} onOpen={onClose} />
          )}
        </section>
        <Runs title={words.notifications.lately} runs={lately} onClose={onClose} />
      </div>
      <footer className="border-t p-2">
        <Link to="/notifications" onClick={onClose} className={`${buttonClass("quiet", true)} w-full`}>
          {words.notifications.seeAll}
        </Link>
      </footer>
    </div>
  );
}

function Runs({ title, runs, onClose }: { title: string; runs: RunItem[]; onClose: () => void }) {
  const nameOf = useAgentNames(runs.map((run) => run.graph_id));
  if (runs.length === 0) return null;
  return (
    <section aria-label={title} className="border-b last:border-b-0">
      <h3 className="px-4 pt-3 pb-1 text-12 text-dim">{title}</h3>
      <ul className="pb-2">
        {runs.map((run) => (
          <li key={run.id} className="tap row relative px-4 py-1.5 hover:bg-sunken/60">
            <Link
              to="/runs/$runId"
              params={{ runId: run.id }}
              onClick={onClose}
              className="min-w-0 grow truncate after:absolute after:inset-0"
            >
              {nameOf(run.graph_id)}
            </Link>
            <span className="shrink-0 text-12 text-dim">
              <Ago at={run.ended_at ?? run.queued_at} />
            </span>
            <StateBadge state={run.status} />
          </li>
        ))}
      </ul>
    </section>
  );
}
