// Where nodes stand after they are lined up, or spread evenly.

import type { Position } from "@/graph-core/model";

/** Where a node stands, and how large it is drawn. */
export interface Box extends Position {
  id: string;
  width: number;
  height: number;
}

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom";
export type Axis = "horizontal" | "vertical";

const GRID = 10;

function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}

/** Line boxes up along one of the sides of what they cover together, or along its middle. */
export function aligned(boxes: readonly Box[], by: Alignment): Record<string, Position> {
  const area = around(boxes);
  return Object.fromEntries(
    boxes.map((box) => {
      const place: Record<Alignment, Position> = {
        left: { x: area.x, y: box.y },
        centre: { x: onGrid(area.x + (area.width - box.width) / 2), y: box.y },
        right: { x: onGrid(area.x + area.width - box.width), y: box.y },
        top: { x: box.x, y: area.y },
        middle: { x: box.x, y: onGrid(area.y + (area.height - box.height) / 2) },
        bottom: { x: box.x, y: onGrid(area.y + area.height - box.height) },
      };
      return [box.id, place[by]];
    }),
  );
}

/** Leave the same room between boxes; the first and the last stay. Boxes that leave none are set a step apart. */
export function distributed(boxes: readonly Box[], along: Axis): Record<string, Position> {
  const [at, size] = along === "horizontal" ? (["x", "width"] as const) : (["y", "height"] as const);
  const sorted = [...boxes].sort((one, other) => one[at] - other[at]);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last || sorted.length < 3) return {};
  const span = last[at] + last[size] - first[at];
  const filled = sorted.reduce((sum, box) => sum + box[size], 0);
  const gap = Math.max((span - filled) / (sorted.length - 1), 2 * GRID);
  const places: Record<string, Position> = {};
  let next = first[at];
  for (const box of sorted) {
    places[box.id] = { x: box.x, y: box.y, [at]: onGrid(next) };
    next += box[size] + gap;
  }
  return places;
}

/** What boxes cover together. */
export function around(boxes: readonly Box[]): Omit<Box, "id"> {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}
