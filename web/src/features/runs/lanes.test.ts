import { expect, test } from "vitest";
import { lanesOf, placeOn } from "@/features/runs/lanes";
import { fold, type JournalEvent, NOTHING_YET } from "@/graph-core/overlay";

function journal(...entries: Array<[kind: string, body: Record<string, unknown>]>): JournalEvent[] {
  return entries.map(([kind, body], index) => ({ seq: index + 1, kind, body, at: "2026-01-01T00:00:00Z" }));
}

const outer = fold(
  NOTHING_YET,
  journal(
    ["run.started", {}],
    ["node.waiting", { node_run: 2, node: "agent", wait: "child", child: "inner" }],
    ["node.completed", { node_run: 1, node: "first", outputs: [] }],
  ),
);
const inner = fold(NOTHING_YET, journal(["node.completed", { node_run: 1, node: "inside", outputs: [] }]));

test("steps of a run inside stand under the step that started it, once it is unfolded", () => {
  const names = (open: string[], inside = new Map([["inner", inner]])) =>
    lanesOf("outer", outer, new Set(open), inside).map(
      ({ step, depth, isLoading }) => `${"·".repeat(depth)}${step.node}${isLoading ? " …" : ""}`,
    );

  expect(names([])).toEqual(["first", "agent"]);
  expect(names(["inner"])).toEqual(["first", "agent", "·inside"]);
  expect(names(["inner"], new Map())).toEqual(["first", "agent …"]);
});

test("moments outside of the clock stand at its ends", () => {
  expect([placeOn(0, 200, 50), placeOn(0, 200, -1), placeOn(0, 200, 900), placeOn(5, 5, 5)]).toEqual([
    25, 0, 100, 0,
  ]);
});
