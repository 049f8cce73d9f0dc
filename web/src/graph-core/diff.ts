// What changed between two versions of a graph. Mirrors graph/diff.py, in the words of the API.

import { linkId } from "@/graph-core/edit";
import {
  type Graph,
  type GraphLink,
  type GraphNode,
  isList,
  isObject,
  type Json,
  type Position,
} from "@/graph-core/model";

/** A value before and after; null where there was, or is, none. */
export interface Change {
  before: Json;
  after: Json;
}

export interface GraphDiff {
  /** Ids of nodes that are new, gone, or only stand elsewhere. */
  added: string[];
  removed: string[];
  moved: string[];
  /** By node, what changed: a constant under its pin, anything else as `@name`, `@policy` … */
  changed: Record<string, Record<string, Change>>;
  links_added: GraphLink[];
  links_removed: GraphLink[];
  /** Nodes or links that stayed stand in another order, which decides who goes first. */
  reordered: boolean;
  graph: Record<string, Change>;
  sub_graphs_added: string[];
  sub_graphs_removed: string[];
  sub_graphs: Record<string, GraphDiff>;
}

/** What a graph says of itself, and what it means when it says nothing. */
export const OF_GRAPH = {
  name: "",
  description: "",
  instructions: null,
  schedule_cron: null,
  policy: {},
} as const satisfies Partial<Record<keyof Graph, Json>>;

/** What a node says of itself beside its constants, and what it means when it says nothing. */
export const OF_NODE = {
  block_id: "",
  name: null,
  policy: {},
  credentials_optional: false,
  metadata: {},
} as const satisfies Partial<Record<keyof GraphNode, Json>>;

/** One text for all ways to write a value: keys in order, what is not there as null. */
export function canonical(value: Json): string {
  if (isList(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
      .join()}}`;
  return JSON.stringify(value ?? null);
}

export function isSame(before: Json, after: Json): boolean {
  return before === after || canonical(before) === canonical(after);
}

export function isSamePlace(before: Position | undefined, after: Position | undefined): boolean {
  return before?.x === after?.x && before?.y === after?.y;
}

export function diff(old: Graph, now: Graph): GraphDiff {
  const before = new Map(old.nodes.map((node) => [node.id, node]));
  const after = new Map(now.nodes.map((node) => [node.id, node]));
  const both = [...before.keys()].filter((id) => after.has(id));
  const [oldLinks, newLinks] = [linksOf(old), linksOf(now)];
  const insideBefore = new Map((old.sub_graphs ?? []).map((one) => [one.id, one]));
  const insideAfter = new Map((now.sub_graphs ?? []).map((one) => [one.id, one]));
  const changed: GraphDiff["changed"] = {};
  for (const id of both) {
    const found = changesOf(before.get(id), after.get(id));
    if (Object.keys(found).length > 0) changed[id] = found;
  }
  const inside: GraphDiff["sub_graphs"] = {};
  for (const [id, one] of insideBefore) {
    const other = insideAfter.get(id);
    const found = other && diff(one, other);
    if (found && touchesAnything(found)) inside[id] = found;
  }
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed,
    moved: both.filter((id) => !isSamePlace(old.layout?.[id], now.layout?.[id])),
    links_added: [...newLinks].filter(([id]) => !oldLinks.has(id)).map(([, link]) => link),
    links_removed: [...oldLinks].filter(([id]) => !newLinks.has(id)).map(([, link]) => link),
    reordered:
      !isSameOrder(
        both,
        [...after.keys()].filter((id) => before.has(id)),
      ) ||
      !isSameOrder(
        [...oldLinks.keys()].filter((id) => newLinks.has(id)),
        [...newLinks.keys()].filter((id) => oldLinks.has(id)),
      ),
    graph: changes(OF_GRAPH, old, now),
    sub_graphs_added: [...insideAfter.keys()].filter((id) => !insideBefore.has(id)),
    sub_graphs_removed: [...insideBefore.keys()].filter((id) => !insideAfter.has(id)),
    sub_graphs: inside,
  };
}

/** Whether both mean the same; a node that only stands elsewhere on the canvas changes nothing. */
export function isEmpty(found: GraphDiff): boolean {
  return (
    found.added.length +
      found.removed.length +
      found.links_added.length +
      found.links_removed.length +
      found.sub_graphs_added.length +
      found.sub_graphs_removed.length +
      Object.keys(found.changed).length +
      Object.keys(found.graph).length ===
      0 &&
    !found.reordered &&
    Object.values(found.sub_graphs).every(isEmpty)
  );
}

/** Whether anything differs at all, places on the canvas included. */
export function touchesAnything(found: GraphDiff): boolean {
  return found.moved.length > 0 || !isEmpty(found);
}

/** What is different about a node, by pin or `@field`. */
export function changesOf(
  before: GraphNode | undefined,
  after: GraphNode | undefined,
): Record<string, Change> {
  if (!before || !after) return {};
  const [old, now] = [before.constants ?? {}, after.constants ?? {}];
  const found: Record<string, Change> = {};
  for (const pin of new Set([...Object.keys(old), ...Object.keys(now)]))
    if (!isSame(old[pin], now[pin])) found[pin] = { before: old[pin] ?? null, after: now[pin] ?? null };
  for (const [name, change] of Object.entries(changes(OF_NODE, before, after))) found[`@${name}`] = change;
  return found;
}

function changes<T extends object>(
  of: { readonly [K in keyof T]?: Json },
  old: T,
  now: T,
): Record<string, Change> {
  const found: Record<string, Change> = {};
  for (const name of Object.keys(of) as Array<keyof T & string>) {
    const [before, after] = [old[name] ?? of[name], now[name] ?? of[name]];
    if (!isSame(before, after)) found[name] = { before, after };
  }
  return found;
}

/** Links with what they are called; one that lasts is another than one that does not. */
function linksOf(graph: Graph): Map<string, GraphLink> {
  return new Map(
    graph.links.map((link) => [
      `${linkId(link)}${link.static ? " static" : ""}`,
      { from: link.from, output: link.output, to: link.to, input: link.input, static: link.static === true },
    ]),
  );
}

function isSameOrder(before: string[], after: string[]): boolean {
  return before.every((id, index) => after[index] === id);
}
