import { expect, test } from "vitest";
import {
  apply,
  draftOf,
  groupOf,
  groupsOf,
  historyOf,
  linkId,
  partOf,
  pasted,
  perform,
  redo,
  replayed,
  undo,
} from "@/graph-core/edit";
import type { Graph } from "@/graph-core/model";

const GRAPH: Graph = {
  id: "g",
  name: "A graph",
  version: 1,
  nodes: [
    { id: "a", block_id: "x" },
    { id: "b", block_id: "y", constants: { n: 1 } },
  ],
  links: [{ from: "a", output: "o", to: "b", input: "i" }],
  layout: { a: { x: 10, y: 20 }, b: { x: 300, y: 40 } },
};
const LINK = linkId({ from: "a", output: "o", to: "b", input: "i" });

test("a node takes its links and its place with it, and undo brings all of it back", () => {
  const draft = perform(draftOf(GRAPH), { kind: "remove", nodes: ["a"], links: [] });

  expect(draft.graph.nodes.map((node) => node.id)).toEqual(["b"]);
  expect(draft.graph.links).toEqual([]);
  expect(draft.graph.layout).toEqual({ b: { x: 300, y: 40 } });
  expect(undo(draft).graph).toBe(GRAPH);
  expect(redo(undo(draft)).graph).toBe(draft.graph);
});

test("typing on in one field is one step back; another field is another", () => {
  let draft = draftOf(GRAPH);
  for (const n of [2, 3, 4]) draft = perform(draft, { kind: "constants", node: "b", values: { n } });
  draft = perform(draft, { kind: "constants", node: "b", values: { m: 1 } });

  expect(draft.graph.nodes[1]?.constants).toEqual({ n: 4, m: 1 });
  expect(undo(draft).graph.nodes[1]?.constants).toEqual({ n: 4 });
  expect(undo(undo(draft)).graph).toBe(GRAPH);
});

test("a command after undo ends what could be redone", () => {
  const undone = undo(perform(draftOf(GRAPH), { kind: "rename", node: "a", name: "A" }));
  const draft = perform(undone, { kind: "describe", name: "B" });

  expect(redo(draft)).toBe(draft);
  expect(undo(draftOf(GRAPH)).graph).toBe(GRAPH);
});

test("a link is there once", () => {
  const link = GRAPH.links[0];
  expect(link && apply(GRAPH, { kind: "link", link })).toBe(GRAPH);
  expect(apply(GRAPH, { kind: "remove", nodes: [], links: [LINK] }).links).toEqual([]);
});

test("a name, a policy or a constant that is taken away leaves nothing behind", () => {
  const named = apply(GRAPH, { kind: "rename", node: "a", name: "A" });
  const bound = apply(named, { kind: "policy", node: "a", policy: { timeout: 5 } });

  expect(bound.nodes[0]).toEqual({ id: "a", block_id: "x", name: "A", policy: { timeout: 5 } });
  const bare = apply(apply(bound, { kind: "rename", node: "a", name: "" }), {
    kind: "policy",
    node: "a",
    policy: {},
  });
  expect(bare.nodes[0]).toEqual({ id: "a", block_id: "x" });
  expect(
    apply(GRAPH, { kind: "constants", node: "b", values: { n: undefined } }).nodes[1]?.constants,
  ).toEqual({});
});

test("what is copied is pasted under new ids, with the links inside it, where it is wanted", () => {
  const part = partOf(GRAPH, new Set(["a", "b"]));
  let count = 0;
  const command = pasted(part, { x: 0, y: 0 }, () => `new${++count}`);

  expect(command.nodes.map((node) => node.id)).toEqual(["new1", "new2"]);
  expect(command.links).toEqual([{ from: "new1", output: "o", to: "new2", input: "i" }]);
  expect(command.layout).toEqual({ new1: { x: 0, y: 0 }, new2: { x: 290, y: 20 } });
});

test("links to nodes that were not copied are left out", () => {
  expect(partOf(GRAPH, new Set(["a"])).links).toEqual([]);
});

test("a way is written down, gone again, and leads to the same steps back and forth", () => {
  let draft = perform(draftOf(GRAPH), { kind: "constants", node: "b", values: { n: 1 } });
  for (const n of [2, 3]) draft = perform(draft, { kind: "constants", node: "b", values: { n } });
  draft = perform(draft, { kind: "rename", node: "a", name: "A" });
  draft = perform(draft, { kind: "constants", node: "b", values: { n: undefined } });
  draft = undo(perform(draft, { kind: "remove", nodes: ["a"], links: [] }));
  const again = replayed(JSON.parse(JSON.stringify(historyOf(draft, 100))));

  expect(again.graph).toEqual(draft.graph);
  expect(undo(again).graph).toEqual(undo(draft).graph);
  expect(undo(undo(undo(again))).graph).toEqual(GRAPH);
  expect(redo(again).graph).toEqual(redo(draft).graph);
  // Only the last steps, where there were many.
  expect(undo(undo(replayed(historyOf(draft, 1)))).graph).toEqual(undo(draft).graph);
});

test("several changes are one step back; another graph is one step, too", () => {
  const batch = perform(draftOf(GRAPH), {
    kind: "batch",
    commands: [
      { kind: "rename", node: "a", name: "A" },
      { kind: "remove", nodes: ["b"], links: [] },
    ],
  });
  expect(batch.graph.nodes).toEqual([{ id: "a", block_id: "x", name: "A" }]);
  expect(undo(batch).graph).toBe(GRAPH);
  const other = { ...GRAPH, name: "Other" };
  expect(perform(draftOf(GRAPH), { kind: "replace", graph: other }).graph).toBe(other);
});

test("a group is a name that nodes share, kept where every file keeps it", () => {
  const node = { id: "b", block_id: "x", metadata: { colour: "red" } };
  const graph = { ...GRAPH, nodes: [{ id: "a", block_id: "x" }, node] };
  const grouped = apply(graph, { kind: "group", nodes: ["a", "b"], name: "Both" });

  expect(groupsOf(grouped)).toEqual(new Map([["Both", ["a", "b"]]]));
  expect(grouped.nodes[1]?.metadata).toEqual({ colour: "red", group: "Both" });
  expect(apply(grouped, { kind: "group", nodes: ["a", "b"], name: "" })).toEqual(graph);
  expect(groupOf({ id: "c", block_id: "x", metadata: { group: 5 } })).toBe("");
});
