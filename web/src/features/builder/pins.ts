// Which pins a node shows, and whether two of them may be linked.

import type { BlockSpec, Graph, GraphLink, GraphNode, Schema } from "@/graph-core/model";
import { isToolPin, parsePin } from "@/graph-core/pins";
import { inputPins, isCredential, outputPins } from "@/graph-core/schemas";
import { linkProblem, within } from "@/graph-core/validate";

export interface ShownPin {
  name: string;
  label: string;
  schema: Schema;
  isRequired: boolean;
}

const SHOWN_AT_MOST = 5;

function labelOf(name: string, known: Record<string, Schema>): string {
  const pin = parsePin(name);
  const title = known[pin.base]?.title || pin.base;
  return [title, ...pin.path].join(" · ");
}

/** The schema of a pin, plain or dynamic; an empty one where nothing is known of it. */
export function schemaOf(
  node: GraphNode,
  spec: BlockSpec | undefined,
  name: string,
  side: "input" | "output",
): Schema {
  if (!spec) return {};
  const known = side === "input" ? inputPins(node, spec) : outputPins(node, spec);
  if (known[name]) return known[name];
  const pin = parsePin(name);
  const base = known[pin.base];
  return (base && within(base, pin.path)) ?? {};
}

/** Inputs that a node shows: what is linked, required or asked for; and everything where that is little. */
export function shownInputs(
  node: GraphNode,
  spec: BlockSpec | undefined,
  linked: ReadonlySet<string>,
  extra: readonly string[],
  isExpanded: boolean,
): { pins: ShownPin[]; folded: number } {
  const known = spec ? inputPins(node, spec) : {};
  const required = new Set(spec?.input_schema.required ?? []);
  const open = Object.entries(known).filter(([, schema]) => !schema.hidden && !isCredential(schema));
  const plain = open.filter(([name, schema]) => !schema.advanced || linked.has(name));
  const few = plain.length <= SHOWN_AT_MOST;
  const shown = (
    isExpanded ? open : plain.filter(([name]) => few || linked.has(name) || required.has(name))
  ).map(([name]) => name);
  const names = [...new Set([...shown, ...linked, ...extra])];
  return {
    pins: names.map((name) => ({
      name,
      label: labelOf(name, known),
      schema: schemaOf(node, spec, name, "input"),
      isRequired: required.has(name),
    })),
    folded: open.length - shown.length,
  };
}

/** Outputs that a node shows; what failed leaves by `error`, which shows once it is linked. */
export function shownOutputs(
  node: GraphNode,
  spec: BlockSpec | undefined,
  linked: ReadonlySet<string>,
  extra: readonly string[],
  isExpanded: boolean,
): ShownPin[] {
  const known = spec ? outputPins(node, spec) : {};
  const isQuiet = (name: string) => name === "error" || (spec?.kind === "Output" && name === "name");
  const names = Object.keys(known).filter((name) => isExpanded || linked.has(name) || !isQuiet(name));
  return [...new Set([...names, ...linked, ...extra])].map((name) => ({
    name,
    label: labelOf(name, known),
    schema: schemaOf(node, spec, name, "output"),
    isRequired: false,
  }));
}

/** Why two pins cannot be linked; null where they can. */
export function whyNot(
  graph: Graph,
  specs: ReadonlyMap<string, BlockSpec>,
  link: Pick<GraphLink, "from" | "output" | "to" | "input">,
): string | null {
  const source = graph.nodes.find((node) => node.id === link.from);
  const sink = graph.nodes.find((node) => node.id === link.to);
  if (!source || !sink) return "";
  if (isToolPin(link.output)) return null;
  const found = linkProblem(
    schemaOf(source, specs.get(source.block_id), link.output, "output"),
    schemaOf(sink, specs.get(sink.block_id), link.input, "input"),
    link.output,
  );
  return found?.severity === "error" ? found.message : null;
}

/** A link as it is saved: what leaves a block with a lasting output stays at the other end. */
export function newLink(
  specs: ReadonlyMap<string, BlockSpec>,
  graph: Graph,
  link: Pick<GraphLink, "from" | "output" | "to" | "input">,
): GraphLink {
  const source = graph.nodes.find((node) => node.id === link.from);
  const isStatic = source ? specs.get(source.block_id)?.static_output === true : false;
  return {
    from: link.from,
    output: link.output,
    to: link.to,
    input: link.input,
    ...(isStatic ? { static: true } : {}),
  };
}
