// How an agent is debugged from this browser: values that stand for its nodes, nodes that its runs wait at. Kept here,
// for each agent, and not in the graph: that is what runs for everybody who has it (decision 0045).

import { create } from "zustand";
import { type Graph, isList, isObject, type Json } from "@/graph-core/model";
import { keep, kept } from "@/shared/settings";

/** What a pinned node gives out: every value, in order, by output pin. */
export type Pins = Readonly<Record<string, Json[]>>;

export interface Marks {
  agentId: string | null;
  pinned: Readonly<Record<string, Pins>>;
  breakpoints: ReadonlyArray<string>;
  /** The inputs of the last run from here: the next one starts with them. */
  given: Readonly<Record<string, Json>>;
}

/** What a run is told, as the API takes it. */
export interface Told {
  until?: string[];
  pinned?: Record<string, Record<string, Json[]>>;
  breakpoints?: string[];
}

const KEY = "autograph.debug.";
const NONE = { pinned: {}, breakpoints: [] };

export const useMarks = create<Marks>(() => ({ agentId: null, ...NONE, given: {} }));

function read(agentId: string | null): Pick<Marks, "pinned" | "breakpoints"> {
  try {
    const found = JSON.parse(kept(KEY + (agentId ?? "new")) ?? "null");
    if (!isObject(found) || !isObject(found.pinned) || !isList(found.breakpoints)) return NONE;
    return { pinned: found.pinned, breakpoints: found.breakpoints.filter((id) => typeof id === "string") };
  } catch {
    return NONE;
  }
}

function put(marks: Pick<Marks, "pinned" | "breakpoints">): void {
  const { agentId } = useMarks.getState();
  const isEmpty = Object.keys(marks.pinned).length === 0 && marks.breakpoints.length === 0;
  useMarks.setState(marks);
  keep(KEY + (agentId ?? "new"), isEmpty ? null : JSON.stringify(marks));
}

/** Take up what was kept for an agent; one that was just saved for the first time goes on with what it has. */
export function openMarks(agentId: string | null, graph: Graph): void {
  const before = useMarks.getState();
  if (before.agentId === agentId && agentId !== null) return;
  const ids = new Set(graph.nodes.map((node) => node.id));
  const isFirstSave = before.agentId === null && agentId !== null;
  const moved = [...before.breakpoints, ...Object.keys(before.pinned)].some((id) => ids.has(id));
  useMarks.setState({ agentId, ...read(agentId), given: isFirstSave ? before.given : {} });
  if (isFirstSave && moved) {
    put({ pinned: before.pinned, breakpoints: before.breakpoints });
    keep(`${KEY}new`, null);
  }
}

export function toggleBreakpoint(node: string): void {
  const { pinned, breakpoints } = useMarks.getState();
  const without = breakpoints.filter((one) => one !== node);
  put({ pinned, breakpoints: without.length < breakpoints.length ? without : [...breakpoints, node] });
}

export function pin(node: string, pins: Pins): void {
  const { pinned, breakpoints } = useMarks.getState();
  put({ pinned: { ...pinned, [node]: pins }, breakpoints });
}

export function unpin(node: string): void {
  const { pinned, breakpoints } = useMarks.getState();
  const { [node]: _, ...rest } = pinned;
  put({ pinned: rest, breakpoints });
}

/** What a run of a graph is told: the marks of nodes that are there. */
export function toldOf(marks: Pick<Marks, "pinned" | "breakpoints">, graph: Graph, until?: string): Told {
  const ids = new Set(
    [graph, ...(graph.sub_graphs ?? [])].flatMap((one) => one.nodes.map((node) => node.id)),
  );
  const pinned = Object.fromEntries(
    Object.entries(marks.pinned)
      .filter(([node]) => ids.has(node))
      .map(([node, pins]) => [node, { ...pins }]),
  );
  const breakpoints = marks.breakpoints.filter((node) => ids.has(node));
  return {
    ...(until === undefined ? {} : { until: [until] }),
    ...(Object.keys(pinned).length > 0 ? { pinned } : {}),
    ...(breakpoints.length > 0 ? { breakpoints } : {}),
  };
}
