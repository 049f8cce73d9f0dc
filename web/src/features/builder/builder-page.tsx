import { useQuery } from "@tanstack/react-query";
import { useBlocker, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import {
  Copy,
  History,
  LayoutGrid,
  Link2,
  ListTree,
  PanelRight,
  Play,
  Plus,
  Redo2,
  Save,
  Search,
  Trash2,
  Undo2,
} from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Canvas, type LooseEnd } from "@/features/builder/canvas";
import { ConflictDialog } from "@/features/builder/conflict";
import { useDebugging } from "@/features/builder/debug/actions";
import { Live } from "@/features/builder/debug/live";
import { openMarks, type Told, toldOf, useMarks } from "@/features/builder/debug/marks";
import { useRoom } from "@/features/builder/debug/room";
import { useWatching, watchGraph } from "@/features/builder/debug/watching";
import { LinkDialog } from "@/features/builder/dialogs";
import { Find } from "@/features/builder/find";
import { offerOf } from "@/features/builder/inner-agent";
import { Inspector } from "@/features/builder/inspector";
import { useClipboard, useKeys } from "@/features/builder/keys";
import { LeftBehind } from "@/features/builder/left-draft";
import { free, freeName, hasPlaces, NEW_NODE, placeAt } from "@/features/builder/placing";
import { blocksQuery } from "@/features/builder/queries";
import { RunBar } from "@/features/builder/run-bar";
import { Saved, useSaving } from "@/features/builder/saving";
import { linkFor, noteUse, Shelf } from "@/features/builder/shelf";
import { act, back, forth, open, useBuilder } from "@/features/builder/store";
import { agentQuery } from "@/features/library/queries";
import { RunDialog } from "@/features/runs/run-dialog";
import { groupsOf, partOf, pasted } from "@/graph-core/edit";
import { run as runAgent } from "@/graph-core/inner";
import type { BlockSpec, Graph, Position } from "@/graph-core/model";
import { readPart } from "@/graph-core/part";
import { ApiError, api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { FormProblem, Kbd, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const Versions = lazy(() => import("@/features/builder/versions"));

export function NewAgentPage() {
  const blocks = useQuery(blocksQuery);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!blocks.data) return;
    open(null, null, blocks.data);
    setOpen(true);
  }, [blocks.data]);
  if (blocks.isError) return <Failed error={blocks.error} onRetry={() => blocks.refetch()} />;
  if (!isOpen) return <Loading />;
  return <Workbench key="new" runId={null} />;
}

export function BuilderPage() {
  const { agentId } = useParams({ from: "/shell/build/$agentId" });
  const { version, run } = useSearch({ from: "/shell/build/$agentId" });
  const blocks = useQuery(blocksQuery);
  const agent = useQuery({ ...agentQuery(agentId, version), staleTime: 0 });
  const [opened, setOpened] = useState("");
  const wanted = `${agentId}/${version ?? ""}`;
  const { data } = agent;
  useEffect(() => {
    if (!blocks.data || !data || agent.isFetching) return;
    // A new agent that was just saved is open already, with its way back.
    if (useBuilder.getState().fresh === agentId) useBuilder.setState({ fresh: null });
    else if (opened !== wanted) {
      const graph = { ...(data.graph as unknown as Graph), id: data.id, version: data.version };
      if (!hasPlaces(graph)) {
        // What was made elsewhere stands nowhere yet: it is laid out as values go.
        let isHere = true;
        import("@/features/builder/layout").then(({ placed }) => {
          if (!isHere) return;
          open(agentId, placed(graph, blocks.data), blocks.data);
          setOpened(wanted);
        });
        return () => {
          isHere = false;
        };
      }
      open(agentId, graph, blocks.data);
    }
    setOpened(wanted);
    return undefined;
  }, [blocks.data, data, agent.isFetching, agentId, wanted, opened]);
  if (agent.isError) throw agent.error;
  if (blocks.isError) return <Failed error={blocks.error} onRetry={() => blocks.refetch()} />;
  if (opened !== wanted) return <Loading />;
  return <Workbench key={wanted} runId={run ?? null} />;
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <div className="p-8">
      <Problem error={error} onRetry={onRetry} />
    </div>
  );
}

function Loading() {
  return (
    <div className="grid h-full gap-4 p-4 md:grid-cols-[1fr_21rem]">
      <div className="skeleton animate-breathe" />
      <Skeletons count={4} className="h-16" />
    </div>
  );
}

