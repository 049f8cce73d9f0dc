// The values of the run that the canvas shows, by pin: each pin and link listens to its own alone.

import { create } from "zustand";
import type { Graph, Json } from "@/graph-core/model";
import { NOTHING_YET, type Overlay, type Passed, passedOf } from "@/graph-core/overlay";

interface Watching {
  runId: string | null;
  overlay: Overlay;
  /** Texts in the making, by `node run/pin`. */
  texts: Readonly<Record<string, string>>;
  /** Something may still happen to it. */
  isLive: boolean;
  /** What each output pin gave out, by `pinKey`. */
  passed: ReadonlyMap<string, Passed>;
  /** The output that each linked input takes, by `pinKey`. */
  sources: ReadonlyMap<string, string>;
}

export const useWatching = create<Watching>(() => ({
  runId: null,
  overlay: NOTHING_YET,
  texts: {},
  isLive: false,
  passed: new Map(),
  sources: new Map(),
}));

export function pinKey(node: string, pin: string): string {
  return `${node}\n${pin}`;
}

/** Take in how far a run has come. */
export function watch(
  runId: string | null,
  overlay: Overlay,
  texts: Readonly<Record<string, string>>,
  isOver: boolean,
): void {
  const isLive = runId !== null && !isOver;
  useWatching.setState((before) => ({
    runId,
    overlay,
    texts,
    isLive,
    passed: before.overlay === overlay ? before.passed : passedOf(overlay),
  }));
}

export function watchGraph(graph: Graph): void {
  const sources = new Map<string, string>();
  for (const link of graph.links) sources.set(pinKey(link.to, link.input), pinKey(link.from, link.output));
  useWatching.setState({ sources });
}

/** The last value at a pin; undefined while there is none. Values over links that select a part are not at it. */
export function useLastAt(node: string, pin: string, side: "input" | "output"): Json | undefined {
  return useWatching(({ passed, sources }) => {
    if (passed.size === 0) return undefined;
    const key = pinKey(node, pin);
    return passed.get(side === "output" ? key : (sources.get(key) ?? ""))?.last;
  });
}
