import { beforeEach, expect, test, vi } from "vitest";
import { openMarks, pin, toggleBreakpoint, toldOf, unpin, useMarks } from "@/features/builder/debug/marks";
import type { Graph } from "@/graph-core/model";

vi.mock("@/shared/settings", () => {
  const kept = new Map<string, string>();
  return {
    kept: (key: string) => kept.get(key) ?? null,
    keep: (key: string, value: string | null) => (value === null ? kept.delete(key) : kept.set(key, value)),
  };
});

function graphOf(...ids: string[]): Graph {
  return { id: "g", name: "", version: 1, links: [], nodes: ids.map((id) => ({ id, block_id: "b" })) };
}

beforeEach(() => {
  useMarks.setState({ agentId: "one", pinned: {}, breakpoints: [], given: {} });
});

test("a breakpoint is set and taken away, a value pinned and let go", () => {
  toggleBreakpoint("a");
  toggleBreakpoint("b");
  toggleBreakpoint("a");
  pin("c", { out: [1, 2] });
  expect(toldOf(useMarks.getState(), graphOf("a", "b", "c"))).toEqual({
    breakpoints: ["b"],
    pinned: { c: { out: [1, 2] } },
  });
  unpin("c");
  toggleBreakpoint("b");
  expect(toldOf(useMarks.getState(), graphOf("a", "b", "c"))).toEqual({});
});

test("nodes that are gone are not told, those of agents inside are", () => {
  toggleBreakpoint("gone");
  toggleBreakpoint("deep");
  const graph = { ...graphOf("a"), sub_graphs: [graphOf("deep")] };
  expect(toldOf(useMarks.getState(), graph, "a")).toEqual({ until: ["a"], breakpoints: ["deep"] });
});

test("an agent that is saved for the first time keeps its marks, another one does not get them", () => {
  useMarks.setState({ agentId: null });
  toggleBreakpoint("a");
  openMarks("saved", graphOf("a"));
  expect(useMarks.getState()).toMatchObject({ agentId: "saved", breakpoints: ["a"] });
  openMarks("other", graphOf("x"));
  expect(useMarks.getState()).toMatchObject({ agentId: "other", breakpoints: [] });
});
