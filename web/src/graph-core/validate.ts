// Everything that is wrong with a graph, at once, in the server's words. Mirrors graph/validate.py.

import { canEverFit, misfit, typesOf, WORDS } from "@/graph-core/coerce";
import {
  type BlockSpec,
  type Graph,
  type GraphLink,
  type GraphNode,
  isList,
  isObject,
  type Json,
  type Schema,
  type Specs,
} from "@/graph-core/model";
import { isToolPin, type PathStep, parsePin } from "@/graph-core/pins";
import { embeddedPins, inputPins, isCredential, namesOf, outputPins, type Pins } from "@/graph-core/schemas";
import { repr } from "@/graph-core/text";
import { cycles, reachable, successors } from "@/graph-core/traverse";

export interface Problem {
  severity: "error" | "warning";
  code: string;
  node: string;
  pin: string;
  message: string;
}

interface Inside {
  version: number;
  takes: Set<string> | null;
  gives: Set<string> | null;
}

/** Check a graph and the agents inside it; `saved` has the ids of agents that nodes may name besides those. */
export function validate(graph: Graph, specs: Specs, saved: ReadonlySet<string> = new Set()): Problem[] {
  const inner = new Map((graph.sub_graphs ?? []).map((one) => [one.id, insideOf(one, specs)]));
  const problems = [...new Checker(graph, specs, inner, saved, "").problems()];
  for (const one of graph.sub_graphs ?? [])
    problems.push(...new Checker(one, specs, inner, new Set([...saved, graph.id]), `${one.id}/`).problems());
  problems.push(...recursions(graph, specs));
  return problems;
}

/** Problems of one severity as `{node: {pin: message}}`, as the API has them. */
export function byNode(
  problems: Problem[],
  severity: Problem["severity"],
): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const one of problems) {
    if (one.severity !== severity) continue;
    const pins = (found[one.node] ??= {});
    pins[one.pin] = pins[one.pin] === undefined ? one.message : `${pins[one.pin]} ${one.message}`;
  }
  return found;
}

function insideOf(graph: Graph, specs: Specs): Inside {
  if (!graph.nodes.every((node) => specs.has(node.block_id)))
    return { version: graph.version, takes: null, gives: null };
  return {
    version: graph.version,
    takes: namesOf(graph, specs, "Input"),
    gives: namesOf(graph, specs, "Output"),
  };
}

function isTrigger(spec: BlockSpec): boolean {
  return spec.kind === "Webhook" || spec.kind === "Webhook (manual)";
}

class Checker {
  private readonly nodes: Map<string, GraphNode>;
  private readonly linked = new Map<string, Set<string>>();
  private readonly left = new Map<string, Set<string>>();

  constructor(
    private readonly graph: Graph,
    private readonly specs: Specs,
    private readonly inside: ReadonlyMap<string, Inside>,
    private readonly elsewhere: ReadonlySet<string>,
    private readonly prefix: string,
  ) {
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    for (const link of graph.links) {
      this.linked.set(link.to, (this.linked.get(link.to) ?? new Set()).add(link.input));
      this.left.set(link.from, (this.left.get(link.from) ?? new Set()).add(link.output));
    }
  }

  *problems(): Generator<Problem> {
    yield* this.duplicates();
    for (const node of this.nodes.values()) {
      const spec = this.specs.get(node.block_id);
      if (spec) yield* this.node(node, spec);
      else
        yield this.error(
          "graph.unknown_block",
          node.id,
          "",
          `There is no block ${node.block_id} in this installation.`,
        );
    }
    for (const link of this.graph.links) yield* this.link(link);
    yield* this.shape();
  }

  private error(code: string, node: string, pin: string, message: string): Problem {
    return { severity: "error", code, node: this.prefix + node, pin, message };
  }

  private warning(code: string, node: string, pin: string, message: string): Problem {
    return { severity: "warning", code, node: this.prefix + node, pin, message };
  }

  private specOf(node: GraphNode): BlockSpec | undefined {
    return this.specs.get(node.block_id);
  }

