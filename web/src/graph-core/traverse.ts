// Walking a graph: who follows whom, what can be reached, what goes round in circles. Mirrors graph/traverse.py.

import type { Graph } from "@/graph-core/model";

export type Successors = ReadonlyMap<string, string[]>;

export function successors(graph: Graph): Map<string, string[]> {
  const found = new Map<string, string[]>(graph.nodes.map((node) => [node.id, []]));
  for (const link of graph.links) if (found.has(link.to)) found.get(link.from)?.push(link.to);
  return found;
}

export function reachable(starts: Iterable<string>, follows: Successors): Set<string> {
  const seen = new Set(starts);
  const waiting = [...seen];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop())
    for (const next of follows.get(one) ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        waiting.push(next);
      }
  return seen;
}

/** The groups of nodes that can all reach each other (Tarjan 1972, without recursion). */
export function cycles(follows: Successors): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const found: string[][] = [];
  for (const root of follows.keys()) {
    if (order.has(root)) continue;
    const work: Array<{ node: string; at: number }> = [];
    const enter = (node: string) => {
      order.set(node, order.size);
      low.set(node, order.size - 1);
      stack.push(node);
      onStack.add(node);
      work.push({ node, at: 0 });
    };
    enter(root);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const { node } = frame;
      const next = follows.get(node)?.[frame.at++];
      if (next !== undefined) {
        if (!order.has(next)) enter(next);
        else if (onStack.has(next)) low.set(node, Math.min(low.get(node) ?? 0, order.get(next) ?? 0));
        continue;
      }
      work.pop();
      if (low.get(node) === order.get(node)) {
        const group: string[] = [];
        let one: string | undefined;
        do {
          one = stack.pop();
          if (one === undefined) break;
          onStack.delete(one);
          group.unshift(one);
        } while (one !== node);
        found.push(group);
      }
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(node) ?? 0));
    }
  }
  return found.filter((group) => group.length > 1 || follows.get(group[0] ?? "")?.includes(group[0] ?? ""));
}
