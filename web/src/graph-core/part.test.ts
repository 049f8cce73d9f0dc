import { expect, test } from "vitest";
import { partOf } from "@/graph-core/edit";
import type { Graph } from "@/graph-core/model";
import { readPart } from "@/graph-core/part";

const GRAPH: Graph = {
  id: "g",
  name: "A graph",
  version: 1,
  nodes: [
    { id: "a", block_id: "x", name: "First", metadata: { group: "G" } },
    { id: "b", block_id: "y", constants: { n: 1 } },
  ],
  links: [{ from: "a", output: "o", to: "b", input: "i", static: true }],
  layout: { a: { x: 10, y: 20 }, b: { x: 300, y: 40 } },
};

test("what was copied is read as it was", () => {
  const part = partOf(GRAPH, new Set(["a", "b"]));
  expect(readPart(JSON.stringify(part))).toEqual(part);
});

test("an agent file is read, with its name", () => {
  expect(readPart(JSON.stringify({ autograph: 1, ...GRAPH }))).toEqual({
    ...partOf(GRAPH, new Set(["a", "b"])),
    name: "A graph",
  });
});

test("AutoGPT's form is read, bare or wrapped", () => {
  const theirs = {
    name: "A graph",
    nodes: [
      {
        id: "a",
        block_id: "x",
        input_default: {},
        metadata: { position: { x: 10, y: 20 }, customized_name: "First", group: "G" },
      },
      { id: "b", block_id: "y", input_default: { n: 1 }, metadata: { position: { x: 300, y: 40 } } },
    ],
    links: [{ id: "l", source_id: "a", source_name: "o", sink_id: "b", sink_name: "i", is_static: true }],
  };
  const expected = {
    nodes: [{ ...GRAPH.nodes[0], constants: {} }, GRAPH.nodes[1]],
    links: GRAPH.links,
    layout: GRAPH.layout,
    name: "A graph",
  };
  expect(readPart(JSON.stringify(theirs))).toEqual(expected);
  expect(readPart(JSON.stringify({ graph: theirs }))).toEqual(expected);
});

test.each(["", "{", "[]", '{"nodes": 1}', '{"nodes": [{"id": 1}]}', "null", '{"nodes": [null]}'])(
  "%s is no part of a graph",
  (text) => {
    expect(readPart(text)).toBeNull();
  },
);

test("links to nodes that did not come along are left out", () => {
  const one = { nodes: GRAPH.nodes.slice(0, 1), links: [...GRAPH.links, null, { from: "a" }] };
  expect(readPart(JSON.stringify(one))?.links).toEqual([]);
});
