// Changing a graph: every change is a command, every command can be taken back. Graphs are never changed in place.

import type { Graph, GraphLink, GraphNode, Json, Policy, Position } from "@/graph-core/model";

export type Command =
  | {
      kind: "add";
      nodes: GraphNode[];
      links: GraphLink[];
      layout: Record<string, Position>;
      subGraphs?: Graph[];
    }
  | { kind: "remove"; nodes: string[]; links: string[] }
  | { kind: "move"; to: Record<string, Position> }
  | {
      kind: "constants";
      node: string;
      /** A value that is undefined takes the constant away, as a name in `without` does. */
      values: Record<string, Json>;
      without?: string[];
      subGraphs?: Graph[];
    }
  | { kind: "rename"; node: string; name: string }
  | { kind: "policy"; node: string; policy: Policy }
  | { kind: "link"; link: GraphLink }
  | { kind: "describe"; name?: string; description?: string }
  /** Put nodes into the group of that name; an empty name takes them out of theirs. */
  | { kind: "group"; nodes: string[]; name: string }
  /** Take another graph in place of this one: a kept draft, an earlier version, what a merge gave. */
  | { kind: "replace"; graph: Graph }
  /** Several changes that are one step back. */
  | { kind: "batch"; commands: Command[] };

/** A graph that is being edited, and the way back and forth. */
export interface Draft {
  graph: Graph;
  past: ReadonlyArray<Moment>;
  future: ReadonlyArray<Moment>;
}

/** The graph before a command; graphs share what did not change, so a moment costs little. */
interface Moment {
  command: Command;
  graph: Graph;
}

const KEPT = 500;

/** The node's metadata that names its group: it goes along in every file, ours and AutoGPT's. */
const GROUP = "group";

/** What a link is called: its two ends. */
export function linkId(link: GraphLink): string {
  return JSON.stringify([link.from, link.output, link.to, link.input]);
}

export function draftOf(graph: Graph): Draft {
  return { graph, past: [], future: [] };
}

/** Carry a command out; typing on in one field is one step back. */
export function perform(draft: Draft, command: Command): Draft {
  const graph = apply(draft.graph, command);
  if (graph === draft.graph) return draft;
  const last = draft.past.at(-1);
  const goesOn = last !== undefined && draft.future.length === 0 && isSameField(last.command, command);
  const past = goesOn
    ? [...draft.past.slice(0, -1), { command, graph: last.graph }]
    : [...draft.past, { command, graph: draft.graph }].slice(-KEPT);
  return { graph, past, future: [] };
}

/** The way to a draft as commands: what can be written down and gone again. */
export interface History {
  first: Graph;
  done: Command[];
  undone: Command[];
}

/** The last steps of a draft, and those that were taken back. */
export function historyOf(draft: Draft, steps: number): History {
  const past = draft.past.slice(-steps);
  return {
    first: past[0]?.graph ?? draft.graph,
    done: past.map((one) => written(one.command)),
    undone: draft.future.slice(0, steps).map((one) => written(one.command)),
  };
}

/** A command in which nothing is undefined: JSON knows no such value. */
function written(command: Command): Command {
  if (command.kind === "batch") return { ...command, commands: command.commands.map(written) };
  if (command.kind !== "constants") return command;
  const without = Object.keys(command.values).filter((name) => command.values[name] === undefined);
  return without.length === 0 ? command : { ...command, without: [...(command.without ?? []), ...without] };
}

/** Go a way again. */
export function replayed(history: History): Draft {
  const past: Moment[] = [];
  let graph = history.first;
  for (const command of history.done) {
    past.push({ command, graph });
    graph = apply(graph, command);
  }
  const future: Moment[] = [];
  let later = graph;
  for (const command of history.undone) {
    later = apply(later, command);
    future.push({ command, graph: later });
  }
  return { graph, past, future };
}

export function undo(draft: Draft): Draft {
  const last = draft.past.at(-1);
  if (last === undefined) return draft;
  return {
    graph: last.graph,
    past: draft.past.slice(0, -1),
    future: [{ command: last.command, graph: draft.graph }, ...draft.future],
  };
}

export function redo(draft: Draft): Draft {
  const [next, ...future] = draft.future;
  if (next === undefined) return draft;
  return { graph: next.graph, past: [...draft.past, { command: next.command, graph: draft.graph }], future };
}

function isSameField(before: Command, after: Command): boolean {
  if (before.kind === "constants" && after.kind === "constants")
    return (
      before.node === after.node && String(Object.keys(before.values)) === String(Object.keys(after.values))
    );
  if (before.kind === "group" && after.kind === "group") return String(before.nodes) === String(after.nodes);
  if (before.kind === "rename" && after.kind === "rename") return before.node === after.node;
  return before.kind === "describe" && after.kind === "describe" && "name" in before === "name" in after;
}

