import { expect, test } from "vitest";
import { laidOut, placed } from "@/features/builder/layout";
import type { Graph } from "@/graph-core/model";

const node = (id: string) => ({ id, block_id: "b" });
const GRAPH: Graph = {
  id: "g",
  name: "",
  version: 1,
  nodes: ["out", "loose", "in", "work", "n", "x1", "x2", "x3", "x4", "x5"].map(node),
  links: [
    { from: "in", output: "o", to: "work", input: "i" },
    { from: "work", output: "o", to: "out", input: "i" },
  ],
};

test("values go from left to right, and no node stands on another", () => {
  const layout = placed(GRAPH, []).layout ?? {};
  expect(layout.in?.x).toBeLessThan(layout.work?.x ?? 0);
  expect(layout.work?.x).toBeLessThan(layout.out?.x ?? 0);
  const places = Object.values(layout);
  expect(places).toHaveLength(GRAPH.nodes.length);
  for (const [index, one] of places.entries())
    for (const other of places.slice(index + 1))
      expect(Math.abs(one.x - other.x) >= 240 || Math.abs(one.y - other.y) >= 94).toBe(true);
});

test("nodes without links stand below the others, in rows; notes stay where they are", () => {
  const layout = laidOut(GRAPH, new Map([["x1", { width: 240, height: 400 }]]), new Set(["n"]));
  expect(layout.n).toBeUndefined();
  expect(layout.loose?.y).toBeGreaterThan(layout.in?.y ?? 0);
  expect(layout.x1?.y).toBe(layout.loose?.y);
  expect(layout.x4?.y).toBeGreaterThanOrEqual((layout.x1?.y ?? 0) + 400);
});

test("a place that is known stays", () => {
  const layout = placed({ ...GRAPH, layout: { work: { x: 7, y: 8 } } }, []).layout;
  expect(layout?.work).toEqual({ x: 7, y: 8 });
});
