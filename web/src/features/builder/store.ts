// The agent that is open in the builder.

import { create } from "zustand";
import { type Command, type Draft, draftOf, perform, redo, undo } from "@/graph-core/edit";
import type { BlockSpec, Graph, GraphNode, Specs } from "@/graph-core/model";
import { type Problem, validate } from "@/graph-core/validate";
import { keep, kept } from "@/shared/settings";

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
}));

const DRAFTS = "autograph.draft.";

/** A graph that was edited and not saved, and the version it was made on. */
export interface KeptDraft {
  graph: Graph;
  version: number;
  at: string;
}

export function keptDraft(agentId: string | null): KeptDraft | null {
  try {
    return JSON.parse(kept(DRAFTS + (agentId ?? "new")) ?? "null") as KeptDraft | null;
  } catch {
    return null;
  }
}

export function forgetDraft(agentId: string | null): void {
  keep(DRAFTS + (agentId ?? "new"), null);
}

/** Open a graph as the server has it, or an empty one. */
export function open(agentId: string | null, graph: Graph | null, blocks: BlockSpec[]): void {
  const specs = new Map(blocks.map((block) => [block.id, block]));
  const first = graph ?? EMPTY;
  useBuilder.setState({
    agentId,
    fresh: null,
    saved: graph,
    savedAt: null,
    specs,
    draft: draftOf(first),
    problems: first.nodes.length > 0 ? validate(first, specs) : [],
    selected: [],
    extraPins: {},
    expanded: {},
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
  forgetDraft(agentId);
  forgetDraft(null);
}

function show(draft: Draft): void {
  const { specs, agentId, saved } = useBuilder.getState();
  useBuilder.setState({ draft, problems: draft.graph.nodes.length > 0 ? validate(draft.graph, specs) : [] });
  const isChanged = draft.graph !== saved;
  const draftText: KeptDraft = {
    graph: draft.graph,
    version: saved?.version ?? 0,
    at: new Date().toISOString(),
  };
  keep(
    DRAFTS + (agentId ?? "new"),
    isChanged && draft.graph.nodes.length > 0 ? JSON.stringify(draftText) : null,
  );
}

export function act(command: Command): void {
  const { draft } = useBuilder.getState();
  const next = perform(draft, command);
  if (next !== draft) show(next);
}

/** Take a graph from elsewhere (a kept draft, another version) as an edit of this one. */
export function takeOver(graph: Graph): void {
  const { draft } = useBuilder.getState();
  show({ graph, past: [...draft.past, { command: { kind: "describe" }, graph: draft.graph }], future: [] });
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
