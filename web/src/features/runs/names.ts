// What the nodes of an agent are called.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { BlockSpec, Graph, GraphNode } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { api } from "@/shared/api/client";

export type NameOf = (node: string) => string;

/** What nodes are called, those of agents inside too: by their person, else by their block. */
export function useNodeNames(graph: Graph | undefined): NameOf {
  const all = useMemo(() => nodesOf(graph), [graph]);
  const { data: blocks } = useQuery(blocksOf(all));
  return useMemo(() => {
    const byBlock = new Map(blocks?.map((block) => [block.id, spaced(block.name)]));
    const nodes = new Map(
      all.map((node) => [
        node.id,
        node.name || node.constants?.title || node.constants?.name || byBlock.get(node.block_id) || node.id,
      ]),
    );
    return (node) => String(nodes.get(node) ?? node.slice(0, 8));
  }, [all, blocks]);
}

const MOST = 100;

/** The blocks that nodes without a name of their own are made of: a few, where there are hundreds. */
function blocksOf(nodes: readonly GraphNode[]) {
  const unnamed = nodes.filter((node) => !(node.name || node.constants?.title || node.constants?.name));
  const block = [...new Set(unnamed.map((node) => node.block_id))].sort();
  const isSome = block.length <= MOST;
  return queryOptions({
    queryKey: ["blocks", isSome ? block : "all"],
    queryFn: async () => (await api("GET /api/v1/blocks", { query: isSome ? { block } : {} })) as BlockSpec[],
    enabled: block.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function nodesOf(graph: Graph | undefined): GraphNode[] {
  if (!graph) return [];
  return [...(graph.sub_graphs ?? []).flatMap(nodesOf), ...graph.nodes];
}
