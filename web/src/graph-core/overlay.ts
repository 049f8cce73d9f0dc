// What has happened to a run, folded from the events of its journal: the same for the run page and the canvas.

import type { Json } from "@/graph-core/model";

export interface JournalEvent {
  seq: number;
  kind: string;
  body: Record<string, unknown>;
  at: string;
}

export type StepState =
  | "queued"
  | "running"
  | "retrying"
  | "waiting"
  | "completed"
  | "failed"
  | "cancelled"
  | "reused"
  | "skipped";

/** A part of a step's time, in milliseconds of the clock. */
export interface Span {
  /** `attempt` is work that came to nothing: another attempt follows it. */
  kind: "work" | "attempt" | "wait" | "pause";
  from: number;
  to: number | null;
}

/** One run of one node. */
export interface Step {
  number: number;
  node: string;
  state: StepState;
  attempt: number;
  spans: Span[];
  /** When it came into which state, by numbers of events. */
  marks: ReadonlyArray<readonly [seq: number, state: StepState]>;
  outputs: ReadonlyArray<readonly [string, Json]>;
  error: { code: string; message: string } | null;
  durationMs: number;
  credits: number;
  child: string | null;
  wait: string | null;
  waitId: string | null;
  dueAt: string | null;
}

export type RunPhase = "queued" | "running" | "completed" | "failed" | "cancelled";

/** A run, as far as its journal was read. */
export interface Overlay {
  seq: number;
  phase: RunPhase;
  startedAt: number | null;
  endedAt: number | null;
  error: { code: string; message: string } | null;
  steps: ReadonlyMap<number, Step>;
  /** The last step of each node. */
  byNode: ReadonlyMap<string, Step>;
  credits: number;
}

export const NOTHING_YET: Overlay = {
  seq: 0,
  phase: "queued",
  startedAt: null,
  endedAt: null,
  error: null,
  steps: new Map(),
  byNode: new Map(),
  credits: 0,
};

const ENDS: Record<string, RunPhase> = {
  "run.completed": "completed",
  "run.failed": "failed",
  "run.cancelled": "cancelled",
};

/**
 * Fold events over what was known; events that were folded before change nothing. Without `keepsValues` no step
 * holds what it gave out: ten thousand of them then take no more room than their names and times.
 */
export function fold(before: Overlay, events: ReadonlyArray<JournalEvent>, keepsValues = true): Overlay {
  const fresh = events.filter((event) => event.seq > before.seq);
  if (fresh.length === 0) return before;
  const steps = new Map(before.steps);
  const byNode = new Map(before.byNode);
  let { phase, startedAt, endedAt, error, credits, seq } = before;
  for (const { kind, body, at, seq: number } of fresh) {
    seq = number;
    const now = Date.parse(at);
    if (kind === "run.started") {
      startedAt = now;
      phase = "running";
    } else if (kind in ENDS) {
      phase = ENDS[kind] ?? phase;
      endedAt = now;
      if (kind === "run.failed") error = { code: String(body.code), message: String(body.message) };
      for (const step of steps.values())
        if (isOpen(step)) put(steps, byNode, marked({ ...closed(step, now), state: "cancelled" }, seq));
    } else if (kind.startsWith("node.")) {
      const found = marked(next(steps, kind, body, now), seq);
      const step = keepsValues ? found : { ...found, outputs: [] };
      if (kind === "node.completed") credits += Number(body.credits ?? 0);
      put(steps, byNode, step);
    }
  }
  return { seq, phase, startedAt, endedAt, error, steps, byNode, credits };
}

function marked(step: Step, seq: number): Step {
  if (step.marks.at(-1)?.[1] === step.state) return step;
  return { ...step, marks: [...step.marks, [seq, step.state]] };
}

function put(steps: Map<number, Step>, byNode: Map<string, Step>, step: Step): void {
  steps.set(step.number, step);
  const last = byNode.get(step.node);
  if (last === undefined || last.number <= step.number) byNode.set(step.node, step);
}

function begun(number: number, node: string): Step {
  return {
    number,
    node,
    state: "running",
    attempt: 1,
    spans: [],
    marks: [],
    outputs: [],
    error: null,
    durationMs: 0,
    credits: 0,
    child: null,
    wait: null,
    waitId: null,
    dueAt: null,
  };
}

