import "@xyflow/react/dist/style.css";
import "@/features/builder/canvas.css";
import {
  applyEdgeChanges,
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  Controls,
  type EdgeChange,
  type FinalConnectionState,
  MiniMap,
  type NodeChange,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { BlockNode, type BlockNodeType } from "@/features/builder/block-node";
import { faultOf, linkFaults } from "@/features/builder/broken-links";
import { viewOf } from "@/features/builder/debug/room";
import { pinKey, useWatching } from "@/features/builder/debug/watching";
import { Groups } from "@/features/builder/groups";
import { LinkEdge, type LinkEdgeType } from "@/features/builder/link-edge";
import { blockColour, FAR, pinColour, VERY_FAR } from "@/features/builder/look";
import { NoteNode, type NoteNodeType } from "@/features/builder/note-node";
import { newLink, schemaOf, whyNot } from "@/features/builder/pins";
import { act, useBuilder } from "@/features/builder/store";
import { linkId } from "@/graph-core/edit";
import type { Graph, Position, Specs } from "@/graph-core/model";
import type { Overlay, Passed } from "@/graph-core/overlay";
import { byNode, type Problem } from "@/graph-core/validate";
import { useSettings, useWords } from "@/shared/settings";

type CanvasNode = BlockNodeType | NoteNodeType;

const NODE_TYPES = { block: BlockNode, note: NoteNode };
const EDGE_TYPES = { link: LinkEdge };
const GRID: [number, number] = [10, 10];
const NONE: ReadonlySet<string> = new Set();
const NO_ERRORS: Readonly<Record<string, string>> = {};
const NO_PINS: readonly string[] = [];
const MANY = 150;

/** Stays the same function: the canvas tells again whenever it gets another one. */
function onSelectionChange({ nodes }: { nodes: CanvasNode[] }): void {
  const selected = nodes.map((node) => node.id);
  if (String(selected) !== String(useBuilder.getState().selected)) useBuilder.setState({ selected });
}

/** A link that was let go over nothing: blocks that fit its pin are offered there. */
export interface LooseEnd {
  node: string;
  pin: string;
  side: "input" | "output";
  at: Position;
}

export const DRAGGED_BLOCK = "application/x-autograph-block";

export function Canvas({
  onLooseEnd,
  onDropBlock,
  onDropFiles,
  onNodeMenu,
  onShowAll,
}: {
  onLooseEnd: (end: LooseEnd) => void;
  onDropBlock: (blockId: string, at: Position) => void;
  onDropFiles: (files: FileList, at: Position) => void;
  onNodeMenu: (node: string, at: Position) => void;
  onShowAll: () => void;
}) {
  const words = useWords();
  const theme = useSettings((settings) => settings.theme);
  const graph = useBuilder((builder) => builder.draft.graph);
  const specs = useBuilder((builder) => builder.specs);
  const problems = useBuilder((builder) => builder.problems);
  const extraPins = useBuilder((builder) => builder.extraPins);
  const expanded = useBuilder((builder) => builder.expanded);
  const overlay = useWatching((watching) => watching.overlay);
  const texts = useWatching((watching) => watching.texts);
  const isLive = useWatching((watching) => watching.isLive);
  const passed = useWatching((watching) => watching.passed);
  const root = useRef<HTMLDivElement>(null);
  const [begin] = useState(() => (graph.nodes.length > 0 ? viewOf(graph) : undefined));
  const { screenToFlowPosition } = useReactFlow();
  const isFar = useStore((state) => state.transform[2] < FAR);

  const [nodes, setNodes] = useState<CanvasNode[]>([]);
  const [edges, setEdges] = useState<LinkEdgeType[]>([]);
  const meant = useMemo(
    () => nodesOf({ graph, specs, problems, extraPins, expanded, overlay, texts }),
    [graph, specs, problems, extraPins, expanded, overlay, texts],
  );
  useEffect(() => setNodes((old) => merged(old, meant)), [meant]);
  useEffect(() => {
    const made = edgesOf(graph, specs, problems, passed, isLive);
    setEdges((old) => mergedEdges(old, made));
  }, [graph, specs, problems, passed, isLive]);

  const onNodesChange = useCallback((changes: NodeChange<CanvasNode>[]) => {
    setNodes((old) =>
      applyNodeChanges(
        changes.filter((one) => one.type !== "remove"),
        old,
      ),
    );
  }, []);
  const onEdgesChange = useCallback((changes: EdgeChange<LinkEdgeType>[]) => {
    setEdges((old) =>
      applyEdgeChanges(
        changes.filter((one) => one.type !== "remove"),
        old,
      ),
    );
  }, []);

  function connectable(connection: Connection | LinkEdgeType): boolean {
    const { source, target, sourceHandle, targetHandle } = connection;
    if (!sourceHandle || !targetHandle) return false;
    return (
      whyNot(graph, specs, { from: source, output: sourceHandle, to: target, input: targetHandle }) === null
    );
  }

  function onConnectEnd(event: MouseEvent | TouchEvent, connection: FinalConnectionState) {
    if (connection.isValid || connection.toNode || !connection.fromNode || !connection.fromHandle?.id) return;
    const point = "changedTouches" in event ? event.changedTouches[0] : event;
    if (!point) return;
    onLooseEnd({
      node: connection.fromNode.id,
      pin: connection.fromHandle.id,
      side: connection.fromHandle.type === "source" ? "output" : "input",
      at: screenToFlowPosition({ x: point.clientX, y: point.clientY }),
    });
  }

  return (
    <ReactFlow<CanvasNode, LinkEdgeType>
      ref={root}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      onNodeDragStop={(_, __, moved) =>
        act({ kind: "move", to: Object.fromEntries(moved.map((node) => [node.id, node.position])) })
      }
      onDelete={({ nodes: gone, edges: unlinked }) =>
        act({ kind: "remove", nodes: gone.map((node) => node.id), links: unlinked.map((edge) => edge.id) })
      }
      onConnect={({ source, target, sourceHandle, targetHandle }) => {
        if (!sourceHandle || !targetHandle) return;
        act({
          kind: "link",
          link: newLink(specs, graph, {
            from: source,
            output: sourceHandle,
            to: target,
            input: targetHandle,
          }),
        });
      }}
      onConnectEnd={onConnectEnd}
      isValidConnection={connectable}
      onSelectionChange={onSelectionChange}
      onNodeContextMenu={(event, node) => {
        if (node.type !== "block") return;
        event.preventDefault();
        onNodeMenu(node.id, { x: event.clientX, y: event.clientY });
      }}
      onDragOver={(event: DragEvent) =>
        event.dataTransfer.types.some((one) => one === DRAGGED_BLOCK || one === "Files") &&
        event.preventDefault()
      }
      onDrop={(event: DragEvent) => {
        const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
        const block = event.dataTransfer.getData(DRAGGED_BLOCK);
        if (block) onDropBlock(block, at);
        else if (event.dataTransfer.files.length > 0) {
          event.preventDefault();
          onDropFiles(event.dataTransfer.files, at);
        }
      }}
      colorMode={theme}
      minZoom={0.08}
      maxZoom={2}
      snapToGrid
      snapGrid={GRID}
      connectionRadius={28}
      deleteKeyCode={["Delete", "Backspace"]}
      selectionMode={SelectionMode.Partial}
      multiSelectionKeyCode={["Control", "Meta", "Shift"]}
      // From afar all are in view, and to take the outermost away and back while it is dragged costs a painting.
      onlyRenderVisibleElements={graph.nodes.length > MANY && !isFar}
      {...(begin ? { defaultViewport: begin } : {})}
      // While it is dragged the drawing is a layer of its own, so that nothing is painted again.
      onMoveStart={(event) => event?.type !== "wheel" && root.current?.classList.add("is-panning")}
      onMoveEnd={() => root.current?.classList.remove("is-panning")}
      proOptions={{ hideAttribution: true }}
      aria-label={words.builder.canvas}
    >
      <Dots />
      <Groups />
      <Controls showInteractive={false} position="bottom-left" onFitView={onShowAll} />
      <Overview />
    </ReactFlow>
  );
}

/** The ground's dots: from afar they would be thousands, and nobody could tell them apart. */
function Dots() {
  const isFar = useStore((state) => state.transform[2] < FAR);
  return isFar ? null : (
    <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} color="var(--line)" />
  );
}

