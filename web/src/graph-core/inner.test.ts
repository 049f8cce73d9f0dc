import { expect, test } from "vitest";
import { apply } from "@/graph-core/edit";
import { pinChanges, run, update } from "@/graph-core/inner";
import type { Graph, Schema } from "@/graph-core/model";

const OLD: Schema = {
  type: "object",
  properties: { text: { type: "string", title: "Text" }, count: { type: "integer" }, gone: {} },
  required: ["text"],
};
const NEW: Schema = {
  type: "object",
  properties: { text: { type: "string", title: "Words" }, count: { type: "string" }, more: {} },
  required: ["text"],
};
const INSIDE: Graph = { id: "s", name: "Inside", version: 2, nodes: [], links: [] };
const offer = {
  id: "s",
  version: 2,
  name: "Inside",
  graph: { ...INSIDE, sub_graphs: [{ ...INSIDE, id: "deep" }] },
  input_schema: NEW,
  output_schema: {},
};
const GRAPH: Graph = {
  id: "g",
  name: "",
  version: 1,
  nodes: [
    {
      id: "one",
      block_id: "agent",
      constants: { graph_id: "s", graph_version: 1, input_schema: OLD, text: "t" },
    },
    { id: "two", block_id: "agent", constants: { graph_id: "s", graph_version: 1 } },
    { id: "other", block_id: "agent", constants: { graph_id: "o" } },
  ],
  links: [{ from: "other", output: "x", to: "one", input: "gone" }],
  sub_graphs: [{ ...INSIDE, version: 1 }],
};

test("a newer version is compared pin by pin; another title is no other pin", () => {
  expect(pinChanges(OLD, NEW)).toEqual({ added: ["more"], removed: ["gone"], changed: ["count"] });
  expect(pinChanges(OLD, { ...OLD, required: ["text", "count"] })).toEqual({
    added: [],
    removed: [],
    changed: ["count"],
  });
  expect(pinChanges(undefined, OLD).added).toEqual(["text", "count", "gone"]);
  expect(pinChanges(OLD, OLD)).toEqual({ added: [], removed: [], changed: [] });
});

test("an update reaches every node that runs the agent, and leaves values and links to be mended", () => {
  const updated = apply(GRAPH, update(GRAPH, offer));

  expect(updated.nodes.map((node) => node.constants?.graph_version)).toEqual([2, 2, undefined]);
  expect(updated.nodes[0]?.constants).toMatchObject({ text: "t", input_schema: NEW });
  expect(updated.links).toEqual(GRAPH.links);
  expect(updated.sub_graphs?.map((one) => [one.id, one.version])).toEqual([
    ["s", 2],
    ["deep", 2],
  ]);
  expect(updated.sub_graphs?.[0]).not.toHaveProperty("sub_graphs");
});

test("a node that is given an agent takes it along", () => {
  const given = apply({ ...GRAPH, sub_graphs: [] }, run(offer, "other"));

  expect(given.nodes[2]?.constants).toMatchObject({ graph_id: "s", graph_version: 2, agent_name: "Inside" });
  expect(given.sub_graphs?.map((one) => one.id)).toEqual(["s", "deep"]);
});
