import { expect, test } from "vitest";
import { nodePairs, pairs, same, sidesOf } from "@/features/runs/compare";
import { fold, NOTHING_YET } from "@/graph-core/overlay";

test("values are the same whatever the order of their keys, and lists only in their order", () => {
  expect(same({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(same([1, 2], [2, 1])).toBe(false);
  expect(same({ a: undefined }, {})).toBe(false);
  expect(same([], {})).toBe(false);
  expect(same(null, {})).toBe(false);
  expect(same("1", 1)).toBe(false);
});

test("a name that one run alone has is a difference", () => {
  expect(pairs({ x: 1, y: 2 }, { y: 2, z: 3 })).toEqual([
    { name: "x", a: 1, b: undefined, isSame: false },
    { name: "y", a: 2, b: 2, isSame: true },
    { name: "z", a: undefined, b: 3, isSame: false },
  ]);
});

function ran(...steps: Array<[node: string, kind: string, more?: Record<string, unknown>]>) {
  return fold(
    NOTHING_YET,
    steps.map(([node, kind, more], index) => ({
      seq: index + 1,
      kind: `node.${kind}`,
      at: "2026-01-01T00:00:00Z",
      body: { node_run: index + 1, node, outputs: [], code: "c", message: "m", ...more },
    })),
  );
}

test("nodes are matched by their ids; time is told, and is no difference", () => {
  const a = sidesOf(
    ran(
      ["same", "completed", { duration_ms: 5, credits: 2 }],
      ["same", "completed", { duration_ms: 7 }],
      ["other", "completed"],
      ["gone", "completed"],
    ),
    [
      { node: "same", outputs: { o: [1] } },
      { node: "same", outputs: { o: [2] } },
      { node: "other", outputs: { o: ["x"] } },
    ],
  );
  const b = sidesOf(
    ran(
      ["same", "completed", { duration_ms: 900, reused_from: 1 }],
      ["same", "completed", { reused_from: 2 }],
      ["other", "completed"],
      ["fresh", "failed"],
    ),
    [
      { node: "same", outputs: { o: [1, 2] } },
      { node: "other", outputs: { o: ["y"] } },
    ],
  );

  expect(a.get("same")).toMatchObject({ steps: 2, durationMs: 12, credits: 2, outputs: { o: [1, 2] } });
  expect(nodePairs(a, b).map(({ node, isSame }) => [node, isSame])).toEqual([
    ["same", true],
    ["other", false],
    ["gone", false],
    ["fresh", false],
  ]);
});

test("a node that failed once has failed, whatever came after", () => {
  expect(sidesOf(ran(["n", "failed"], ["n", "completed"]), []).get("n")?.state).toBe("failed");
});