function Overview() {
  const words = useWords();
  const isVeryFar = useStore((state) => state.transform[2] < VERY_FAR);
  if (isVeryFar) return null;
  return (
    <MiniMap<CanvasNode>
      position="bottom-right"
      pannable
      zoomable
      ariaLabel={words.builder.map}
      className="max-md:hidden"
      nodeColor={(node) => (node.type === "block" ? blockColour(node.data.spec) : "var(--wait-wash)")}
      maskColor="color-mix(in oklch, var(--ground) 70%, transparent)"
      bgColor="var(--paper)"
    />
  );
}

interface Meaning {
  graph: Graph;
  specs: Specs;
  problems: Problem[];
  extraPins: Record<string, string[]>;
  expanded: Record<string, boolean>;
  overlay: Overlay;
  texts: Readonly<Record<string, string>>;
}

function nodesOf({ graph, specs, problems, extraPins, expanded, overlay, texts }: Meaning): CanvasNode[] {
  const errors = byNode(problems, "error");
  const warnings = byNode(problems, "warning");
  const linkedIn = new Map<string, Set<string>>();
  const linkedOut = new Map<string, Set<string>>();
  for (const link of graph.links) {
    linkedIn.set(link.to, (linkedIn.get(link.to) ?? new Set()).add(link.input));
    linkedOut.set(link.from, (linkedOut.get(link.from) ?? new Set()).add(link.output));
  }
  const runs = new Map<string, number>();
  for (const step of overlay.steps.values()) runs.set(step.node, (runs.get(step.node) ?? 0) + 1);
  const texting = new Map(Object.entries(texts).map(([key, text]) => [Number(key.split("/")[0]), text]));
  return graph.nodes.map((node, index) => {
    const spec = specs.get(node.block_id);
    const place = {
      id: node.id,
      position: graph.layout?.[node.id] ?? { x: (index % 5) * 320, y: Math.floor(index / 5) * 220 },
    };
    if (spec?.kind === "Note")
      return { ...place, type: "note", data: { text: String(node.constants?.text ?? "") } };
    const step = overlay.byNode.get(node.id);
    return {
      ...place,
      type: "block",
      data: {
        node,
        spec,
        linkedIn: linkedIn.get(node.id) ?? NONE,
        linkedOut: linkedOut.get(node.id) ?? NONE,
        errors: errors[node.id] ?? NO_ERRORS,
        warnings: warnings[node.id] ?? NO_ERRORS,
        extra: extraPins[node.id] ?? NO_PINS,
        isExpanded: expanded[node.id] ?? false,
        step,
        runs: runs.get(node.id) ?? 0,
        text: step && texting.get(step.number),
      },
    };
  });
}