  private *duplicates(): Generator<Problem> {
    const counts = new Map<string, number>();
    for (const node of this.graph.nodes) counts.set(node.id, (counts.get(node.id) ?? 0) + 1);
    for (const [id, count] of counts)
      if (count > 1)
        yield this.error("graph.duplicate_node", id, "", `${count} nodes have the id ${repr(id)}.`);
    const names = new Map<string, string>();
    for (const node of this.graph.nodes) {
      const name = node.constants?.name;
      if (this.specOf(node)?.kind !== "Input" || typeof name !== "string") continue;
      if (name === "credentials" || name.endsWith("_credentials"))
        yield this.error(
          "graph.reserved_name",
          node.id,
          "name",
          `${repr(name)} is reserved for credentials. Choose another name.`,
        );
      if (names.has(name) && names.get(name) !== node.id)
        yield this.warning(
          "graph.duplicate_input_name",
          node.id,
          "name",
          `Another input is called ${repr(name)} too; both get the same value.`,
        );
      if (!names.has(name)) names.set(name, node.id);
    }
  }

  private *node(node: GraphNode, spec: BlockSpec): Generator<Problem> {
    if (spec.deprecated !== null)
      yield this.warning(
        "graph.deprecated_block",
        node.id,
        "",
        `${spec.name} is deprecated: ${spec.deprecated}`,
      );
    if (spec.kind === "Note") return;
    const linked = this.linked.get(node.id) ?? new Set<string>();
    const known = inputPins(node, spec);
    yield* this.constants(node, known, linked);
    if (spec.kind === "Agent") {
      yield* this.agent(node, known, linked);
      return;
    }
    // What a trigger needs is said when it is set up, and not in the graph.
    if (isTrigger(spec)) return;
    const given = new Set([...linked].map((name) => parsePin(name).base));
    for (const [name, value] of Object.entries(node.constants ?? {}))
      if (hasValue(value)) given.add(parsePin(name).base);
    for (const [pin, schema] of Object.entries(known))
      if (schema["x-aliases"]?.some((one) => given.has(one))) given.add(pin);
    for (const pin of spec.input_schema.required ?? [])
      if (!given.has(pin) && !isCredential(known[pin] ?? {}))
        yield this.error("graph.missing_input", node.id, pin, "This input needs a value or a link.");
  }

  private *constants(node: GraphNode, known: Pins, linked: ReadonlySet<string>): Generator<Problem> {
    for (const [name, value] of Object.entries(node.constants ?? {})) {
      const { broken } = parsePin(name);
      const schema = known[name];
      if (broken !== null)
        yield this.error(
          "graph.broken_dynamic_pin",
          node.id,
          name,
          `${repr(name)} is a broken pin name: ${broken}.`,
        );
      else if (schema && !linked.has(name) && value !== null && value !== undefined) {
        const found = misfit(schema, value);
        if (found !== null && !isBlank(value))
          yield this.error("graph.bad_constant", node.id, name, found.message);
      }
    }
  }

  private *agent(node: GraphNode, known: Pins, linked: ReadonlySet<string>): Generator<Problem> {
    const graphId = node.constants?.graph_id;
    const inside = this.inside.get(graphId);
    if (typeof graphId !== "string" || !graphId)
      yield this.error(
        "graph.sub_graph_missing",
        node.id,
        "graph_id",
        "Choose the agent that this node runs.",
      );
    else if (inside) yield* this.changed(node, inside, linked);
    else if (!this.elsewhere.has(graphId) && graphId !== this.graph.id)
      yield this.error(
        "graph.sub_graph_missing",
        node.id,
        "graph_id",
        `The agent ${graphId} does not travel with this file. Export it with its sub-agents.`,
      );
    const schema = node.constants?.input_schema;
    const typed = node.constants?.inputs;
    const required = isObject(schema) && isList(schema.required) ? schema.required : [];
    const given = new Set([...linked].map((name) => parsePin(name).base));
    for (const values of [node.constants ?? {}, isObject(typed) ? typed : {}])
      for (const [name, value] of Object.entries(values)) if (hasValue(value)) given.add(name);
    for (const pin of required)
      if (typeof pin === "string" && !given.has(pin) && (known[pin]?.default ?? null) === null)
        yield this.error(
          "graph.missing_input",
          node.id,
          pin,
          "The agent that this node runs needs a value or a link here.",
        );
  }

