import { describe, expect, test } from "vitest";
import { diff } from "@/graph-core/diff";
import { isSameGraph, merge } from "@/graph-core/merge";
import type { Graph, GraphLink, GraphNode } from "@/graph-core/model";

const node = (
  id: string,
  constants: Record<string, unknown> = {},
  more: Partial<GraphNode> = {},
): GraphNode => ({
  id,
  block_id: "x",
  constants,
  ...more,
});
const link = (from: string, to: string, more: Partial<GraphLink> = {}): GraphLink => ({
  from,
  output: "out",
  to,
  input: "in",
  ...more,
});
const BASE: Graph = {
  id: "g",
  name: "Base",
  version: 1,
  nodes: [node("a", { n: 1, m: 1 }), node("b"), node("c")],
  links: [link("a", "b"), link("b", "c")],
  layout: { a: { x: 0, y: 0 }, b: { x: 300, y: 0 }, c: { x: 600, y: 0 } },
  sub_graphs: [{ id: "s", name: "Inside", version: 1, nodes: [], links: [] }],
};
const THEIRS: Graph = {
  ...BASE,
  version: 2,
  name: "Theirs",
  nodes: [node("a", { n: 2, m: 1 }), node("b"), node("c"), node("t")],
  links: [link("a", "b"), link("b", "c"), link("c", "t")],
  layout: { ...BASE.layout, b: { x: 300, y: 100 }, t: { x: 900, y: 0 } },
};
const MINE: Graph = {
  ...BASE,
  description: "Mine",
  nodes: [node("a", { n: 1, m: 5 }, { name: "First" }), node("b", { k: true }), node("o")],
  links: [link("a", "b", { static: true }), link("b", "o")],
  layout: { a: { x: 50, y: 0 }, b: { x: 300, y: 0 }, o: { x: 600, y: 200 } },
};