/** What is drawn stays as it is (size, selection) where its meaning only changed. */
function merged(old: CanvasNode[], meant: CanvasNode[]): CanvasNode[] {
  const before = new Map(old.map((node) => [node.id, node]));
  return meant.map((node) => {
    const was = before.get(node.id);
    if (!was) return node;
    const isSame = was.type === node.type && isEqual(was.data, node.data);
    const stays =
      was.dragging === true || (was.position.x === node.position.x && was.position.y === node.position.y);
    if (isSame && stays) return was;
    return { ...was, ...node, ...(was.dragging ? { position: was.position } : {}) } as CanvasNode;
  });
}

function isEqual(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return Object.keys(b).every((key) => {
    const [x, y] = [a[key], b[key]];
    if (x === y) return true;
    if (x instanceof Set && y instanceof Set) return x.size === y.size && [...x].every((one) => y.has(one));
    if (key === "errors" || key === "warnings") return JSON.stringify(x) === JSON.stringify(y);
    return false;
  });
}

/** What did not change stays the same object, so that it is not drawn again. */
function mergedEdges(old: LinkEdgeType[], made: LinkEdgeType[]): LinkEdgeType[] {
  const before = new Map(old.map((edge) => [edge.id, edge]));
  return made.map((edge) => {
    const was = before.get(edge.id);
    if (!was) return edge;
    if (was.data && edge.data && isEqual(was.data, edge.data)) return was;
    return was.selected ? { ...edge, selected: true } : edge;
  });
}

function edgesOf(
  graph: Graph,
  specs: Specs,
  problems: Problem[],
  passed: ReadonlyMap<string, Passed>,
  isLive: boolean,
): LinkEdgeType[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const faults = linkFaults(problems);
  return graph.links
    .filter((link) => nodes.has(link.from) && nodes.has(link.to))
    .map((link) => {
      const source = nodes.get(link.from);
      const schema = source ? schemaOf(source, specs.get(source.block_id), link.output, "output") : {};
      const values = passed.get(pinKey(link.from, link.output));
      return {
        id: linkId(link),
        type: "link",
        source: link.from,
        sourceHandle: link.output,
        target: link.to,
        targetHandle: link.input,
        data: {
          colour: pinColour(schema),
          isStatic: link.static === true,
          isBroken: faultOf(link, faults) !== undefined,
          passed: values?.count ?? 0,
          last: values?.last,
          isLive,
        },
      };
    });
}
