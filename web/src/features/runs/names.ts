// What the nodes of an agent are called.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { blocksQuery } from "@/features/builder/queries";
import type { Graph, GraphNode } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";

export type NameOf = (node: string) => string;

/** What nodes are called, those of agents inside too: by their person, else by their block. */
export function useNodeNames(graph: Graph | undefined): NameOf {
  const { data: blocks } = useQuery(blocksQuery);
  return useMemo(() => {
    const byBlock = new Map(blocks?.map((block) => [block.id, spaced(block.name)]));
    const nodes = new Map(
      nodesOf(graph).map((node) => [
        node.id,
        node.name || node.constants?.title || node.constants?.name || byBlock.get(node.block_id) || node.id,
      ]),
    );
    return (node) => String(nodes.get(node) ?? node.slice(0, 8));
  }, [graph, blocks]);
}

function nodesOf(graph: Graph | undefined): GraphNode[] {
  if (!graph) return [];
  return [...(graph.sub_graphs ?? []).flatMap(nodesOf), ...graph.nodes];
}
