// What a node and an agent take and give, derived from blocks and constants. Mirrors graph/schemas.py.

import { TYPES } from "@/graph-core/coerce";
import {
  type BlockSpec,
  type Graph,
  type GraphNode,
  isList,
  isObject,
  type Json,
  type Schema,
  type Specs,
} from "@/graph-core/model";

export type Pins = Record<string, Schema>;

/** A node's input pins: its block's, and the inputs of the agent or tool it runs. */
export function inputPins(node: GraphNode, spec: BlockSpec): Pins {
  const own = spec.input_schema.properties ?? {};
  if (spec.kind === "Agent") return { ...own, ...embeddedPins(node, "input_schema") };
  // The block's own pins win: an argument of the same name is given by `tool_arguments`.
  if (spec.kind === "MCP Tool") return { ...embeddedPins(node, "tool_input_schema"), ...own };
  return own;
}

/** A node's output pins: its block's, or the outputs of the agent it runs. */
export function outputPins(node: GraphNode, spec: BlockSpec): Pins {
  if (spec.kind === "Agent") return { error: { type: "string" }, ...embeddedPins(node, "output_schema") };
  return spec.output_schema.properties ?? {};
}

export function isCredential(schema: Schema): boolean {
  return schema.credentials_provider !== undefined;
}

/** The pins that a node believes the agent it runs to have. */
export function embeddedPins(node: GraphNode, name: string): Pins {
  const schema = node.constants?.[name];
  const properties = isObject(schema) ? schema.properties : null;
  if (!isObject(properties)) return {};
  return Object.fromEntries(Object.entries(properties).map(([pin, one]) => [pin, sound(one)]));
}

/** What is understood of a schema that came with a file; anything odd in it means any value. */
function sound(found: Json): Schema {
  if (!isObject(found)) return {};
  const kept: Schema = {};
  for (const name of ["default", "const", "secret", "title"]) if (name in found) kept[name] = found[name];
  const kinds = isList(found.type) ? found.type : [found.type];
  const known = kinds.filter((one) => (TYPES as readonly string[]).includes(one));
  if (known.length > 0 && known.length === kinds.length) kept.type = isList(found.type) ? known : known[0];
  if (isList(found.enum) && found.enum.length > 0) kept.enum = found.enum;
  for (const name of ["anyOf", "oneOf"] as const)
    if (isList(found[name]) && found[name].length > 0) kept[name] = found[name].map(sound);
  for (const name of ["items", "additionalProperties"] as const)
    if (isObject(found[name])) kept[name] = sound(found[name]);
  if (isObject(found.properties))
    kept.properties = Object.fromEntries(
      Object.entries(found.properties).map(([name, one]) => [name, sound(one)]),
    );
  return kept;
}

/** The names of what an agent takes, or gives. */
export function namesOf(graph: Graph, specs: Specs, kind: "Input" | "Output"): Set<string> {
  const names = graph.nodes
    .filter((node) => specs.get(node.block_id)?.kind === kind)
    .map((node) => node.constants?.name)
    .filter((name) => typeof name === "string");
  return new Set(names);
}