function Workbench({ runId }: { runId: string | null }) {
  return (
    <ReactFlowProvider>
      <Bench runId={runId} />
    </ReactFlowProvider>
  );
}

function Bench({ runId }: { runId: string | null }) {
  const words = useWords();
  const navigate = useNavigate();
  const flow = useReactFlow();
  const graph = useBuilder((builder) => builder.draft.graph);
  const saved = useBuilder((builder) => builder.saved);
  const agentId = useBuilder((builder) => builder.agentId);
  const specs = useBuilder((builder) => builder.specs);
  const selected = useBuilder((builder) => builder.selected);
  const [shelf, setShelf] = useState<{ end: LooseEnd | null } | null>(null);
  const [hasPanel, setPanel] = useState(() => matchMedia("(min-width: 768px)").matches);
  const [isFinding, setFinding] = useState(false);
  const asking = useBuilder((builder) => builder.asking);
  const setAsking = (told: Told | null) => useBuilder.setState({ asking: told });
  const [linkFrom, setLinkFrom] = useState<string | null>(null);
  const [hasVersions, setVersions] = useState(false);
  const canvas = useRef<HTMLDivElement>(null);
  const isDirty = graph !== saved && (saved !== null || graph.nodes.length > 0);
  const saving = useSaving();
  const { showAll, showNode } = useRoom(canvas);
  useEffect(() => openMarks(agentId, useBuilder.getState().draft.graph), [agentId]);
  useEffect(() => watchGraph(graph), [graph]);
  useBlocker({
    // What is not saved is kept as a draft; leaving the site altogether is asked about all the same.
    shouldBlockFn: () => false,
    enableBeforeUnload: () => isDirty,
  });

  const step = useWatching(({ overlay }) =>
    selected.length === 1 ? overlay.byNode.get(selected[0] ?? "") : undefined,
  );

  function middle(): Position {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return { x: 0, y: 0 };
    const at = flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    return free(graph, { x: at.x - NEW_NODE.width / 2, y: at.y - NEW_NODE.height / 2 });
  }

  function add(block: BlockSpec, at: Position, end: LooseEnd | null) {
    const id = crypto.randomUUID();
    const link = end && linkFor(block, end, id);
    act({
      kind: "add",
      nodes: [
        {
          id,
          block_id: block.id,
          ...(block.kind === "Input" || block.kind === "Output"
            ? { constants: { name: freeName(graph, block) } }
            : {}),
        },
      ],
      links: link ? [link] : [],
      layout: { [id]: { x: Math.round(at.x / 10) * 10, y: Math.round(at.y / 10) * 10 } },
    });
    noteUse(block.id);
    choose([id]);
  }

  async function addAgent(innerId: string, block: BlockSpec) {
    try {
      const inner = await api("GET /api/v1/graphs/{graph_id}", { path: { graph_id: innerId } });
      const id = crypto.randomUUID();
      act({
        kind: "batch",
        commands: [
          { kind: "add", nodes: [{ id, block_id: block.id }], links: [], layout: { [id]: middle() } },
          runAgent(offerOf(inner), id),
        ],
      });
      choose([id]);
    } catch (error) {
      tellError(error);
    }
  }

  const choose = useCallback(
    (ids: string[]) => {
      const all = new Set(ids);
      // After the canvas has drawn what was added.
      setTimeout(
        () => flow.setNodes((nodes) => nodes.map((node) => ({ ...node, selected: all.has(node.id) }))),
        30,
      );
    },
    [flow],
  );

  const goTo = useCallback(
    (id: string) => {
      choose([id]);
      showNode(id);
    },
    [choose, showNode],
  );

  /** Add what a text holds; false where that is no part of a graph. */
  function paste(text: string, at = middle()): boolean {
    const part = readPart(text);
    if (part === null) return false;
    const command = pasted(part, at, () => crypto.randomUUID());
    const isFirst = graph.nodes.length === 0 && !graph.name;
    act({
      kind: "batch",
      commands: [
        command,
        ...(isFirst && part.name
          ? [{ kind: "describe", name: part.name, description: part.description ?? "" } as const]
          : []),
      ],
    });
    choose(command.nodes.map((node) => node.id));
    return true;
  }

  /** Agent files that were dropped on the canvas become part of what is open. */
  async function take(files: FileList, at: Position) {
    for (const file of files) if (!paste(await file.text(), at)) tell(words.editing.noAgentFile(file.name));
    setTimeout(() => flow.fitView({ padding: 0.2, maxZoom: 1, duration: 300 }), 60);
  }

  function duplicate(nodes = selected) {
    const part = partOf(graph, new Set(nodes));
    const first = part.nodes[0] && part.layout[part.nodes[0].id];
    const command = pasted(part, { x: (first?.x ?? 0) + 40, y: (first?.y ?? 0) + 40 }, () =>
      crypto.randomUUID(),
    );
    act(command);
    choose(command.nodes.map((node) => node.id));
  }

  function group() {
    if (selected.length > 0)
      act({ kind: "group", nodes: selected, name: words.editing.newGroup(groupsOf(graph).size + 1) });
  }

  async function tidy() {
    const { laidOut } = await import("@/features/builder/layout");
    const sizes = new Map(
      flow
        .getNodes()
        .flatMap((node) =>
          node.measured?.width && node.measured.height
            ? [[node.id, { width: node.measured.width, height: node.measured.height }] as const]
            : [],
        ),
    );
    const notes = new Set(
      graph.nodes.filter((node) => specs.get(node.block_id)?.kind === "Note").map((node) => node.id),
    );
    act({ kind: "move", to: laidOut(graph, sizes, notes) });
    setTimeout(showAll, 60);
  }

  async function run(until?: string) {
    if (isDirty && !(await saving.save())) return;
    setAsking(toldOf(useMarks.getState(), useBuilder.getState().draft.graph, until));
  }
  const debugging = useDebugging(run, (node) => [
    { label: words.builder.link, icon: <Link2 />, by: "l", onSelect: () => setLinkFrom(node) },
    { label: words.builder.duplicate, icon: <Copy />, by: "ctrl+d", onSelect: () => duplicate([node]) },
    {
      label: words.remove,
      icon: <Trash2 />,
      by: "del",
      onSelect: () => act({ kind: "remove", nodes: [node], links: [] }),
    },
  ]);

  useKeys({
    b: () => setShelf({ end: null }),
    l: () => selected.length === 1 && setLinkFrom(selected[0] ?? null),
    f: () => showAll(),
    "\\": () => setPanel((isOpen) => !isOpen),
    "ctrl+z": back,
    "ctrl+shift+z": forth,
    "ctrl+y": forth,
    "ctrl+s": () => saving.save(),
    "ctrl+enter": () => run(),
    ...debugging.keys,
    "ctrl+d": () => duplicate(),
    "ctrl+f": () => setFinding(true),
    "ctrl+g": group,
    "ctrl+a": () => choose(graph.nodes.map((node) => node.id)),
  });
  useClipboard(() => partOf(graph, new Set(selected)), paste);

  const fault = saving.error instanceof ApiError && saving.error.status === 422 ? null : saving.error;
  return (
    <div className="relative flex h-full max-md:h-[calc(100dvh-4rem)]">
      <div className="stack min-w-0 grow">
        <header className="row z-10 min-h-14 flex-wrap border-b bg-paper px-3 py-2">
          <h1 className="sr-only">{words.builder.canvas}</h1>
          <input
            aria-label={words.builder.name}
            placeholder={words.library.unnamed}
            value={graph.name}
            maxLength={200}
            onChange={(event) => act({ kind: "describe", name: event.target.value })}
            className="h-9 min-w-24 max-w-64 flex-1 rounded-md bg-transparent px-2 font-semibold text-16 hover:bg-sunken"
          />
          <Saved isDirty={isDirty} at={saving.at} isBusy={saving.isBusy} version={saved?.version ?? 0} />
          <span className="ml-auto" />
          <IconButton
            label={words.keyboard.keys.undo}
            onClick={back}
            disabled={useBuilder((builder) => builder.draft.past.length === 0)}
          >
            <Undo2 />
          </IconButton>
          <IconButton
            label={words.keyboard.keys.redo}
            onClick={forth}
            disabled={useBuilder((builder) => builder.draft.future.length === 0)}
          >
            <Redo2 />
          </IconButton>
          <IconButton label={words.keyboard.keys.find} onClick={() => setFinding(true)}>
            <Search />
          </IconButton>
          <IconButton label={words.builder.tidy} onClick={tidy}>
            <LayoutGrid />
          </IconButton>
          {agentId ? (
            <IconButton label={words.editing.versions} onClick={() => setVersions(true)}>
              <History />
            </IconButton>
          ) : null}
          <IconButton
            label={words.builder.inspector}
            aria-pressed={hasPanel}
            onClick={() => setPanel(!hasPanel)}
          >
            <PanelRight />
          </IconButton>
          <Button small onClick={() => saving.save()} isBusy={saving.isBusy} disabled={!isDirty}>
            <Save className="size-4" />
            <span className="max-sm:sr-only">{words.save}</span>
          </Button>
          <Button
            small
            look="do"
            onClick={() => run()}
            isBusy={saving.isBusy}
            disabled={graph.nodes.length === 0}
          >
            <Play className="size-4" />
            {words.runs.run}
          </Button>
        </header>
        <LeftBehind />
        {fault ? (
          <div className="border-b px-3 py-2">
            <FormProblem error={fault} />
          </div>
        ) : null}
        <div ref={canvas} className="@container/canvas relative min-h-0 grow">
          <Live runId={runId} />
          <Canvas
            onLooseEnd={(end) => setShelf({ end })}
            onDropFiles={take}
            onNodeMenu={debugging.onMenu}
            onShowAll={() => showAll()}
            onDropBlock={(blockId, at) => {
              const block = specs.get(blockId);
              if (block) add(block, at, null);
            }}
          />
          {shelf ? (
            <Shelf
              key={shelf.end ? `${shelf.end.node}${shelf.end.pin}` : "all"}
              end={shelf.end}
              onPick={(block) => {
                add(block, shelf.end ? placeAt(shelf.end) : middle(), shelf.end);
                if (shelf.end || !matchMedia("(min-width: 768px)").matches) setShelf(null);
              }}
              onPickAgent={addAgent}
              onClose={() => setShelf(null)}
            />
          ) : (
            <Button
              look="plain"
              className="absolute top-3 left-3 z-10 shadow-float"
              onClick={() => setShelf({ end: null })}
            >
              <Plus className="size-4" />
              {words.builder.blocks}
              <Kbd>b</Kbd>
            </Button>
          )}
          {isFinding ? <Find graph={graph} onGoTo={goTo} onClose={() => setFinding(false)} /> : null}
          {graph.nodes.length === 0 && !shelf ? <FirstBlock onOpen={() => setShelf({ end: null })} /> : null}
          {runId ? (
            <RunBar
              runId={runId}
              graph={graph}
              onClose={() => agentId && navigate({ to: "/build/$agentId", params: { agentId }, search: {} })}
            />
          ) : null}
        </div>
      </div>
      {hasPanel ? (
        <Inspector
          step={step}
          debug={debugging.items}
          onDuplicate={() => duplicate()}
          onLink={() => setLinkFrom(selected[0] ?? null)}
          onGoTo={goTo}
          onClose={() => setPanel(false)}
        />
      ) : null}
      {hasVersions && agentId ? (
        <Suspense>
          <Versions agentId={agentId} onClose={() => setVersions(false)} />
        </Suspense>
      ) : null}
      {linkFrom ? <LinkDialog from={linkFrom} onClose={() => setLinkFrom(null)} /> : null}
      {debugging.windows}
      {asking && agentId ? (
        <RunDialog
          agentId={agentId}
          told={asking}
          given={useMarks.getState().given}
          {...(saved ? { version: saved.version } : {})}
          onStarted={(made) => {
            useMarks.setState({ given: made.inputs });
            return navigate({ to: "/build/$agentId", params: { agentId }, search: { run: made.id } });
          }}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {saving.conflict ? (
        <ConflictDialog
          {...saving.conflict}
          onMerge={saving.merge}
          onTheirs={saving.takeTheirs}
          onClose={saving.forgetConflict}
        />
      ) : null}
    </div>
  );
}

function FirstBlock({ onOpen }: { onOpen: () => void }) {
  const words = useWords();
  return (
    <div className="pointer-events-none absolute inset-0 grid place-items-center p-6">
      <div className="pointer-events-auto stack max-w-sm items-center text-center">
        <div className="mb-4 grid size-12 place-items-center rounded-full bg-wash text-accent">
          <ListTree className="size-6" />
        </div>
        <h2 className="text-16">{words.builder.empty}</h2>
        <p className="mt-1 text-balance text-dim">{words.builder.emptyText}</p>
        <Button look="do" className="mt-4" onClick={onOpen}>
          <Plus className="size-4" />
          {words.builder.firstBlock}
        </Button>
      </div>
    </div>
  );
}
