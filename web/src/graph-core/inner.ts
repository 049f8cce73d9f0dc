// What a newer version of an agent changes for the nodes that run it.

import { canonical } from "@/graph-core/diff";
import type { Command } from "@/graph-core/edit";
import { type Graph, type GraphNode, isObject, type Json, type Schema } from "@/graph-core/model";

/** What a node is told of the agent that it runs. */
export interface Offer {
  id: string;
  version: number;
  name: string;
  graph: Graph;
  input_schema: Schema;
  output_schema: Schema;
}

export interface PinChanges {
  added: string[];
  removed: string[];
  /** Pins that take, or give, another type, or are required now and were not. */
  changed: string[];
}

/** How an agent's inputs, or outputs, differ from what a node believes them to be. */
export function pinChanges(believed: Json, offered: Schema): PinChanges {
  const before: Schema = isObject(believed) ? believed : {};
  const [old, now] = [before.properties ?? {}, offered.properties ?? {}];
  const must = (schema: Schema, name: string) => schema.required?.includes(name) ?? false;
  return {
    added: Object.keys(now).filter((name) => !(name in old)),
    removed: Object.keys(old).filter((name) => !(name in now)),
    changed: Object.keys(now).filter(
      (name) =>
        name in old &&
        (shape(old[name]) !== shape(now[name]) || (must(offered, name) && !must(before, name))),
    ),
  };
}

/** What of a schema decides which values fit; how it is called or described does not. */
function shape(schema: Json): string {
  if (!isObject(schema)) return canonical(schema);
  const { title: _, description: __, default: ___, placeholder: ____, advanced: _____, ...rest } = schema;
  return canonical(rest);
}

/** The command that has a node run an agent, which then travels along inside. */
export function run(offer: Offer, node: string): Command {
  const { sub_graphs = [], ...graph } = offer.graph;
  return {
    kind: "constants",
    node,
    values: {
      graph_id: offer.id,
      graph_version: offer.version,
      agent_name: offer.name,
      input_schema: offer.input_schema,
      output_schema: offer.output_schema,
    },
    subGraphs: [{ ...graph, id: offer.id, version: offer.version }, ...sub_graphs],
  };
}

/**
 * The command that brings every node which runs an agent to a version of it: only one version of an agent travels
 * along. Links to pins that it has no more stay, broken, until somebody mends them.
 */
export function update(graph: Graph, offer: Offer): Command {
  const nodes: GraphNode[] = graph.nodes.filter((node) => node.constants?.graph_id === offer.id);
  return { kind: "batch", commands: nodes.map((node) => run(offer, node.id)) };
}
