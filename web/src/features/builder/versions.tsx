import "@xyflow/react/dist/style.css";
import "@/features/builder/canvas.css";
import { useQuery } from "@tanstack/react-query";
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { History, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { Changes, type Sign, SignMark } from "@/features/builder/changes";
import { blockColour, familyOf } from "@/features/builder/look";
import { act, useBuilder } from "@/features/builder/store";
import { agentQuery, versionsQuery } from "@/features/library/queries";
import { diff, type GraphDiff } from "@/graph-core/diff";
import { linkId } from "@/graph-core/edit";
import type { BlockSpec, Graph, GraphLink } from "@/graph-core/model";
import { ago } from "@/shared/format";
import { useSettings, useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Select } from "@/shared/ui/field";
import { Problem, Skeletons } from "@/shared/ui/state";
import { tell } from "@/shared/ui/toast";

const OPEN = "open";

/** Every version of the agent that is open: what each changed, drawn and in words; and any of them again. */
export default function Versions({ agentId, onClose }: { agentId: string; onClose: () => void }) {
  const words = useWords();
  const versions = useQuery({ ...versionsQuery(agentId), staleTime: 0 });
  const here = useBuilder((builder) => builder.draft.graph);
  const saved = useBuilder((builder) => builder.saved);
  const [chosen, setChosen] = useState<number | null>(null);
  const [against, setAgainst] = useState<number | typeof OPEN | null>(null);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const all = versions.data ?? [];
  const version = chosen ?? saved?.version ?? all[0]?.version ?? 1;
  const before = all.find((one) => one.version < version)?.version ?? null;
  const other = against ?? before ?? OPEN;
  const now = useQuery({ ...agentQuery(agentId, version), enabled: all.length > 0 });
  const old = useQuery({
    ...agentQuery(agentId, other === OPEN ? version : other),
    enabled: all.length > 0 && other !== OPEN,
  });
  const nowGraph = now.data && graphOf(now.data);
  const oldGraph = other === OPEN ? here : old.data && graphOf(old.data);
  const failure = versions.error ?? now.error ?? old.error;
  return (
    <section
      aria-label={words.editing.versions}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      className="absolute inset-0 z-30 stack bg-ground"
    >
      <header className="row min-h-14 flex-wrap border-b bg-paper px-4 py-2">
        <h2 className="row text-16">
          <History className="size-4 text-dim" />
          {words.editing.versions}
        </h2>
        <Select
          className="w-auto! md:hidden"
          aria-label={words.editing.versions}
          value={version}
          onChange={(event) => setChosen(Number(event.target.value))}
        >
          {all.map((one) => (
            <option key={one.version} value={one.version}>
              {words.library.version(one.version)}
            </option>
          ))}
        </Select>

        <span className="text-13 text-dim">{words.editing.comparedWith}</span>
        <Select
          className="w-auto!"
          aria-label={words.editing.comparedWith}
          value={other}
          onChange={(event) => setAgainst(event.target.value === OPEN ? OPEN : Number(event.target.value))}
        >
          <option value={OPEN}>{words.editing.whatIsOpen}</option>
          {all
            .filter((one) => one.version !== version)
            .map((one) => (
              <option key={one.version} value={one.version}>
                {words.library.version(one.version)}
              </option>
            ))}
        </Select>

        <span className="grow" />
        <Button
          small
          look="do"
          disabled={!nowGraph}
          onClick={() => {
            if (!nowGraph) return;
            act({ kind: "replace", graph: { ...nowGraph, id: here.id, version: here.version } });
            tell(words.editing.restored(version));
            onClose();
          }}
        >
          {words.editing.restore(version)}
        </Button>
        <button
          ref={close}
          type="button"
          aria-label={words.close}
          title={words.close}
          onClick={onClose}
          className="tap grid size-8 place-items-center rounded-md text-dim hover:bg-sunken"
        >
          <X className="size-4" />
        </button>
      </header>
      <div className="grid min-h-0 grow max-md:grid-rows-[1fr_1fr] md:grid-cols-[14rem_1fr_20rem]">
        <ul className="stack gap-0.5 overflow-y-auto border-r bg-paper p-2 max-md:hidden">
          {all.map((one) => (
            <li key={one.version}>
              <button
                type="button"
                aria-current={one.version === version}
                onClick={() => setChosen(one.version)}
                className="w-full rounded-md px-3 py-1.5 text-left hover:bg-sunken aria-[current=true]:bg-wash"
              >
                <span className="row justify-between font-medium">
                  {words.library.version(one.version)}
                  {one.is_active ? (
                    <span className="font-normal text-12 text-good">{words.library.active}</span>
                  ) : null}
                </span>
                <span className="block text-12 text-dim">{ago(one.created_at)}</span>
              </button>
            </li>
          ))}
        </ul>
        {failure ? (
          <div className="p-6 md:col-span-2">
            <Problem error={failure} onRetry={() => versions.refetch()} />
          </div>
        ) : nowGraph && oldGraph ? (
          <Compared key={`${version}-${other}`} old={oldGraph} now={nowGraph} />
        ) : (
          <div className="p-6 md:col-span-2">
            <Skeletons count={4} className="h-16" />
          </div>
        )}
      </div>
    </section>
  );
}

function graphOf(answer: { graph: Record<string, unknown>; id: string; version: number }): Graph {
  return { ...(answer.graph as unknown as Graph), id: answer.id, version: answer.version };
}

function Compared({ old, now }: { old: Graph; now: Graph }) {
  const found = useMemo(() => diff(old, now), [old, now]);
  return (
    <ReactFlowProvider>
      <Drawn old={old} now={now} found={found} />
    </ReactFlowProvider>
  );
}

type DiffNodeType = Node<{ title: string; spec: BlockSpec | undefined; sign: Sign | null }, "diff">;

const LOOKS: Record<Sign, string> = {
  "+": "border-2 border-good bg-good-wash",
  "−": "border-2 border-dashed border-bad bg-paper text-dim line-through decoration-bad",
  "~": "border-2 border-wait bg-wait-wash",
};
const NODE_TYPES = { diff: DiffNode };
const SIZE = { width: 200, height: 44 };

function DiffNode({ data }: NodeProps<DiffNodeType>) {
  const { icon: Icon } = familyOf(data.spec);
  return (
    <div
      className={`row w-50 rounded-lg px-3 py-2 ${data.sign ? LOOKS[data.sign] : "border bg-paper text-dim"}`}
    >
      <Handle type="target" position={Position.Left} className="invisible" isConnectable={false} />
      <span
        className="grid size-6 shrink-0 place-items-center rounded-md text-paper [&_svg]:size-3.5"
        style={{ background: blockColour(data.spec) }}
      >
        <Icon aria-hidden="true" />
      </span>
      <span className="min-w-0 grow truncate font-medium">{data.title}</span>
      {data.sign ? <SignMark sign={data.sign} /> : null}
      <Handle type="source" position={Position.Right} className="invisible" isConnectable={false} />
    </div>
  );
}

function Drawn({ old, now, found }: { old: Graph; now: Graph; found: GraphDiff }) {
  const words = useWords();
  const theme = useSettings((settings) => settings.theme);
  const specs = useBuilder((builder) => builder.specs);
  const flow = useReactFlow();
  const nodes = useMemo<DiffNodeType[]>(() => {
    const added = new Set(found.added);
    const gone = old.nodes.filter((node) => found.removed.includes(node.id));
    return [...now.nodes, ...gone].map((node, index) => ({
      id: node.id,
      type: "diff",
      position: now.layout?.[node.id] ??
        old.layout?.[node.id] ?? { x: (index % 5) * 320, y: Math.floor(index / 5) * 220 },
      initialWidth: SIZE.width,
      initialHeight: SIZE.height,
      data: {
        title: titleOf(node, specs.get(node.block_id)),
        spec: specs.get(node.block_id),
        sign: added.has(node.id)
          ? "+"
          : found.removed.includes(node.id)
            ? "−"
            : found.changed[node.id]
              ? "~"
              : null,
      },
    }));
  }, [old, now, found, specs]);
  const edges = useMemo<Edge[]>(() => {
    const added = new Set(found.links_added.map(linkId));
    const edge = (link: GraphLink, sign: Sign | null): Edge => ({
      id: `${sign ?? ""}${linkId(link)}`,
      source: link.from,
      target: link.to,
      ...(sign ? { label: sign } : {}),
      labelStyle: { fill: "var(--ink)", fontWeight: 700, fontSize: 18 },
      labelBgStyle: { fill: "var(--paper)" },
      style: {
        stroke: sign === "+" ? "var(--good)" : sign === "−" ? "var(--bad)" : "var(--edge)",
        strokeWidth: sign ? 2.5 : 1.5,
        ...(sign === "−" ? { strokeDasharray: "6 5" } : {}),
      },
      markerEnd: { type: MarkerType.ArrowClosed },
    });
    const gone = found.links_removed.filter((link) => !added.has(linkId(link)));
    return [
      ...now.links.map((link) => edge(link, added.has(linkId(link)) ? "+" : null)),
      ...gone.map((link) => edge(link, "−")),
    ];
  }, [now, found]);
  return (
    <>
      <div className="min-h-0 max-md:order-2">
        <ReactFlow<DiffNodeType>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          colorMode={theme}
          nodesDraggable={false}
          nodesConnectable={false}
          elementsSelectable={false}
          deleteKeyCode={null}
          minZoom={0.08}
          fitView
          fitViewOptions={{ padding: 0.2, maxZoom: 1 }}
          proOptions={{ hideAttribution: true }}
          aria-label={words.editing.versions}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} color="var(--line)" />
          <Controls showInteractive={false} position="bottom-left" />
        </ReactFlow>
      </div>
      <aside
        aria-label={words.editing.whatChanged}
        className="stack gap-3 overflow-y-auto border-l bg-paper p-4 max-md:border-l-0 max-md:border-b"
      >
        <h3 className="text-13 text-dim">{words.editing.whatChanged}</h3>
        <Changes
          found={found}
          old={old}
          now={now}
          onGoTo={(id) => flow.fitView({ nodes: [{ id }], maxZoom: 1.2, duration: 300, padding: 0.6 })}
        />
      </aside>
    </>
  );
}
