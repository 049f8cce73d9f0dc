import { expect, test } from "vitest";
import { countsOf, gather, MOST_KEPT, NOTHING_GIVEN, named } from "@/features/runs/given";
import type { Graph } from "@/graph-core/model";

const completed = (seq: number, node: string, outputs: Array<[string, unknown]>) => ({
  seq,
  kind: "node.completed",
  at: "",
  body: { node, outputs },
});
const graph = {
  id: "g",
  name: "",
  version: 1,
  links: [],
  nodes: [
    { id: "o", block_id: "", constants: { name: "answer" } },
    { id: "x", block_id: "", constants: {} },
  ],
} satisfies Graph;

test("output nodes give by their names, others not", () => {
  const given = gather(NOTHING_GIVEN, [
    completed(1, "o", [
      ["output", 1],
      ["name", "answer"],
    ]),
    completed(2, "x", [["output", 2]]),
    completed(3, "o", [["output", 3]]),
  ]);

  expect(named(given, graph)).toEqual({ answer: [1, 3] });
  expect(gather(given, [completed(4, "x", [])])).toBe(given);
});

test("of ten thousand values the first are kept and the others counted", () => {
  const events = Array.from({ length: 10_000 }, (_, index) => completed(index, "o", [["output", index]]));
  const given = gather(NOTHING_GIVEN, events);

  expect(given.get("o")?.count).toBe(10_000);
  expect(named(given, graph).answer).toHaveLength(MOST_KEPT);
  expect(countsOf(given, graph)).toEqual({ answer: 10_000 });
});
