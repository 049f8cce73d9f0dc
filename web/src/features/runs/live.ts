// A run as it happens: its journal, folded, and the texts that are being made.

import { useEffect, useState } from "react";
import { type Given, gather, NOTHING_GIVEN } from "@/features/runs/given";
import { fold, type JournalEvent, NOTHING_YET, type Overlay } from "@/graph-core/overlay";
import { watchRun } from "@/shared/api/socket";

export interface LiveRun {
  overlay: Overlay;
  /** Texts in the making, by `node run/pin`. */
  texts: Readonly<Record<string, string>>;
  /** Whether everything there is was read. */
  isOver: boolean;
}

/** A run for a page that keeps no more of it than it shows. */
export interface WatchedRun extends LiveRun {
  /** The last events; those before them are asked for when they are looked at. */
  tail: readonly JournalEvent[];
  given: Given;
}

const TAIL = 200;
const EMPTY: WatchedRun = {
  overlay: NOTHING_YET,
  texts: {},
  isOver: false,
  tail: [],
  given: NOTHING_GIVEN,
};

/** Follow a run from its first event, with every value that went over its links; null follows nothing. */
export function useLiveRun(runId: string | null): LiveRun {
  return useFollowed(runId, true);
}

/** Follow a run, keeping its steps without what they gave out, its last events, and first values of its outputs. */
export function useWatchedRun(runId: string | null): WatchedRun {
  return useFollowed(runId, false);
}

function useFollowed(runId: string | null, keepsValues: boolean): WatchedRun {
  const [live, setLive] = useState(EMPTY);
  useEffect(() => {
    setLive(EMPTY);
    if (runId === null) return;
    return watchRun(runId, 0, {
      events: (events) =>
        setLive((before) => ({
          ...before,
          overlay: fold(before.overlay, events, keepsValues),
          ...(keepsValues
            ? {}
            : { tail: [...before.tail, ...events].slice(-TAIL), given: gather(before.given, events) }),
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
  }, [runId, keepsValues]);
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
