// Two runs beside each other, value by value and node by node.

import type { Json } from "@/graph-core/model";
import type { Overlay, StepState } from "@/graph-core/overlay";

export interface Pair<T> {
  a: T;
  b: T;
  isSame: boolean;
}

/** What came of one node in one run: all its steps together. */
export interface NodeSide {
  state: StepState;
  steps: number;
  durationMs: number;
  credits: number;
  /** By pin, every value in order; of the steps that were asked for. */
  outputs: Record<string, Json[]>;
}

export interface NodePair {
  node: string;
  a: NodeSide | null;
  b: NodeSide | null;
  /** Whether it did the same: not how long it took. */
  isSame: boolean;
}

/** Whether two values are the same, whatever the order of their keys. */
export function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [Object.keys(a), Object.keys(b)];
  return x.length === y.length && x.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** Values by name of two runs; undefined where one of them has none. */
export function pairs(
  a: Record<string, Json>,
  b: Record<string, Json>,
): Array<Pair<Json | undefined> & { name: string }> {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => ({
    name,
    a: a[name],
    b: b[name],
    isSame: same(a[name], b[name]),
  }));
}

export interface StepOutputs {
  node: string;
  outputs: Record<string, Json[]>;
}

/** What came of each node of a run. */
export function sidesOf(overlay: Overlay, results: readonly StepOutputs[]): Map<string, NodeSide> {
  const sides = new Map<string, NodeSide>();
  for (const step of [...overlay.steps.values()].sort((one, other) => one.number - other.number)) {
    const before = sides.get(step.node);
    sides.set(step.node, {
      state: before?.state === "failed" ? "failed" : step.state,
      steps: (before?.steps ?? 0) + 1,
      durationMs: (before?.durationMs ?? 0) + step.durationMs,
      credits: (before?.credits ?? 0) + step.credits,
      outputs: before?.outputs ?? {},
    });
  }
  for (const { node, outputs } of results) {
    const side = sides.get(node);
    if (side) for (const [pin, values] of Object.entries(outputs)) (side.outputs[pin] ??= []).push(...values);
  }
  return sides;
}

/** Nodes of two runs, matched by their ids, in the order of the first run and then of the second. */
export function nodePairs(a: ReadonlyMap<string, NodeSide>, b: ReadonlyMap<string, NodeSide>): NodePair[] {
  return [...new Set([...a.keys(), ...b.keys()])].map((node) => {
    const [x, y] = [a.get(node) ?? null, b.get(node) ?? null];
    return {
      node,
      a: x,
      b: y,
      isSame:
        x !== null &&
        y !== null &&
        stood(x) === stood(y) &&
        x.steps === y.steps &&
        same(x.outputs, y.outputs),
    };
  });
}

/** A step that was kept from another run has done what it did there. */
function stood(side: NodeSide): StepState {
  return side.state === "reused" ? "completed" : side.state;
}
