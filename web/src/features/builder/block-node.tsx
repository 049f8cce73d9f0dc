import { Handle, type Node, type NodeProps, Position, useConnection, useStore } from "@xyflow/react";
import { AlertTriangle, ChevronDown, Eye } from "lucide-react";
import { memo } from "react";
import { NodeMarks, useIsPinned } from "@/features/builder/debug/marks-view";
import { useLastAt } from "@/features/builder/debug/watching";
import { NewerMark } from "@/features/builder/inner-agent";
import { blockColour, FAR, familyOf, pinColour, pinLook } from "@/features/builder/look";
import { newLink, type ShownPin, shownInputs, shownOutputs, whyNot } from "@/features/builder/pins";
import { useBuilder } from "@/features/builder/store";
import { type BlockSpec, type GraphNode, isList, isObject, type Json, type Schema } from "@/graph-core/model";
import type { Step } from "@/graph-core/overlay";
import { spaced } from "@/graph-core/text";
import { duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { StateIcon } from "@/shared/ui/state";
import { textOfValue } from "@/shared/value/kinds";

export interface BlockData extends Record<string, unknown> {
  node: GraphNode;
  spec: BlockSpec | undefined;
  linkedIn: ReadonlySet<string>;
  linkedOut: ReadonlySet<string>;
  errors: Readonly<Record<string, string>>;
  warnings: Readonly<Record<string, string>>;
  extra: readonly string[];
  isExpanded: boolean;
  step: Step | undefined;
  runs: number;
  text: string | undefined;
}

export type BlockNodeType = Node<BlockData, "block">;

const SHOWN_TEXT = 400;

/** What a node is called. */
export function titleOf(node: GraphNode, spec: BlockSpec | undefined): string {
  if (node.name) return node.name;
  const named = node.constants?.title ?? node.constants?.name ?? node.constants?.agent_name;
  if (
    spec &&
    (spec.kind === "Input" || spec.kind === "Output" || spec.kind === "Agent") &&
    typeof named === "string" &&
    named
  )
    return named;
  return spec ? spaced(spec.name) : node.block_id.slice(0, 8);
}

const RINGS: Partial<Record<Step["state"], string>> = {
  queued: "border-dashed border-edge",
  running: "border-live ring-4 ring-live/20",
  retrying: "border-wait ring-4 ring-wait/20",
  waiting: "border-wait ring-4 ring-wait/20",
  completed: "border-good",
  reused: "border-edge",
  failed: "border-bad ring-4 ring-bad/20",
};

export const BlockNode = memo(function BlockNode(props: NodeProps<BlockNodeType>) {
  const isFar = useStore((state) => state.transform[2] < FAR);
  return isFar ? <Tile {...props} /> : <Card {...props} />;
});

function ringOf({ spec, step, errors }: BlockData, isSelected: boolean): string {
  if (isSelected) return "border-accent ring-2 ring-accent/60";
  const hasErrors = Object.keys(errors).length > 0 || !spec;
  return (step && RINGS[step.state]) ?? (hasErrors ? "border-bad/60" : "border-line");
}

function pinsOf({ node, spec, linkedIn, linkedOut, extra, isExpanded }: BlockData) {
  const [into, out] = [
    extra.filter((name) => !name.startsWith("out:")),
    extra.filter((name) => name.startsWith("out:")).map((name) => name.slice(4)),
  ];
  return {
    inputs: shownInputs(node, spec, linkedIn, into, isExpanded),
    outputs: shownOutputs(node, spec, linkedOut, out, isExpanded),
  };
}

const HEAD_HEIGHT = 49;
const PIN_HEIGHT = 24;

/** A node from afar: its colour, its name, and the ends of its links, where they are when one is near. */
function Tile({ id, data, selected, height }: NodeProps<BlockNodeType>) {
  const isPinned = useIsPinned(id);
  const { inputs, outputs } = pinsOf(data);
  const title = titleOf(data.node, data.spec);
  const rows = Math.max(inputs.pins.length, outputs.length);
  const ends = (names: string[], linked: ReadonlySet<string>, type: "target" | "source") =>
    names.map((name, index) =>
      linked.has(name) ? (
        <Handle
          key={name}
          type={type}
          id={name}
          position={type === "target" ? Position.Left : Position.Right}
          isConnectable={false}
          className="pin"
          style={{ top: HEAD_HEIGHT + (index + 0.5) * PIN_HEIGHT }}
        />
      ) : null,
    );
  return (
    <div
      className={`w-60 rounded-lg border ${ringOf(data, selected)} ${isPinned ? "outline-4 outline-pinned outline-dashed outline-offset-3" : ""}`}
      style={{ background: blockColour(data.spec), height: height || HEAD_HEIGHT + rows * PIN_HEIGHT + 40 }}
    >
      <NodeMarks id={id} step={data.step} isFar />
      <p className="origin-top-left scale-150 truncate px-2 py-1.5 font-semibold text-paper" title={title}>
        <span className="block max-w-36 truncate">{title}</span>
      </p>
      {ends(
        inputs.pins.map((pin) => pin.name),
        data.linkedIn,
        "target",
      )}
      {ends(
        outputs.map((pin) => pin.name),
        data.linkedOut,
        "source",
      )}
    </div>
  );
}

function Card({ id, data, selected }: NodeProps<BlockNodeType>) {
  const isPinned = useIsPinned(id);
  const { node, spec, step } = data;
  const { icon: Icon } = familyOf(spec);
  const title = titleOf(node, spec);
  const hasErrors = Object.keys(data.errors).length > 0 || !spec;
  const { inputs, outputs } = pinsOf(data);
  const colour = blockColour(spec);
  return (
    <div
      className={`w-60 rounded-lg border bg-paper shadow-[0_1px_2px_oklch(0.2_0.02_75/0.06)] ${ringOf(data, selected)} ${isPinned ? "outline-2 outline-pinned outline-dashed outline-offset-3" : ""}`}
    >
      <NodeMarks id={id} step={step} isFar={false} />
      <header className="row h-10 rounded-t-lg border-b px-3">
        <span
          className="grid size-6 shrink-0 place-items-center rounded-md text-paper [&_svg]:size-3.5"
          style={{ background: colour }}
        >
          <Icon aria-hidden="true" />
        </span>
        <span className="min-w-0 grow truncate font-semibold" title={title}>
          {title}
        </span>
        {spec?.kind === "Agent" ? <NewerMark node={node} /> : null}
        {step ? <NodeState step={step} runs={data.runs} /> : hasErrors ? <Faults data={data} /> : null}
      </header>
      <div className="grid grid-cols-2 gap-x-2 py-2">
        <div className="stack min-w-0">
          {inputs.pins.map((pin) => (
            <PinRow
              key={pin.name}
              nodeId={id}
              pin={pin}
              side="input"
              isLinked={data.linkedIn.has(pin.name)}
              error={data.errors[pin.name]}
              value={node.constants?.[pin.name]}
            />
          ))}
        </div>
        <div className="stack min-w-0">
          {outputs.map((pin) => (
            <PinRow
              key={pin.name}
              nodeId={id}
              pin={pin}
              side="output"
              isLinked={data.linkedOut.has(pin.name)}
              error={data.errors[pin.name]}
            />
          ))}
        </div>
      </div>
      {data.text ? (
        <p className="border-t px-3 py-2 text-12 text-dim" aria-live="off">
          <span className="flex max-h-16 flex-col justify-end overflow-hidden">
            {data.text.slice(-SHOWN_TEXT)}
          </span>
        </p>
      ) : step?.error ? (
        <p className="line-clamp-3 border-t bg-bad-wash px-3 py-2 text-12 text-bad">{step.error.message}</p>
      ) : (
        <LastValue step={step} />
      )}
      {inputs.folded > 0 || data.isExpanded ? (
        <Fold id={id} isOpen={data.isExpanded} count={inputs.folded} />
      ) : null}
    </div>
  );
}

function Fold({ id, isOpen, count }: { id: string; isOpen: boolean; count: number }) {
  const words = useWords();
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={() => useBuilder.setState(({ expanded }) => ({ expanded: { ...expanded, [id]: !isOpen } }))}
      className={`nodrag row h-7 w-full justify-center gap-1 rounded-b-lg border-t text-12 text-dim hover:bg-sunken`}
    >
      <ChevronDown className={`size-3 ${isOpen ? "rotate-180" : ""}`} />
      {isOpen ? words.builder.fewer : words.builder.morePins(count)}
    </button>
  );
}

