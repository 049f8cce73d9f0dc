// What was edited and not saved stays in this browser, with the way to it: a reload loses neither.

import { type Draft, draftOf, type History, historyOf, replayed } from "@/graph-core/edit";
import type { Graph } from "@/graph-core/model";
import { keep, kept } from "@/shared/settings";

const DRAFTS = "autograph.draft.";
const STEPS = 100;
/** Characters: what a browser keeps for a site is about five million, for all of its drafts. */
const MAX_TEXT = 1_500_000;
const PAUSE_MS = 400;

interface Kept {
  history: History;
  /** The version that the draft began with; 0 for none. */
  version: number;
  /** Whether the server had all of it: only its way back is of use then. */
  isSaved: boolean;
  at: string;
}

/** A draft that was left in this browser. */
export interface LeftDraft {
  draft: Draft;
  version: number;
  isSaved: boolean;
  at: string;
}

/** The draft that was left of an agent, or of a new one; null where there is none, or none that can be read. */
export function leftDraft(agentId: string | null): LeftDraft | null {
  try {
    const found = JSON.parse(kept(DRAFTS + (agentId ?? "new")) ?? "null") as Kept | null;
    return found && { ...found, draft: replayed(found.history) };
  } catch {
    return null;
  }
}

let waiting: { key: string; timer: ReturnType<typeof setTimeout>; write: () => void } | null = null;

function flush(): void {
  if (!waiting) return;
  clearTimeout(waiting.timer);
  waiting.write();
  waiting = null;
}
addEventListener("pagehide", flush);

/** Keep a draft, once its person pauses. */
export function keepDraft(agentId: string | null, draft: Draft, version: number, isSaved: boolean): void {
  const key = DRAFTS + (agentId ?? "new");
  if (waiting?.key !== key) flush();
  else clearTimeout(waiting.timer);
  const write = () => {
    if (draft.graph.nodes.length === 0 && draft.past.length === 0) return keep(key, null);
    const text = (of: Draft) =>
      JSON.stringify({
        history: historyOf(of, STEPS),
        version,
        isSaved,
        at: new Date().toISOString(),
      } satisfies Kept);
    const whole = text(draft);
    keep(key, whole.length <= MAX_TEXT ? whole : text(draftOf(draft.graph)));
  };
  waiting = { key, timer: setTimeout(flush, PAUSE_MS), write };
}

export function forgetDraft(agentId: string | null): void {
  const key = DRAFTS + (agentId ?? "new");
  if (waiting?.key === key) {
    clearTimeout(waiting.timer);
    waiting = null;
  }
  keep(key, null);
}

/** A draft under the id and version of a graph that the server has. */
export function under(draft: Draft, { id, version }: Graph): Draft {
  return { ...draft, graph: { ...draft.graph, id, version } };
}
