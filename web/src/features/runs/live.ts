// A run as it happens: its journal, folded, and the texts that are being made.

import { useEffect, useState } from "react";
import { fold, type JournalEvent, NOTHING_YET, type Overlay } from "@/graph-core/overlay";
import { watchRun } from "@/shared/api/socket";

export interface LiveRun {
  overlay: Overlay;
  events: JournalEvent[];
  /** Texts in the making, by `node run/pin`. */
  texts: Readonly<Record<string, string>>;
  /** Whether everything there is was read. */
  isOver: boolean;
}

const KEPT_EVENTS = 2_000;
const EMPTY: LiveRun = { overlay: NOTHING_YET, events: [], texts: {}, isOver: false };

/** Follow a run from its first event; null follows nothing. */
export function useLiveRun(runId: string | null): LiveRun {
  const [live, setLive] = useState<LiveRun>(EMPTY);
  useEffect(() => {
    setLive(EMPTY);
    if (runId === null) return;
    return watchRun(runId, 0, {
      events: (events) =>
        setLive((before) => ({
          ...before,
          overlay: fold(before.overlay, events),
          events: [...before.events, ...events].slice(-KEPT_EVENTS),
        })),
      partial: ({ node_run, pin, offset, text }) =>
        setLive((before) => {
          const key = `${node_run}/${pin}`;
          return {
            ...before,
            texts: { ...before.texts, [key]: (before.texts[key] ?? "").slice(0, offset) + text },
          };
        }),
      end: () => setLive((before) => ({ ...before, isOver: true, texts: {} })),
    });
  }, [runId]);
  return live;
}

/** The clock, four times a second while something runs: bars grow with it. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