function NodeState({ step, runs }: { step: Step; runs: number }) {
  const words = useWords();
  return (
    <span className="row gap-1 text-12 text-dim" title={words.states[step.state]}>
      {runs > 1 ? `×${runs}` : step.durationMs >= 1 ? duration(step.durationMs) : ""}
      <StateIcon state={step.state} />
      <span className="sr-only">{words.states[step.state]}</span>
    </span>
  );
}

function Faults({ data }: { data: BlockData }) {
  const words = useWords();
  const text = data.spec
    ? Object.entries(data.errors).map(([pin, message]) => (pin ? `${pin}: ${message}` : message))
    : [words.builder.unknownBlock];
  return (
    <span role="img" title={text.join("\n")} aria-label={text.join(" ")}>
      <AlertTriangle className="size-4 text-bad" />
    </span>
  );
}

function LastValue({ step }: { step: Step | undefined }) {
  const last = step?.outputs.findLast(([pin]) => pin !== "error" && pin !== "name");
  if (!last) return null;
  return (
    <p className="row gap-1.5 border-t px-3 py-1.5 text-12">
      <Eye className="size-3 shrink-0 text-faint" />
      <span className="truncate font-mono text-dim">{textOfValue(last[1], 0).slice(0, 80)}</span>
    </p>
  );
}