  private *changed(node: GraphNode, inside: Inside, linked: ReadonlySet<string>): Generator<Problem> {
    const version = node.constants?.graph_version;
    const wayOut = "Choose the agent again to bring the node up to date.";
    const tell = (pin: string, message: string) =>
      this.warning("graph.sub_graph_changed", node.id, pin, `${message} ${wayOut}`);
    if (Number.isInteger(version) && version !== inside.version)
      yield tell(
        "graph_version",
        `Version ${version} of the agent is asked for, and version ${inside.version} travels along.`,
      );
    const bases = (names: Iterable<string>, believed: Pins) =>
      [...new Set([...names].map((one) => parsePin(one).base))].filter((one) => one in believed).sort();
    for (const name of bases(linked, embeddedPins(node, "input_schema")))
      if (inside.takes && !inside.takes.has(name))
        yield tell(name, `The agent takes no ${repr(name)}; what arrives here is lost.`);
    for (const name of bases(this.left.get(node.id) ?? [], embeddedPins(node, "output_schema")))
      if (inside.gives && !inside.gives.has(name))
        yield tell(name, `The agent gives no ${repr(name)}; nothing leaves here.`);
  }

  private *link(link: GraphLink): Generator<Problem> {
    const source = this.nodes.get(link.from);
    const sink = this.nodes.get(link.to);
    for (const [end, id, other, node] of [
      ["source", link.from, link.to, source],
      ["sink", link.to, link.from, sink],
    ] as const)
      if (!node)
        yield this.error(
          "graph.dangling_link",
          other,
          "",
          `A link's ${end} is the node ${repr(id)}, which does not exist.`,
        );
    if (!source || !sink) return;
    const from = this.pin(source, link.output, "output");
    const to = this.pin(sink, link.input, "input");
    if (isProblem(from)) yield from;
    if (isProblem(to)) yield to;
    if (from === null || to === null || isProblem(from) || isProblem(to)) return;
    const message = linkProblem(from, to, link.output);
    if (message)
      yield {
        ...this.error("graph.incompatible_link", link.to, link.input, message.message),
        severity: message.severity,
      };
  }

  private pin(node: GraphNode, name: string, side: "input" | "output"): Schema | Problem | null {
    const spec = this.specOf(node);
    if (!spec || (side === "output" && isToolPin(name))) return null;
    const pin = parsePin(name);
    if (pin.broken !== null)
      return this.error(
        "graph.broken_dynamic_pin",
        node.id,
        name,
        `${repr(name)} is a broken pin name: ${pin.broken}.`,
      );
    const known = side === "input" ? inputPins(node, spec) : outputPins(node, spec);
    if (known[name]) return known[name];
    if (side === "input" && Object.values(known).some((schema) => schema["x-aliases"]?.includes(pin.base)))
      return null;
    const base = known[pin.base];
    if (base === undefined)
      return this.error(
        "graph.unknown_pin",
        node.id,
        name,
        `${spec.name} has no ${side} ${repr(pin.base)}. It has: ${Object.keys(known).join(", ") || "none"}.`,
      );
    return within(base, pin.path);
  }

