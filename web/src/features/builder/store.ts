// The agent that is open in the builder.

import { create } from "zustand";
import type { Told } from "@/features/builder/debug/marks";
import { forgetDraft, keepDraft, leftDraft, under } from "@/features/builder/drafts";
import { type Command, type Draft, draftOf, perform, redo, undo } from "@/graph-core/edit";
import { isSameGraph } from "@/graph-core/merge";
import type { BlockSpec, Graph, GraphNode, Specs } from "@/graph-core/model";
import { type Problem, validate } from "@/graph-core/validate";

export interface Builder {
  draft: Draft;
  /** The graph as the server has it; null for one that was never saved. */
  saved: Graph | null;
  /** When it was last saved here. */
  savedAt: string | null;
  agentId: string | null;
  /** An agent that was saved for the first time here: its page goes on with what is open. */
  fresh: string | null;
  specs: Specs;
  problems: Problem[];
  selected: string[];
  /** Pins that a person asked for and did not link yet, by node. */
  extraPins: Record<string, string[]>;
  expanded: Record<string, boolean>;
  /** Whether it is asked what to run with; here, because saving a new agent goes on to its own page. */
  asking: Told | null;
}

const EMPTY: Graph = { id: "", name: "", version: 0, nodes: [], links: [], layout: {} };

export const useBuilder = create<Builder>(() => ({
  draft: draftOf(EMPTY),
  saved: null,
  savedAt: null,
  agentId: null,
  fresh: null,
  specs: new Map(),
  problems: [],
  selected: [],
  extraPins: {},
  expanded: {},
  asking: null,
}));

/** Open a graph as the server has it, or an empty one; the way back from it that was left here stays. */
export function open(agentId: string | null, graph: Graph | null, blocks: BlockSpec[]): void {
  const specs = new Map(blocks.map((block) => [block.id, block]));
  const first = graph ?? EMPTY;
  const left = graph && leftDraft(agentId);
  const resumed = left && isSameGraph(left.draft.graph, graph) ? { ...left.draft, graph } : null;
  useBuilder.setState({
    agentId,
    fresh: null,
    saved: graph,
    savedAt: null,
    specs,
    draft: resumed ?? draftOf(first),
    problems: first.nodes.length > 0 ? validate(first, specs) : [],
    selected: [],
    extraPins: {},
    expanded: {},
    asking: null,
  });
}

/** Note that the server has the graph now, under this id and version; the way back stays. */
export function markSaved(agentId: string, version: number): void {
  useBuilder.setState(({ draft, agentId: before }) => {
    const graph = { ...draft.graph, id: agentId, version };
    return {
      agentId,
      fresh: before === null ? agentId : null,
      saved: graph,
      savedAt: new Date().toISOString(),
      draft: { ...draft, graph },
    };
  });
  forgetDraft(null);
  keepDraft(agentId, useBuilder.getState().draft, version, true);
}

function show(draft: Draft): void {
  const { specs, agentId, saved } = useBuilder.getState();
  useBuilder.setState({ draft, problems: draft.graph.nodes.length > 0 ? validate(draft.graph, specs) : [] });
  keepDraft(agentId, draft, saved?.version ?? 0, draft.graph === saved);
}

export function act(command: Command): void {
  const { draft } = useBuilder.getState();
  const next = perform(draft, command);
  if (next !== draft) show(next);
}

/** Go on with a draft that was left here; what was done since is one step back from it. */
export function takeUp(left: Draft): void {
  const { draft, saved } = useBuilder.getState();
  show(saved ? under(left, saved) : { ...left, graph: { ...left.graph, id: draft.graph.id } });
}

/** Go on from a version that the server has now, whatever is open; saving comes after that one. */
export function goOnFrom(saved: Graph): void {
  useBuilder.setState({ saved });
}

export function back(): void {
  show(undo(useBuilder.getState().draft));
}

export function forth(): void {
  show(redo(useBuilder.getState().draft));
}

export function nodeOf(id: string): GraphNode | undefined {
  return useBuilder.getState().draft.graph.nodes.find((node) => node.id === id);
}

export function specOf(id: string): BlockSpec | undefined {
  const node = nodeOf(id);
  return node && useBuilder.getState().specs.get(node.block_id);
}

export function addPin(node: string, pin: string): void {
  useBuilder.setState(({ extraPins }) => ({
    extraPins: { ...extraPins, [node]: [...new Set([...(extraPins[node] ?? []), pin])] },
  }));
}
