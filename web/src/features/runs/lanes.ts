// The rows of a timeline: steps, and under an opened one the steps of the run inside it.

import type { Overlay, Step } from "@/graph-core/overlay";

export interface Lane {
  key: string;
  runId: string;
  step: Step;
  depth: number;
  isOpen: boolean;
  /** The run inside is asked for. */
  isLoading: boolean;
}

/** Rows in their order. `open` holds the runs inside that are unfolded, `inside` what is known of them. */
export function lanesOf(
  runId: string,
  overlay: Overlay,
  open: ReadonlySet<string>,
  inside: ReadonlyMap<string, Overlay>,
  depth = 0,
): Lane[] {
  const lanes: Lane[] = [];
  for (const step of inOrder(overlay)) {
    const isOpen = step.child !== null && open.has(step.child);
    const below = isOpen && step.child ? inside.get(step.child) : undefined;
    lanes.push({ key: `${runId}/${step.number}`, runId, step, depth, isOpen, isLoading: isOpen && !below });
    if (below && step.child) lanes.push(...lanesOf(step.child, below, open, inside, depth + 1));
  }
  return lanes;
}

function inOrder(overlay: Overlay): Step[] {
  return [...overlay.steps.values()].sort((a, b) => a.number - b.number);
}

/** A moment of the clock on a line from `from` to `to`, in per cent. */
export function placeOn(from: number, to: number, moment: number): number {
  return Math.min(100, Math.max(0, ((moment - from) / Math.max(1, to - from)) * 100));
}
