// Bringing together what two people did to one graph: theirs and mine, over the version that both began with.

import { canonical, isSame, isSamePlace, OF_GRAPH, OF_NODE } from "@/graph-core/diff";
import { linkId } from "@/graph-core/edit";
import type { Graph, GraphLink, GraphNode, Json, Position } from "@/graph-core/model";

export type Side = "theirs" | "mine";

/** A place that both changed, each in another way. A value is undefined where that side has none. */
export interface Conflict {
  /** A name for it that is the same each time: what a choice is kept under. */
  key: string;
  /** node: one side removed it, the other changed it or linked to it. inside: an agent that travels along. */
  kind: "constant" | "field" | "node" | "link" | "graph" | "inside";
  /** The node that it is about; the agent's id where it is one inside; empty for the graph itself. */
  node: string;
  /** A pin, or the name of a field; empty where all of it is meant. */
  name: string;
  base: Json;
  theirs: Json;
  mine: Json;
}

export interface Merged {
  graph: Graph;
  conflicts: Conflict[];
}

/**
 * Merge two graphs that began as the same one. What only one side changed is taken from it; where both
 * changed the same, `choices` decides, and mine stands until it does. Where a node stands is no conflict:
 * mine wins if I moved it.
 */
export function merge(
  base: Graph,
  theirs: Graph,
  mine: Graph,
  choices: Readonly<Record<string, Side>> = {},
): Merged {
  const conflicts: Conflict[] = [];
  const clash: Pick = (of) => {
    const conflict = { key: JSON.stringify([of.kind, of.node, of.name]), ...of };
    conflicts.push(conflict);
    return choices[conflict.key] === "theirs" ? of.theirs : of.mine;
  };
  /** The one of three values that remains. */
  const pick: Pick = (of) => {
    if (isSame(of.theirs, of.mine) || isSame(of.base, of.theirs)) return of.mine;
    return isSame(of.base, of.mine) ? of.theirs : clash(of);
  };
  const nodes = mergedNodes(base, theirs, mine, pick, clash);
  const ids = new Set(nodes.map((node) => node.id));
  const links = mergedLinks(base, theirs, mine, pick).filter(
    (link) => ids.has(link.from) && ids.has(link.to),
  );
  const words: Record<string, Json> = {};
  for (const name of Object.keys(OF_GRAPH) as Array<keyof typeof OF_GRAPH>) {
    const found = pick({
      kind: "graph",
      node: "",
      name,
      base: base[name],
      theirs: theirs[name],
      mine: mine[name],
    });
    if (found !== undefined) words[name] = found;
  }
  const inside = mergedInside(base, theirs, mine, pick);
  const { sub_graphs: _, ...rest } = mine;
  for (const name of Object.keys(OF_GRAPH)) delete (rest as Record<string, Json>)[name];
  return {
    graph: {
      ...rest,
      name: mine.name,
      ...words,
      version: theirs.version,
      nodes,
      links,
      layout: mergedLayout(base, theirs, mine, ids),
      ...(inside.length > 0 ? { sub_graphs: inside } : {}),
    },
    conflicts,
  };
}

type Pick = (of: Omit<Conflict, "key">) => Json;

function byId<T extends { id: string }>(all: readonly T[] | undefined): Map<string, T> {
  return new Map((all ?? []).map((one) => [one.id, one]));
}

function mergedNodes(base: Graph, theirs: Graph, mine: Graph, pick: Pick, clash: Pick): GraphNode[] {
  const [before, other, own] = [byId(base.nodes), byId(theirs.nodes), byId(mine.nodes)];
  const order = mergedOrder([...before.keys()], [...other.keys()], [...own.keys()]);
  return order.flatMap((id) => {
    const [was, their, my] = [before.get(id), other.get(id), own.get(id)];
    if (their && my) return [mergedNode(was, their, my, pick)];
    const there = their ?? my;
    if (!there) return [];
    if (!was) return [there];
    // One side removed it: that counts, unless the other did something with it.
    const isTouched = !isSame(bare(was), bare(there)) || hasNewLink(base, their ? theirs : mine, id);
    if (!isTouched) return [];
    const kept = clash({ kind: "node", node: id, name: "", base: was, theirs: their, mine: my });
    return kept === undefined ? [] : [kept as GraphNode];
  });
}

/** A node without what says nothing. */
function bare(node: GraphNode): Json {
  return { ...OF_NODE, constants: {}, ...node };
}

