// The other three faces of a screen: loading, empty, error; and how a run's state looks everywhere.

import { AlertTriangle, Ban, CheckCircle2, CircleDashed, Clock, LoaderCircle, XCircle } from "lucide-react";
import { type ReactNode, useDeferredValue, useEffect, useState } from "react";
import { ApiError } from "@/shared/api/client";
import { ago, dateTime } from "@/shared/format";
import { useSettings, useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { messageOf } from "@/shared/ui/toast";

export function Page({
  title,
  aside,
  children,
  isNarrow = false,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  isNarrow?: boolean;
}) {
  return (
    <div className={`mx-auto w-full px-4 py-6 md:px-8 md:py-8 ${isNarrow ? "max-w-3xl" : "max-w-6xl"}`}>
      <header className="mb-6 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-28">{title}</h1>
        <div className="row flex-wrap">{aside}</div>
      </header>
      {children}
    </div>
  );
}

export function Empty({
  icon,
  title,
  text,
  children,
}: {
  icon?: ReactNode;
  title: string;
  text: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="card stack items-center px-6 py-12 text-center">
      {icon ? (
        <div className="mb-4 grid size-12 place-items-center rounded-full bg-wash text-accent [&_svg]:size-6">
          {icon}
        </div>
      ) : null}
      <h2 className="text-16">{title}</h2>
      <div className="mt-1 max-w-md text-balance text-dim">{text}</div>
      {children ? <div className="mt-5 flex flex-wrap justify-center gap-2">{children}</div> : null}
    </div>
  );
}

/** What went wrong, and another try. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = useWords();
  return (
    <div role="alert" className="card stack items-start gap-3 border-bad/40 p-5">
      <div className="flex gap-3">
        <AlertTriangle className="mt-0.5 size-4 shrink-0 text-bad" />
        <div>
          <p className="font-medium">{messageOf(error)}</p>
          {error instanceof ApiError && error.requestId ? (
            <p className="mt-1 font-mono text-12 text-dim">{error.requestId}</p>
          ) : null}
        </div>
      </div>
      {onRetry ? (
        <Button small onClick={onRetry}>
          {words.tryAgain}
        </Button>
      ) : null}
    </div>
  );
}

/** A message above a form, from the API as it is. */
export function FormProblem({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-13 text-bad">
      {messageOf(error)}
    </p>
  );
}

export function Skeletons({ count = 3, className = "h-20" }: { count?: number; className?: string }) {
  const words = useWords();
  return (
    <div role="status" aria-label={words.loading} className="stack gap-3">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <div key={index} className={`skeleton animate-breathe ${className}`} />
      ))}
    </div>
  );
}

export type RunState =
  | "queued"
  | "running"
  | "waiting"
  | "completed"
  | "failed"
  | "cancelled"
  | "retrying"
  | "reused"
  | "skipped";
const STATES: Record<RunState, { icon: typeof Clock; look: string; wash: string }> = {
  queued: { icon: CircleDashed, look: "text-dim", wash: "bg-sunken" },
  running: { icon: LoaderCircle, look: "text-live", wash: "bg-live-wash" },
  retrying: { icon: LoaderCircle, look: "text-wait", wash: "bg-wait-wash" },
  waiting: { icon: Clock, look: "text-wait", wash: "bg-wait-wash" },
  completed: { icon: CheckCircle2, look: "text-good", wash: "bg-good-wash" },
  reused: { icon: CheckCircle2, look: "text-dim", wash: "bg-sunken" },
  failed: { icon: XCircle, look: "text-bad", wash: "bg-bad-wash" },
  cancelled: { icon: Ban, look: "text-dim", wash: "bg-sunken" },
  skipped: { icon: Ban, look: "text-dim", wash: "bg-sunken" },
};

export function StateIcon({ state, className = "" }: { state: RunState; className?: string }) {
  const { icon: Icon, look } = STATES[state];
  const spins = state === "running" || state === "retrying" ? "animate-spin [animation-duration:1.6s]" : "";
  return <Icon aria-hidden="true" className={`size-4 shrink-0 ${look} ${spins} ${className}`} />;
}

export function StateBadge({ state }: { state: RunState }) {
  const words = useWords();
  const { look, wash } = STATES[state];
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full py-0.5 pr-2.5 pl-1.5 font-medium text-12 ${look} ${wash}`}
    >
      <StateIcon state={state} className="size-3.5" />
      {words.states[state]}
    </span>
  );
}

interface Pages {
  data: { pages: readonly unknown[] } | undefined;
  hasNextPage: boolean;
}

interface Paged extends Pages {
  isFetchingNextPage: boolean;
  fetchNextPage: (options: { cancelRefetch: boolean }) => Promise<Pages & { isError: boolean }>;
}

const MOST_TRIES = 5;

/** Get the next page of a list. One that is refreshed meanwhile drops what was on its way, so it is asked again. */
async function getMore(list: Paged): Promise<void> {
  const before = list.data?.pages.length ?? 0;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const now = await list.fetchNextPage({ cancelRefetch: false });
    if (now.isError || !now.hasNextPage || (now.data?.pages.length ?? 0) > before) return;
  }
}

/** More of a list that comes in pages, where there is more. */
export function ShowMore({ of: list, small = false }: { of: Paged; small?: boolean }) {
  const words = useWords();
  if (!list.hasNextPage) return null;
  return (
    <Button
      small={small}
      className={small ? "mt-2" : "mx-auto mt-6 flex"}
      onClick={() => getMore(list)}
      isBusy={list.isFetchingNextPage}
    >
      {words.showMore}
    </Button>
  );
}

/** What takes long to draw: drawn in pieces of a few milliseconds, so that a slow phone answers touches meanwhile. */
export function Sliced({ children, fallback = null }: { children: ReactNode; fallback?: ReactNode }) {
  const isDue = useDeferredValue(true, false);
  return isDue ? children : fallback;
}

/** "3 minutes ago", kept true while it is looked at. */
export function Ago({ at }: { at: string }) {
  useSettings((settings) => settings.language);
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time
      dateTime={at}
      onPointerEnter={({ currentTarget: shown }) => {
        shown.title = dateTime(at);
      }}
    >
      {ago(at)}
    </time>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-grid h-5 min-w-5 place-items-center rounded-sm border bg-sunken px-1 font-mono text-12 text-dim">
      {children}
    </kbd>
  );
}
