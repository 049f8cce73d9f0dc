import { useReactFlow, useStore, ViewportPortal } from "@xyflow/react";
import { type PointerEvent, useMemo, useRef } from "react";
import { NEW_NODE } from "@/features/builder/placing";
import { act, useBuilder } from "@/features/builder/store";
import { around } from "@/graph-core/align";
import { groupsOf } from "@/graph-core/edit";
import type { Position } from "@/graph-core/model";
import { useWords } from "@/shared/settings";

const ROOM = 24;
const HEAD = 36;
const MOVED = 3;
const GRID = 10;

/** Frames around the nodes of each group. The name takes hold of all of them: a click selects, a drag moves. */
export function Groups() {
  const graph = useBuilder((builder) => builder.draft.graph);
  const groups = useMemo(() => groupsOf(graph), [graph]);
  if (groups.size === 0) return null;
  return (
    <ViewportPortal>
      {[...groups].map(([name, nodes]) => (
        <Frame key={name} name={name} nodes={nodes} />
      ))}
    </ViewportPortal>
  );
}

function Frame({ name, nodes }: { name: string; nodes: string[] }) {
  const words = useWords();
  const flow = useReactFlow();
  const hold = useRef<{ x: number; y: number; places: Map<string, Position>; isMoved: boolean } | null>(null);
  // Where its nodes are drawn this moment, while they are dragged, too; as text, so that it is the same when it is.
  const area = useStore((state) => {
    const boxes = nodes.flatMap((id) => {
      const node = state.nodeLookup.get(id);
      return node
        ? [
            {
              id,
              ...node.position,
              width: node.measured.width ?? NEW_NODE.width,
              height: node.measured.height ?? NEW_NODE.height,
            },
          ]
        : [];
    });
    const { x, y, width, height } = around(boxes);
    return boxes.length === 0 ? "" : [x, y, width, height].join(" ");
  });
  if (area === "") return null;
  const [x = 0, y = 0, width = 0, height = 0] = area.split(" ").map(Number);

  function onPointerDown(event: PointerEvent<HTMLButtonElement>) {
    event.currentTarget.setPointerCapture(event.pointerId);
    const places = new Map(
      nodes.flatMap((id) => [[id, flow.getNode(id)?.position ?? { x: 0, y: 0 }] as const]),
    );
    hold.current = { x: event.clientX, y: event.clientY, places, isMoved: false };
  }
  function placesAt(event: PointerEvent): Record<string, Position> | null {
    if (!hold.current) return null;
    const [dx, dy] = [event.clientX - hold.current.x, event.clientY - hold.current.y];
    if (!hold.current.isMoved && Math.hypot(dx, dy) < MOVED) return null;
    hold.current.isMoved = true;
    const zoom = flow.getZoom();
    const step = (delta: number) => Math.round(delta / zoom / GRID) * GRID;
    return Object.fromEntries(
      [...hold.current.places].map(([id, at]) => [id, { x: at.x + step(dx), y: at.y + step(dy) }]),
    );
  }
  function onPointerMove(event: PointerEvent) {
    const places = placesAt(event);
    if (!places) return;
    flow.setNodes((all) =>
      all.map((node) => {
        const place = places[node.id];
        return place ? { ...node, position: place } : node;
      }),
    );
  }
  function onPointerUp(event: PointerEvent) {
    const places = placesAt(event);
    hold.current = null;
    if (places) act({ kind: "move", to: places });
  }

  return (
    <section
      aria-label={words.editing.groupNamed(name)}
      className="pointer-events-none absolute rounded-lg border-2 border-edge/60 border-dashed bg-sunken/60"
      style={{
        zIndex: -1,
        left: x - ROOM,
        top: y - ROOM - HEAD,
        width: width + 2 * ROOM,
        height: height + 2 * ROOM + HEAD,
      }}
    >
      <button
        type="button"
        title={words.editing.groupHold}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onClick={() => {
          const inside = new Set(nodes);
          flow.setNodes((all) => all.map((node) => ({ ...node, selected: inside.has(node.id) })));
        }}
        className="nopan nodrag pointer-events-auto m-1.5 max-w-[calc(100%-0.75rem)] cursor-grab touch-none truncate rounded-md px-2 py-0.5 text-left font-semibold text-16 text-dim hover:bg-paper hover:text-ink"
      >
        {name}
      </button>
    </section>
  );
}
