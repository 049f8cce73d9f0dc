// Where nodes stand when the graph is tidied: from left to right, as values go.

import dagre from "@dagrejs/dagre";
import type { Graph, Position } from "@/graph-core/model";

const SIZE = { width: 240, height: 150 };

/** Lay a graph out; notes stay where they are. */
export function laidOut(
  graph: Graph,
  sizes: ReadonlyMap<string, { width: number; height: number }>,
  notes: ReadonlySet<string>,
): Record<string, Position> {
  const plan = new dagre.graphlib.Graph({ multigraph: true });
  plan.setGraph({ rankdir: "LR", nodesep: 40, ranksep: 90 });
  plan.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes)
    if (!notes.has(node.id)) plan.setNode(node.id, { ...(sizes.get(node.id) ?? SIZE) });
  for (const [index, link] of graph.links.entries())
    if (plan.hasNode(link.from) && plan.hasNode(link.to)) plan.setEdge(link.from, link.to, {}, String(index));
  dagre.layout(plan);
  return Object.fromEntries(
    plan.nodes().map((id) => {
      const { x, y, width, height } = plan.node(id) as {
        x: number;
        y: number;
        width: number;
        height: number;
      };
      return [id, { x: Math.round((x - width / 2) / 10) * 10, y: Math.round((y - height / 2) / 10) * 10 }];
    }),
  );
}
