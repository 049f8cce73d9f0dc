// Reading parts of graphs, and whole agents, from text: the clipboard's, or a file's. Ours, or AutoGPT's.

import type { Part } from "@/graph-core/edit";
import {
  type GraphLink,
  type GraphNode,
  isList,
  isObject,
  type Json,
  type Position,
} from "@/graph-core/model";

/** A part, and what the agent that it was says of itself. */
export interface ReadPart extends Part {
  name?: string;
  description?: string;
}

/** What a text holds; null where it is no part of a graph. */
export function readPart(text: string): ReadPart | null {
  try {
    const found = JSON.parse(text);
    // AutoGPT's API wraps an agent, and ours takes both.
    return partOf(isObject(found?.graph) ? found.graph : found);
  } catch {
    return null;
  }
}

function partOf(found: Json): ReadPart | null {
  if (!isObject(found) || !isList(found.nodes) || !found.nodes.every(isNode)) return null;
  const nodes = found.nodes.map(nodeOf);
  const ids = new Set(nodes.map((node) => node.id));
  const links = (isList(found.links) ? found.links : []).map(linkOf);
  const layout: Record<string, Position> = isObject(found.layout) ? { ...found.layout } : {};
  for (const node of found.nodes) {
    const place = node.metadata?.position;
    if (isPlace(place) && !layout[node.id]) layout[node.id] = { x: place.x, y: place.y };
  }
  const inside = found.sub_graphs;
  const isOurs =
    isList(inside) && inside.every((one) => isObject(one) && isList(one.nodes) && !isForeign(one.nodes));
  return {
    nodes,
    links: links.filter((link) => link !== null && ids.has(link.from) && ids.has(link.to)) as GraphLink[],
    layout,
    ...(isOurs && inside.length > 0 ? { sub_graphs: inside } : {}),
    ...(typeof found.name === "string" ? { name: found.name } : {}),
    ...(typeof found.description === "string" ? { description: found.description } : {}),
  };
}

function isNode(found: Json): boolean {
  return isObject(found) && typeof found.id === "string" && typeof found.block_id === "string";
}

function isForeign(nodes: Json[]): boolean {
  return nodes.some(
    (node) => isObject(node) && ("input_default" in node || isPlace(node.metadata?.position)),
  );
}

function isPlace(found: Json): boolean {
  return isObject(found) && typeof found.x === "number" && typeof found.y === "number";
}

/** A node as we keep it: AutoGPT has constants as `input_default`, and names and places among the metadata. */
function nodeOf(found: Record<string, Json>): GraphNode {
  if (!isForeign([found])) return found as unknown as GraphNode;
  const { position: _, customized_name, credentials_optional, policy, ...rest } = found.metadata ?? {};
  const constants = found.input_default ?? found.constants;
  return {
    id: found.id,
    block_id: found.block_id,
    ...(typeof customized_name === "string" && customized_name ? { name: customized_name } : {}),
    ...(isObject(constants) ? { constants } : {}),
    ...(isObject(policy) ? { policy } : {}),
    ...(credentials_optional === true ? { credentials_optional } : {}),
    ...(Object.keys(rest).length > 0 ? { metadata: rest } : {}),
  };
}

function linkOf(found: Json): GraphLink | null {
  if (!isObject(found)) return null;
  const [from, output, to, input] = [
    found.source_id ?? found.from,
    found.source_name ?? found.output,
    found.sink_id ?? found.to,
    found.sink_name ?? found.input,
  ];
  if (![from, output, to, input].every((one) => typeof one === "string" && one)) return null;
  const lasts = found.is_static === true || found.static === true;
  return { from, output, to, input, ...(lasts ? { static: true } : {}) };
}