/** The graph after a command; the same one when it changes nothing. */
export function apply(graph: Graph, command: Command): Graph {
  switch (command.kind) {
    case "add":
      return {
        ...graph,
        nodes: [...graph.nodes, ...command.nodes],
        links: [...graph.links, ...command.links],
        layout: { ...graph.layout, ...command.layout },
        ...carried(graph, command.subGraphs),
      };
    case "remove":
      return removed(graph, new Set(command.nodes), new Set(command.links));
    case "move":
      return { ...graph, layout: { ...graph.layout, ...command.to } };
    case "constants":
      return {
        ...withNode(graph, command.node, (node) => constants(node, command.values, command.without)),
        ...carried(graph, command.subGraphs),
      };
    case "rename":
      return withNode(graph, command.node, ({ name: _, ...node }) =>
        command.name === "" ? node : { ...node, name: command.name },
      );
    case "policy":
      return withNode(graph, command.node, ({ policy: _, ...node }) =>
        Object.keys(command.policy).length === 0 ? node : { ...node, policy: command.policy },
      );
    case "link":
      return linked(graph, command.link);
    case "describe": {
      const { kind: _, ...words } = command;
      return { ...graph, ...words };
    }
    case "group": {
      const inside = new Set(command.nodes);
      return {
        ...graph,
        nodes: graph.nodes.map((node) => (inside.has(node.id) ? grouped(node, command.name) : node)),
      };
    }
    case "replace":
      return command.graph;
    case "batch":
      return command.commands.reduce(apply, graph);
  }
}

function grouped(node: GraphNode, name: string): GraphNode {
  const { metadata, ...plain } = node;
  const { [GROUP]: _, ...rest } = metadata ?? {};
  const kept = name === "" ? rest : { ...rest, [GROUP]: name };
  return Object.keys(kept).length === 0 ? plain : { ...plain, metadata: kept };
}

/** The group that a node is in; empty for none. */
export function groupOf(node: GraphNode): string {
  const name = node.metadata?.[GROUP];
  return typeof name === "string" ? name : "";
}

/** Nodes by the name of their group, in the graph's order. */
export function groupsOf(graph: Graph): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const node of graph.nodes) {
    const name = groupOf(node);
    if (name) groups.set(name, [...(groups.get(name) ?? []), node.id]);
  }
  return groups;
}

function withNode(graph: Graph, id: string, change: (node: GraphNode) => GraphNode): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

function constants(node: GraphNode, values: Record<string, Json>, without: string[] = []): GraphNode {
  const kept = Object.entries({ ...node.constants, ...values }).filter(
    ([name, value]) => value !== undefined && !without.includes(name),
  );
  return { ...node, constants: Object.fromEntries(kept) };
}

/** The agents that travel along, with more of them. */
function carried(graph: Graph, more: Graph[] | undefined): Partial<Graph> {
  if (!more || more.length === 0) return {};
  const ids = new Set(more.map((one) => one.id));
  return { sub_graphs: [...(graph.sub_graphs ?? []).filter((one) => !ids.has(one.id)), ...more] };
}

function removed(graph: Graph, nodes: ReadonlySet<string>, links: ReadonlySet<string>): Graph {
  if (nodes.size === 0 && links.size === 0) return graph;
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !nodes.has(node.id)),
    links: graph.links.filter(
      (link) => !nodes.has(link.from) && !nodes.has(link.to) && !links.has(linkId(link)),
    ),
    layout: Object.fromEntries(Object.entries(graph.layout ?? {}).filter(([id]) => !nodes.has(id))),
  };
}

/** A link is there once; two ends that are linked stay as they are. */
function linked(graph: Graph, link: GraphLink): Graph {
  const id = linkId(link);
  return graph.links.some((one) => linkId(one) === id) ? graph : { ...graph, links: [...graph.links, link] };
}

/** Some nodes, the links between them and where they stand: what is copied. */
export interface Part {
  nodes: GraphNode[];
  links: GraphLink[];
  layout: Record<string, Position>;
  sub_graphs?: Graph[];
}

export function partOf(graph: Graph, ids: ReadonlySet<string>): Part {
  const nodes = graph.nodes.filter((node) => ids.has(node.id));
  const inside = nodes.some((node) => node.constants?.graph_id !== undefined) ? graph.sub_graphs : undefined;
  return {
    nodes,
    links: graph.links.filter((link) => ids.has(link.from) && ids.has(link.to)),
    layout: Object.fromEntries(Object.entries(graph.layout ?? {}).filter(([id]) => ids.has(id))),
    ...(inside ? { sub_graphs: inside } : {}),
  };
}

/** The command that adds a copy of a part, under new ids, its upper left corner at a place. */
export function pasted(part: Part, at: Position, newId: () => string): Command & { kind: "add" } {
  const ids = new Map(part.nodes.map((node) => [node.id, newId()]));
  const places = part.nodes.map((node) => part.layout[node.id] ?? { x: 0, y: 0 });
  const left = Math.min(...places.map((one) => one.x));
  const top = Math.min(...places.map((one) => one.y));
  const id = (old: string) => ids.get(old) ?? old;
  return {
    kind: "add",
    nodes: part.nodes.map((node) => ({ ...node, id: id(node.id) })),
    links: part.links.map((link) => ({ ...link, from: id(link.from), to: id(link.to) })),
    layout: Object.fromEntries(
      part.nodes.map((node, index) => [
        id(node.id),
        { x: (places[index]?.x ?? 0) - left + at.x, y: (places[index]?.y ?? 0) - top + at.y },
      ]),
    ),
    ...(part.sub_graphs ? { subGraphs: part.sub_graphs } : {}),
  };
}
