import type { LooseEnd } from "@/features/builder/canvas";
import type { BlockSpec, Graph, Position } from "@/graph-core/model";

export const NEW_NODE = { width: 240, height: 120 };

export function placeAt(end: LooseEnd): Position {
  return { x: end.side === "output" ? end.at.x : end.at.x - NEW_NODE.width, y: end.at.y - 50 };
}

/** Whether it is known of any node where it stands. */
export function hasPlaces(graph: Graph): boolean {
  return graph.nodes.length < 2 || graph.nodes.some((node) => graph.layout?.[node.id] !== undefined);
}

/** A place near another where no node stands yet. */
export function free(graph: Graph, at: Position): Position {
  const places = Object.values(graph.layout ?? {});
  const { x } = at;
  let { y } = at;
  while (
    places.some(
      (one) => Math.abs(one.x - x) < NEW_NODE.width + 20 && Math.abs(one.y - y) < NEW_NODE.height + 40,
    )
  )
    y += 40;
  return { x, y };
}

/** A name for an input or output that no other one has. */
export function freeName(graph: Graph, block: BlockSpec): string {
  const base = block.kind === "Input" ? "input" : "output";
  const taken = new Set(graph.nodes.map((node) => node.constants?.name));
  let count = 1;
  while (taken.has(count === 1 ? base : `${base}_${count}`)) count += 1;
  return count === 1 ? base : `${base}_${count}`;
}