describe("merging", () => {
  test("with one side unchanged is the other side", () => {
    for (const graph of [THEIRS, MINE]) {
      expect(merge(BASE, graph, BASE).conflicts).toEqual([]);
      expect(isSameGraph(merge(BASE, graph, BASE).graph, graph)).toBe(true);
      expect(merge(BASE, BASE, graph).conflicts).toEqual([]);
      expect(isSameGraph(merge(BASE, BASE, graph).graph, graph)).toBe(true);
      expect(isSameGraph(merge(BASE, graph, graph).graph, graph)).toBe(true);
    }
  });

  test("takes what only one side changed from that side", () => {
    const theirs: Graph = {
      ...BASE,
      version: 2,
      name: "Theirs",
      nodes: [node("a", { n: 2, m: 1 }), node("b"), node("c"), node("t")],
      links: [...BASE.links, link("a", "t")],
      layout: { ...BASE.layout, b: { x: 300, y: 100 }, t: { x: 900, y: 0 } },
    };
    const mine: Graph = {
      ...BASE,
      description: "Mine",
      nodes: [node("a", { n: 1, m: 5 }, { name: "First" }), node("b"), node("c"), node("o")],
      links: [link("a", "b", { static: true }), link("a", "o")],
      layout: { ...BASE.layout, a: { x: 50, y: 0 }, o: { x: 600, y: 200 } },
    };
    const { graph, conflicts } = merge(BASE, theirs, mine);

    expect(conflicts).toEqual([]);
    expect(graph).toMatchObject({ version: 2, name: "Theirs", description: "Mine" });
    expect(graph.nodes.map((one) => one.id).sort()).toEqual(["a", "b", "c", "o", "t"]);
    expect(graph.nodes.find((one) => one.id === "a")).toEqual(node("a", { n: 2, m: 5 }, { name: "First" }));
    expect(graph.links).toEqual([link("a", "b", { static: true }), link("a", "o"), link("a", "t")]);
    expect(graph.layout).toMatchObject({ a: { x: 50, y: 0 }, b: { x: 300, y: 100 } });
    // Whoever is named mine, the same remains.
    const turned = merge(BASE, mine, theirs).graph;
    expect(diff({ ...graph, version: 1 }, { ...turned, version: 1 })).toMatchObject({
      added: [],
      removed: [],
      changed: {},
      links_added: [],
      links_removed: [],
      graph: {},
    });
  });

  test("asks where both changed the same, and does as is chosen", () => {
    const theirs = {
      ...BASE,
      version: 2,
      name: "Theirs",
      nodes: [node("a", { n: 2, m: 1 }), ...BASE.nodes.slice(1)],
    };
    const mine = { ...BASE, name: "Mine", nodes: [node("a", { n: 3, m: 1 }), ...BASE.nodes.slice(1)] };
    const first = merge(BASE, theirs, mine);

    expect(first.conflicts).toMatchObject([
      { kind: "constant", node: "a", name: "n", base: 1, theirs: 2, mine: 3 },
      { kind: "graph", node: "", name: "name", base: "Base", theirs: "Theirs", mine: "Mine" },
    ]);
    expect(first.graph.name).toBe("Mine");
    const key = first.conflicts[0]?.key ?? "";
    const second = merge(BASE, theirs, mine, { [key]: "theirs" });
    expect(second.graph.name).toBe("Mine");
    expect(second.graph.nodes[0]?.constants).toEqual({ n: 2, m: 1 });
    expect(second.conflicts).toEqual(first.conflicts);
  });

  test("asks before a node goes that the other side changed, or linked to", () => {
    const without = { ...BASE, nodes: BASE.nodes.slice(0, 2), links: [link("a", "b")] };
    const changed = { ...BASE, nodes: [...BASE.nodes.slice(0, 2), node("c", { k: 1 })] };
    const linked = { ...BASE, links: [...BASE.links, link("a", "c")] };
    for (const mine of [changed, linked]) {
      const { graph, conflicts } = merge(BASE, without, mine);
      expect(conflicts).toMatchObject([{ kind: "node", node: "c", theirs: undefined }]);
      expect(graph.nodes).toEqual(mine.nodes);
      const key = conflicts[0]?.key ?? "";
      const gone = merge(BASE, without, mine, { [key]: "theirs" }).graph;
      expect(gone.nodes.map((one) => one.id)).toEqual(["a", "b"]);
      expect(gone.links).toEqual([link("a", "b")]);
      expect(merge(BASE, mine, without).conflicts).toMatchObject([
        { kind: "node", node: "c", mine: undefined },
      ]);
    }
    // Nobody touched it: it goes, with its links, and nothing is asked.
    const { graph, conflicts } = merge(BASE, without, { ...BASE, name: "Mine" });
    expect(conflicts).toEqual([]);
    expect(graph.nodes.map((one) => one.id)).toEqual(["a", "b"]);
    expect(graph.links).toEqual([link("a", "b")]);
  });

  test("a constant that was taken away stays away, one that both added differently is asked about", () => {
    const theirs = { ...BASE, nodes: [node("a", { m: 1, p: 1 }), ...BASE.nodes.slice(1)] };
    const mine = { ...BASE, nodes: [node("a", { n: 1, m: 1, p: 2 }), ...BASE.nodes.slice(1)] };
    const { graph, conflicts } = merge(BASE, theirs, mine);

    expect(graph.nodes[0]?.constants).toEqual({ m: 1, p: 2 });
    expect(conflicts).toMatchObject([{ name: "p", base: undefined, theirs: 1, mine: 2 }]);
  });

  test("an agent inside that both changed is asked about whole", () => {
    const inside = (name: string): Graph[] => [{ id: "s", name, version: 1, nodes: [], links: [] }];
    const theirs = { ...BASE, sub_graphs: inside("T") };
    const { graph, conflicts } = merge(BASE, theirs, { ...BASE, sub_graphs: inside("M") });

    expect(conflicts).toMatchObject([{ kind: "inside", node: "s" }]);
    expect(graph.sub_graphs).toEqual(inside("M"));
    expect(merge(BASE, theirs, BASE).graph.sub_graphs).toEqual(inside("T"));
  });

  test("keeps the order that one side gave, and puts what the other added where it stood", () => {
    const mine = { ...BASE, nodes: [BASE.nodes[2], BASE.nodes[0], BASE.nodes[1]] as GraphNode[] };
    const theirs = { ...BASE, nodes: [BASE.nodes[0], node("t"), ...BASE.nodes.slice(1)] as GraphNode[] };

    expect(merge(BASE, theirs, mine).graph.nodes.map((one) => one.id)).toEqual(["c", "a", "t", "b"]);
    expect(merge(BASE, mine, theirs).graph.nodes.map((one) => one.id)).toEqual(["c", "a", "t", "b"]);
  });
});
