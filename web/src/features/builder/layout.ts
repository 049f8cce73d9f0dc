// Where nodes stand when the graph is tidied: from left to right, as values go.

import dagre from "@dagrejs/dagre";
import type { BlockSpec, Graph, Position } from "@/graph-core/model";

const SIZE = { width: 240, height: 150 };
/** Between nodes that no link joins. */
const GAP = 60;
const HEAD = 70;
const ROW = 24;
/** Pins that are neither linked nor required stay out of sight: this many are seen at most, more or less. */
const ROWS = 6;

type Sizes = ReadonlyMap<string, { width: number; height: number }>;

/** A graph of which nobody knows where its nodes stand, laid out before it is drawn. */
export function placed(graph: Graph, blocks: BlockSpec[]): Graph {
  const specs = new Map(blocks.map((block) => [block.id, block]));
  const sizes = new Map(
    graph.nodes.map((node) => {
      const spec = specs.get(node.block_id);
      const pins = (side: BlockSpec["input_schema"] | undefined) =>
        Object.values(side?.properties ?? {}).filter((pin) => !pin.advanced && !pin.hidden).length;
      const rows = Math.min(ROWS, Math.max(pins(spec?.input_schema), pins(spec?.output_schema)));
      return [node.id, { width: SIZE.width, height: HEAD + ROW * (rows + 1) }] as const;
    }),
  );
  return { ...graph, layout: { ...laidOut(graph, sizes, new Set()), ...graph.layout } };
}

/** Lay a graph out; notes stay where they are. Nodes without a link stand in rows below the others. */
export function laidOut(graph: Graph, sizes: Sizes, notes: ReadonlySet<string>): Record<string, Position> {
  const plan = new dagre.graphlib.Graph({ multigraph: true });
  plan.setGraph({ rankdir: "LR", nodesep: 40, ranksep: 90 });
  plan.setDefaultEdgeLabel(() => ({}));
  const here = graph.nodes.map((node) => node.id).filter((id) => !notes.has(id));
  const linked = new Set(graph.links.flatMap((link) => [link.from, link.to]));
  for (const id of here) if (linked.has(id)) plan.setNode(id, { ...(sizes.get(id) ?? SIZE) });
  for (const [index, link] of graph.links.entries())
    if (plan.hasNode(link.from) && plan.hasNode(link.to)) plan.setEdge(link.from, link.to, {}, String(index));
  dagre.layout(plan);
  const boxes = plan.nodes().map((id) => {
    const { x, y, width, height } = plan.node(id) as { x: number; y: number; width: number; height: number };
    return { id, x: x - width / 2, y: y - height / 2, bottom: y + height / 2 };
  });
  const below = Math.max(0, ...boxes.map((one) => one.bottom + GAP));
  const loose = inRows(
    here.filter((id) => !linked.has(id)),
    sizes,
    below,
  );
  const rounded = (at: number) => Math.round(at / 10) * 10;
  return Object.fromEntries(
    [...boxes, ...loose].map(({ id, x, y }) => [id, { x: rounded(x), y: rounded(y) }]),
  );
}

/** Nodes side by side, about as wide as high. */
function inRows(ids: string[], sizes: Sizes, top: number): Array<Position & { id: string }> {
  const columns = Math.max(4, Math.ceil(Math.sqrt(ids.length)));
  const places: Array<Position & { id: string }> = [];
  let y = top;
  for (let first = 0; first < ids.length; first += columns) {
    const row = ids.slice(first, first + columns);
    row.forEach((id, column) => {
      places.push({ id, x: column * (SIZE.width + GAP), y });
    });
    y += Math.max(...row.map((id) => sizes.get(id)?.height ?? SIZE.height)) + GAP;
  }
  return places;
}