function PinRow({
  nodeId,
  pin,
  side,
  isLinked,
  error,
  value,
}: {
  nodeId: string;
  pin: ShownPin;
  side: "input" | "output";
  isLinked: boolean;
  error: string | undefined;
  value?: Json;
}) {
  const fit = useFit(nodeId, pin.name, side);
  const isInput = side === "input";
  const last = useLastAt(nodeId, pin.name, side);
  const shown = isInput && !isLinked ? preview(value, pin.schema) : preview(last, pin.schema);
  return (
    <div
      className={`relative flex h-6 min-w-0 items-center gap-1.5 text-12 ${isInput ? "pl-3" : "justify-end pr-3"} ${fit.state === "no" ? "opacity-30" : ""}`}
      title={[pin.label, fit.why ?? error ?? pin.schema.description].filter(Boolean).join("\n")}
    >
      <Handle
        type={isInput ? "target" : "source"}
        id={pin.name}
        position={isInput ? Position.Left : Position.Right}
        className={`pin ${fit.state === "yes" ? "pin-fits" : ""}`}
      >
        <Shape schema={pin.schema} isFull={isLinked} isBad={error !== undefined} />
      </Handle>
      <span
        className={`truncate ${error ? "text-bad" : pin.isRequired && !isLinked && !shown ? "text-ink" : "text-dim"} ${shown ? "max-w-[55%] shrink-0" : ""}`}
      >
        {pin.label}
        {pin.isRequired ? <span className="text-bad">*</span> : null}
      </span>
      {shown ? (
        <span
          className={`truncate font-mono ${last === undefined ? "text-ink" : "rounded-sm bg-live-wash px-1 text-live"} ${isInput ? "" : "order-first"}`}
        >
          {shown}
        </span>
      ) : null}
    </div>
  );
}

function preview(value: Json, schema: Schema): string {
  if (value === undefined || value === null || value === "") return "";
  if (schema.secret) return "•••";
  if (isList(value) || isObject(value))
    return isList(value) ? `[${value.length}]` : `{${Object.keys(value).length}}`;
  return String(value).slice(0, 40);
}

/** Whether the link that is being drawn may end here. */
function useFit(
  nodeId: string,
  pin: string,
  side: "input" | "output",
): { state: "idle" | "yes" | "no"; why?: string } {
  const from = useConnection((connection) =>
    connection.inProgress
      ? `${connection.fromNode.id}\n${connection.fromHandle.id}\n${connection.fromHandle.type}`
      : "",
  );
  if (from === "") return { state: "idle" };
  const [node = "", handle = "", type] = from.split("\n");
  if (node === nodeId && handle === pin) return { state: "yes" };
  if ((type === "source") === (side === "output")) return { state: "no" };
  const { draft, specs } = useBuilder.getState();
  const why = whyNot(
    draft.graph,
    specs,
    newLink(
      specs,
      draft.graph,
      type === "source"
        ? { from: node, output: handle, to: nodeId, input: pin }
        : { from: nodeId, output: pin, to: node, input: handle },
    ),
  );
  return why === null ? { state: "yes" } : { state: "no", why };
}

/** Colour is never the only sign: a value is round, a list square, an object a diamond, a file a triangle. */
export function Shape({
  schema,
  isFull,
  isBad = false,
}: {
  schema: Schema;
  isFull: boolean;
  isBad?: boolean;
}) {
  const { shape } = pinLook(schema);
  const colour = isBad ? "var(--bad)" : pinColour(schema);
  const paths: Record<typeof shape, string> = {
    value: "M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
    list: "M2 2h8v8H2z",
    object: "M6 1l5 5-5 5-5-5z",
    file: "M6 1.500l5 9H1z",
    any: "M6 1l4.300 2.500v5L6 11 1.700 8.500v-5z",
  };
  return (
    <svg viewBox="0 0 12 12" className="pointer-events-none size-3" aria-hidden="true">
      <path
        d={paths[shape]}
        fill={isFull ? colour : "var(--paper)"}
        stroke={colour}
        strokeWidth="1.6"
        strokeLinejoin="round"
      />
    </svg>
  );
}