  private *shape(): Generator<Problem> {
    const running = [...this.nodes.values()].filter((node) => this.specOf(node)?.kind !== "Note");
    if (running.length === 0) {
      yield this.error("graph.nothing_starts", "", "", "The graph has no node that runs. Add a block.");
      return;
    }
    const waiting = new Set(
      this.graph.links
        .filter((link) => this.nodes.has(link.from) && !this.leadsBack(link))
        .map((link) => link.to),
    );
    const starts = running
      .filter((node) => !waiting.has(node.id) || this.specOf(node)?.kind === "Input")
      .map((node) => node.id);
    if (starts.length === 0) {
      yield this.error(
        "graph.nothing_starts",
        "",
        "",
        "Every node waits for another one, so nothing starts. Add an input.",
      );
      return;
    }
    const follows = successors(this.graph);
    const reached = reachable(starts, follows);
    for (const node of running)
      if (!reached.has(node.id))
        yield this.warning("graph.unreachable_node", node.id, "", "Nothing leads here, so it never runs.");
    for (const group of cycles(follows)) {
      const inside = new Set(group);
      if (group.every((id) => follows.get(id)?.every((one) => inside.has(one))))
        yield this.warning(
          "graph.endless_cycle",
          group[0] ?? "",
          "",
          "It is part of a circle that nothing leads out of; it runs until a limit stops it.",
        );
    }
  }

  private leadsBack(link: GraphLink): boolean {
    const sink = this.nodes.get(link.to);
    const spec = sink && this.specOf(sink);
    return spec?.input_schema.properties?.[link.input]?.["x-loop"] === true;
  }
}

function isProblem(found: Schema | Problem | null): found is Problem {
  return found !== null && "severity" in found && "message" in found;
}

function* recursions(graph: Graph, specs: Specs): Generator<Problem> {
  const all = new Map([graph, ...(graph.sub_graphs ?? [])].map((one) => [one.id, one]));
  const follows = new Map<string, string[]>([...all.keys()].map((id) => [id, []]));
  const callers: Array<{ caller: string; target: string; node: string }> = [];
  for (const one of all.values())
    for (const node of one.nodes) {
      const target = node.constants?.graph_id;
      if (specs.get(node.block_id)?.kind !== "Agent" || typeof target !== "string" || !all.has(target))
        continue;
      follows.get(one.id)?.push(target);
      if (!callers.some((pair) => pair.caller === one.id && pair.target === target))
        callers.push({ caller: one.id, target, node: node.id });
    }
  for (const group of cycles(follows)) {
    const found = callers.find((pair) => group.includes(pair.caller) && group.includes(pair.target));
    if (!found) continue;
    yield {
      severity: "error",
      code: "graph.sub_graph_recursive",
      node: found.caller === graph.id ? found.node : `${found.caller}/${found.node}`,
      pin: "graph_id",
      message: `The agent ${found.target} ends up running itself.`,
    };
  }
}

/** What is wrong with a link from one pin to another; null where nothing is. */
export function linkProblem(
  source: Schema,
  sink: Schema,
  from: string,
): Pick<Problem, "severity" | "message"> | null {
  if (!canEverFit(source, sink))
    return {
      severity: "error",
      message: `It gets ${inWords(source)} from ${repr(from)} and takes ${inWords(sink)}.`,
    };
  if (
    isOnly(source, ["array", "object", "null"]) &&
    isOnly(sink, ["string", "number", "integer", "boolean", "null"])
  )
    return {
      severity: "warning",
      message: `It gets ${inWords(source)} from ${repr(from)}, which becomes ${inWords(sink)}.`,
    };
  return null;
}

/** The schema of what a path leads to; null where nothing is known of it. */
export function within(schema: Schema, path: PathStep[]): Schema | null {
  let found = schema;
  for (const step of path) {
    let inner: Json = typeof step === "number" ? found.items : found.properties?.[step];
    if ((inner === undefined || inner === null) && typeof step === "string")
      inner = found.additionalProperties;
    if (!isObject(inner)) return null;
    found = inner as Schema;
  }
  return found;
}

function isOnly(schema: Schema, types: string[]): boolean {
  return [...typesOf(schema)].every((one) => types.includes(one));
}

/** A schema's types in words: "text or a number". */
export function inWords(schema: Schema): string {
  const names = [...typesOf(schema)].filter((one) => one !== "null").sort();
  return names.map((one) => WORDS[one] ?? one).join(" or ") || "nothing";
}

// A space or a line break is a value: texts are split at them.
function hasValue(value: Json): boolean {
  return value !== null && value !== undefined && value !== "";
}

function isBlank(value: Json): boolean {
  return typeof value === "string" && value.trim() === "";
}
