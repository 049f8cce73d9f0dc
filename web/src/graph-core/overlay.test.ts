import { expect, test } from "vitest";
import { fold, type JournalEvent, momentOf, NOTHING_YET, valuesAt } from "@/graph-core/overlay";

const START = Date.parse("2026-01-01T00:00:00Z");

function journal(...entries: Array<[kind: string, body: Record<string, unknown>]>): JournalEvent[] {
  return entries.map(([kind, body], index) => ({
    seq: index + 1,
    kind,
    body,
    at: new Date(START + index * 1000).toISOString(),
  }));
}

test("a node without effects is written down when it ends, and its time is reckoned back", () => {
  const overlay = fold(
    NOTHING_YET,
    journal(
      ["run.started", { inputs: {} }],
      ["node.completed", { node_run: 1, node: "a", outputs: [["o", 1]], duration_ms: 400, credits: 2 }],
      ["run.completed", {}],
    ),
  );

  expect(overlay.phase).toBe("completed");
  expect(overlay.steps.get(1)?.spans).toEqual([{ kind: "work", from: START + 600, to: START + 1000 }]);
  expect(valuesAt(overlay, "a", "o")).toEqual([1]);
  expect(overlay.credits).toBe(2);
});

test("attempts, waits and pauses are spans of their own; what a failed attempt gave out is dropped", () => {
  const overlay = fold(
    NOTHING_YET,
    journal(
      ["run.started", {}],
      ["node.started", { node_run: 1, node: "a" }],
      ["node.output", { node_run: 1, node: "a", outputs: [["o", "lost"]] }],
      ["node.retried", { node_run: 1, node: "a", attempt: 2, due_at: "x", code: "c", message: "m" }],
      ["node.started", { node_run: 1, node: "a", attempt: 2 }],
      ["node.waiting", { node_run: 1, node: "a", wait: "review", wait_id: "w" }],
    ),
  );
  const step = overlay.byNode.get("a");

  expect(step?.state).toBe("waiting");
  expect([step?.attempt, step?.waitId]).toEqual([2, "w"]);
  expect(step?.spans.map((span) => [span.kind, span.from - START, span.to && span.to - START])).toEqual([
    ["attempt", 1000, 3000],
    ["pause", 3000, 4000],
    ["work", 4000, 5000],
    ["wait", 5000, null],
  ]);
  expect(valuesAt(overlay, "a", "o")).toEqual([]);
});

test("events that come twice change nothing, and pieces add up to the whole", () => {
  const events = journal(
    ["run.started", {}],
    ["node.started", { node_run: 1, node: "a" }],
    ["node.output", { node_run: 1, node: "a", outputs: [["o", 1]] }],
    ["node.completed", { node_run: 1, node: "a", outputs: [["o", 2]], duration_ms: 5 }],
    ["node.failed", { node_run: 2, node: "a", code: "c", message: "no" }],
    ["run.failed", { code: "run.failed", message: "It failed." }],
  );
  const whole = fold(NOTHING_YET, events);
  const pieces = events.reduce((overlay, _, index) => fold(overlay, events.slice(0, index + 1)), NOTHING_YET);

  expect(pieces).toEqual(whole);
  expect(fold(whole, events)).toBe(whole);
  expect(valuesAt(whole, "a", "o")).toEqual([1, 2]);
  expect(whole.byNode.get("a")?.number).toBe(2);
  expect([whole.phase, whole.error?.message]).toEqual(["failed", "It failed."]);
});

test("what was going on when a run is stopped is stopped with it", () => {
  const overlay = fold(
    NOTHING_YET,
    journal(["run.started", {}], ["node.started", { node_run: 1, node: "a" }], ["run.cancelled", {}]),
  );

  expect(overlay.steps.get(1)?.state).toBe("cancelled");
  expect(overlay.steps.get(1)?.spans[0]?.to).toBe(START + 2000);
});

test("what a fork keeps is shown as kept", () => {
  const overlay = fold(
    NOTHING_YET,
    journal(["run.started", {}], ["node.completed", { node_run: 1, node: "a", reused_from: 7 }]),
  );

  expect(overlay.steps.get(1)?.state).toBe("reused");
});

test("a moment of the journal shows each node as it was then", () => {
  const overlay = fold(
    NOTHING_YET,
    journal(
      ["run.started", {}],
      ["node.started", { node_run: 1, node: "a" }],
      ["node.completed", { node_run: 1, node: "a", outputs: [] }],
      ["node.started", { node_run: 2, node: "b" }],
      ["node.waiting", { node_run: 2, node: "b", wait: "timer" }],
      ["node.started", { node_run: 3, node: "a" }],
      ["run.cancelled", {}],
    ),
  );
  const at = (seq: number) =>
    [...momentOf(overlay, seq)].map(([node, { state, steps }]) => `${node} ${state} ${steps}`);

  expect(at(1)).toEqual([]);
  expect(at(2)).toEqual(["a running 1"]);
  expect(at(5)).toEqual(["a completed 1", "b waiting 1"]);
  expect(at(6)).toEqual(["a running 2", "b waiting 1"]);
  expect(at(7)).toEqual(["a cancelled 2", "b cancelled 1"]);
});

test("without values ten thousand steps keep no output", () => {
  const big = "x".repeat(1000);
  const events = journal(
    ["run.started", {}],
    ...Array.from({ length: 10_000 }, (_, index): [string, Record<string, unknown>] => [
      "node.completed",
      { node_run: index + 1, node: "a", outputs: [["o", big]], duration_ms: 1 },
    ]),
  );
  let overlay = NOTHING_YET;
  for (let at = 0; at < events.length; at += 500) overlay = fold(overlay, events.slice(at, at + 500), false);

  expect(overlay.steps.size).toBe(10_000);
  expect([...overlay.steps.values()].every((step) => step.outputs.length === 0)).toBe(true);
  expect(overlay.byNode.get("a")?.outputs).toEqual([]);
});