function hasNewLink(base: Graph, graph: Graph, node: string): boolean {
  const before = new Set(base.links.map(linkId));
  return graph.links.some((link) => (link.from === node || link.to === node) && !before.has(linkId(link)));
}

function mergedNode(was: GraphNode | undefined, their: GraphNode, my: GraphNode, pick: Pick): GraphNode {
  const constants: Record<string, Json> = {};
  const pins = new Set([...Object.keys(my.constants ?? {}), ...Object.keys(their.constants ?? {})]);
  for (const pin of pins) {
    const found = pick({
      kind: "constant",
      node: my.id,
      name: pin,
      base: was?.constants?.[pin],
      theirs: their.constants?.[pin],
      mine: my.constants?.[pin],
    });
    if (found !== undefined) constants[pin] = found;
  }
  const made: Record<string, Json> = { id: my.id };
  for (const name of Object.keys(OF_NODE) as Array<keyof typeof OF_NODE>) {
    const found = pick({
      kind: "field",
      node: my.id,
      name,
      base: was?.[name],
      theirs: their[name],
      mine: my[name],
    });
    if (found !== undefined) made[name] = found;
  }
  if (Object.keys(constants).length > 0 || my.constants) made.constants = constants;
  return made as GraphNode;
}

/** Links are there or not; one that both still have may last or not. */
function mergedLinks(base: Graph, theirs: Graph, mine: Graph, pick: Pick): GraphLink[] {
  const named = (graph: Graph) => new Map(graph.links.map((link) => [linkId(link), link]));
  const [before, other, own] = [named(base), named(theirs), named(mine)];
  return mergedOrder([...before.keys()], [...other.keys()], [...own.keys()]).flatMap((id) => {
    const [was, their, my] = [before.get(id), other.get(id), own.get(id)];
    if (their && my) {
      const lasts = pick({
        kind: "link",
        node: my.to,
        name: id,
        base: was?.static ?? false,
        theirs: their.static ?? false,
        mine: my.static ?? false,
      });
      const { static: _, ...ends } = my;
      return [lasts ? { ...ends, static: true } : ends];
    }
    const there = their ?? my;
    return there && !was ? [there] : [];
  });
}

function mergedInside(base: Graph, theirs: Graph, mine: Graph, pick: Pick): Graph[] {
  const [before, other, own] = [byId(base.sub_graphs), byId(theirs.sub_graphs), byId(mine.sub_graphs)];
  return mergedOrder([...before.keys()], [...other.keys()], [...own.keys()]).flatMap((id) => {
    const [was, their, my] = [before.get(id), other.get(id), own.get(id)];
    const found: Graph | undefined = pick({
      kind: "inside",
      node: id,
      name: "",
      base: was,
      theirs: their,
      mine: my,
    });
    return found ? [found] : [];
  });
}

/** Mine first where I changed the order, else theirs; what the other side added comes behind what it stood behind. */
function mergedOrder(base: string[], theirs: string[], mine: string[]): string[] {
  const among = (ids: string[], others: string[]) => ids.filter((id) => others.includes(id));
  const isMineReordered = String(among(mine, base)) !== String(among(base, mine));
  const [first, second] = isMineReordered ? [mine, theirs] : [theirs, mine];
  const order = [...first];
  const placed = new Set(first);
  for (const [index, id] of second.entries()) {
    if (placed.has(id)) continue;
    const behind = order.lastIndexOf(second[index - 1] ?? "");
    order.splice(index === 0 ? 0 : behind + 1, 0, id);
    placed.add(id);
  }
  return order;
}

function mergedLayout(
  base: Graph,
  theirs: Graph,
  mine: Graph,
  ids: ReadonlySet<string>,
): Record<string, Position> {
  const places: Record<string, Position> = {};
  for (const id of ids) {
    const [was, their, my] = [base.layout?.[id], theirs.layout?.[id], mine.layout?.[id]];
    const place = my && !isSamePlace(was, my) ? my : (their ?? my);
    if (place) places[id] = place;
  }
  return places;
}

/** Whether two graphs mean the same and look the same, whatever their version. */
export function isSameGraph(one: Graph, other: Graph): boolean {
  const plain = ({ id: _, version: __, autograph: ___, ...graph }: Graph) => canonical(graph);
  return plain(one) === plain(other);
}
