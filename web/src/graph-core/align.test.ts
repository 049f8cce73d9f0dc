import { expect, test } from "vitest";
import { aligned, around, type Box, distributed } from "@/graph-core/align";

const BOXES: Box[] = [
  { id: "a", x: 0, y: 0, width: 100, height: 40 },
  { id: "b", x: 130, y: 50, width: 60, height: 80 },
  { id: "c", x: 400, y: 20, width: 100, height: 40 },
];
const xs = (places: Record<string, { x: number }>) => ["a", "b", "c"].map((id) => places[id]?.x);
const ys = (places: Record<string, { y: number }>) => ["a", "b", "c"].map((id) => places[id]?.y);

test("boxes are lined up along each side, and the middle", () => {
  expect(around(BOXES)).toEqual({ x: 0, y: 0, width: 500, height: 130 });
  expect(xs(aligned(BOXES, "left"))).toEqual([0, 0, 0]);
  expect(xs(aligned(BOXES, "right"))).toEqual([400, 440, 400]);
  expect(xs(aligned(BOXES, "centre"))).toEqual([200, 220, 200]);
  expect(ys(aligned(BOXES, "top"))).toEqual([0, 0, 0]);
  expect(ys(aligned(BOXES, "bottom"))).toEqual([90, 50, 90]);
  expect(ys(aligned(BOXES, "middle"))).toEqual([50, 30, 50]);
  // The other direction stays.
  expect(ys(aligned(BOXES, "left"))).toEqual([0, 50, 20]);
});

test("boxes are spread with the same room between them; the outer ones stay", () => {
  expect(xs(distributed(BOXES, "horizontal"))).toEqual([0, 220, 400]);
  expect(ys(distributed(BOXES, "horizontal"))).toEqual([0, 50, 20]);
  expect(distributed(BOXES.slice(0, 2), "horizontal")).toEqual({});
});

test("boxes that lie on each other are set apart", () => {
  const pile = BOXES.map((box) => ({ ...box, y: 0, height: 40 }));
  expect(ys(distributed(pile, "vertical"))).toEqual([0, 60, 120]);
});