function isOpen(step: Step): boolean {
  return ["queued", "running", "retrying", "waiting"].includes(step.state);
}

/** The step with its last span ended. */
function closed(step: Step, now: number): Step {
  const last = step.spans.at(-1);
  if (last === undefined || last.to !== null) return step;
  return { ...step, spans: [...step.spans.slice(0, -1), { ...last, to: now }] };
}

/** The step with its last work as an attempt that came to nothing. */
function inVain(step: Step): Step {
  const last = step.spans.at(-1);
  if (last?.kind !== "work") return step;
  return { ...step, spans: [...step.spans.slice(0, -1), { ...last, kind: "attempt" }] };
}

function opened(step: Step, kind: Span["kind"], now: number): Step {
  const before = closed(step, now);
  return { ...before, spans: [...before.spans, { kind, from: now, to: null }] };
}

function next(
  steps: ReadonlyMap<number, Step>,
  kind: string,
  body: Record<string, unknown>,
  now: number,
): Step {
  const number = Number(body.node_run);
  const before = steps.get(number) ?? begun(number, String(body.node));
  const outputs = [...before.outputs, ...((body.outputs ?? []) as Array<[string, Json]>)];
  switch (kind) {
    case "node.started":
      return { ...opened(before, "work", now), state: "running", attempt: Number(body.attempt ?? 1) };
    case "node.output":
      return { ...before, outputs };
    case "node.retried":
      return {
        ...opened(inVain(before), "pause", now),
        state: "retrying",
        attempt: Number(body.attempt),
        dueAt: String(body.due_at),
        // What the failed attempt gave out is dropped.
        outputs: [],
        error: { code: String(body.code), message: String(body.message) },
      };
    case "node.waiting":
      return {
        ...opened(before, "wait", now),
        state: "waiting",
        outputs,
        child: (body.child as string | null) ?? null,
        wait: String(body.wait ?? "child"),
        waitId: (body.wait_id as string | null) ?? null,
        dueAt: (body.due_at as string | null) ?? null,
      };
    case "node.resumed":
      return { ...opened(before, "work", now), state: "running", wait: null, waitId: null, dueAt: null };
    case "node.completed":
    case "node.failed": {
      const durationMs = Number(body.duration_ms ?? 0);
      const isReused = body.reused_from !== null && body.reused_from !== undefined;
      const ended = closed(before, now);
      // Nodes without effects are written down when they end: their time is reckoned back.
      const spans: Span[] =
        ended.spans.length > 0 || isReused
          ? ended.spans
          : [{ kind: "work", from: now - durationMs, to: now }];
      const hasFailed = kind === "node.failed";
      return {
        ...ended,
        spans,
        outputs,
        durationMs,
        credits: Number(body.credits ?? 0),
        wait: null,
        waitId: null,
        dueAt: null,
        state: hasFailed ? "failed" : isReused ? "reused" : "completed",
        error: hasFailed ? { code: String(body.code), message: String(body.message) } : null,
      };
    }
    default:
      return before;
  }
}

/** Every value that went over a link, in order, as far as the journal was read. */
export function valuesAt(overlay: Overlay, node: string, pin: string): Json[] {
  const found: Json[] = [];
  for (const step of overlay.steps.values())
    if (step.node === node) for (const [name, value] of step.outputs) if (name === pin) found.push(value);
  return found;
}

/** A node at a moment of the journal: the state of its newest step, and how many it has had. */
export interface Moment {
  state: StepState;
  steps: number;
}

/** Each node as it was after an event; those that had not begun are not there. */
export function momentOf(overlay: Overlay, seq: number): ReadonlyMap<string, Moment> {
  const found = new Map<string, Moment & { number: number }>();
  for (const step of overlay.steps.values()) {
    const state = stateAt(step, seq);
    if (state === null) continue;
    const before = found.get(step.node);
    const isNewest = before === undefined || before.number < step.number;
    found.set(step.node, {
      state: isNewest ? state : before.state,
      number: isNewest ? step.number : before.number,
      steps: (before?.steps ?? 0) + 1,
    });
  }
  return found;
}

function stateAt(step: Step, seq: number): StepState | null {
  let state: StepState | null = null;
  for (const [at, one] of step.marks) {
    if (at > seq) break;
    state = one;
  }
  return state;
}
