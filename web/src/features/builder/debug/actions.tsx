import { CircleDot, Pin, PinOff, SkipForward, SquarePen } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { type Pins, pin, toggleBreakpoint, unpin, useMarks } from "@/features/builder/debug/marks";
import { PinDialog } from "@/features/builder/debug/pin-dialog";
import { useWatching } from "@/features/builder/debug/watching";
import { nodeOf, specOf, useBuilder } from "@/features/builder/store";
import type { Json } from "@/graph-core/model";
import type { Overlay } from "@/graph-core/overlay";
import { outputPins } from "@/graph-core/schemas";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import type { MenuItem } from "@/shared/ui/menu";
import { Kbd } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

/** An action on a node, and the key that does the same. */
export interface NodeItem extends MenuItem {
  by?: string;
}

export interface Debugging {
  /** What can be done to a node to debug it. */
  items: (node: string) => NodeItem[];
  /** The same by keys, for the selected node. */
  keys: Record<string, () => unknown>;
  onMenu: (node: string, at: { x: number; y: number }) => void;
  /** Menus and dialogs that are open. */
  windows: ReactNode;
}

/** Running to a node, pinning what it gives out, breaking before it. */
export function useDebugging(
  onRunTo: (node: string) => unknown,
  onEdit: (node: string) => NodeItem[],
): Debugging {
  const words = useWords();
  const marks = useMarks();
  const selected = useBuilder((builder) => builder.selected);
  const [editing, setEditing] = useState<{ node: string; pins: Pins } | null>(null);
  const [menu, setMenu] = useState<{ node: string; x: number; y: number } | null>(null);

  const edit = (node: string) => setEditing({ node, pins: marks.pinned[node] ?? emptyPins(node) });

  async function pinLast(node: string) {
    const { runId, overlay } = useWatching.getState();
    try {
      const given = runId === null ? null : await givenOut(runId, overlay, node);
      if (given === null) edit(node);
      else {
        pin(node, given);
        tell(words.debug.pinnedTo(nameOf(node)));
      }
    } catch (error) {
      tellError(error);
    }
  }

  function items(node: string): NodeItem[] {
    const isPinned = node in marks.pinned;
    const { overlay } = useWatching.getState();
    return [
      { label: words.debug.runTo, icon: <SkipForward />, by: "t", onSelect: () => onRunTo(node) },
      ...(overlay.byNode.get(node)?.outputs.length
        ? [
            {
              label: words.debug.pinLast,
              icon: <Pin />,
              by: isPinned ? "" : "p",
              onSelect: () => pinLast(node),
            },
          ]
        : []),
      {
        label: isPinned ? words.debug.editPinned : words.debug.pinValue,
        icon: <SquarePen />,
        onSelect: () => edit(node),
      },
      ...(isPinned
        ? [{ label: words.debug.unpin, icon: <PinOff />, by: "p", onSelect: () => unpin(node) }]
        : []),
      {
        label: marks.breakpoints.includes(node) ? words.debug.noBreak : words.debug.breakHere,
        icon: <CircleDot />,
        by: "k",
        onSelect: () => toggleBreakpoint(node),
      },
    ];
  }

  const each = (act: (node: string) => unknown) => () =>
    selected.filter((node) => specOf(node)?.kind !== "Note").map(act);
  return {
    items,
    keys: {
      t: () => selected.length === 1 && selected[0] && onRunTo(selected[0]),
      p: each((node) => (node in marks.pinned ? unpin(node) : pinLast(node))),
      k: each(toggleBreakpoint),
    },
    onMenu: (node, at) => setMenu({ node, ...at }),
    windows: (
      <>
        {menu ? (
          <ContextMenu
            at={menu}
            label={nameOf(menu.node)}
            items={[...(specOf(menu.node)?.kind === "Note" ? [] : items(menu.node)), ...onEdit(menu.node)]}
            onClose={() => setMenu(null)}
          />
        ) : null}
        {editing ? (
          <PinDialog
            node={editing.node}
            title={words.debug.pinTitle(nameOf(editing.node))}
            pins={editing.pins}
            onClose={() => setEditing(null)}
          />
        ) : null}
      </>
    ),
  };
}

export function nameOf(node: string): string {
  const found = nodeOf(node);
  return found ? titleOf(found, specOf(node)) : node;
}

/** The pins that a person is most likely to fill: those that are linked, else the first. */
function emptyPins(node: string): Pins {
  const { graph } = useBuilder.getState().draft;
  const linked = graph.links.filter((link) => link.from === node).map((link) => link.output.split("_")[0]);
  const [found, spec] = [nodeOf(node), specOf(node)];
  const known = found && spec ? Object.keys(outputPins(found, spec)).filter((name) => name !== "error") : [];
  const wanted = known.filter((name) => linked.includes(name));
  return Object.fromEntries((wanted.length > 0 ? wanted : known.slice(0, 1)).map((name) => [name, []]));
}

/** Everything that a node gave out in a run, whole: the journal keeps large values apart, so they are asked for. */
async function givenOut(runId: string, overlay: Overlay, node: string): Promise<Pins | null> {
  const found: Record<string, Json[]> = {};
  const add = (name: string, values: Json[]) => {
    found[name] = [...(found[name] ?? []), ...values];
  };
  const outputs = [...overlay.steps.values()]
    .filter((step) => step.node === node)
    .flatMap((step) => step.outputs);
  if (outputs.some((one) => one.length > 2)) {
    let after: number | null = 0;
    while (after !== null) {
      const page: {
        node_runs: Array<{ node: string; outputs: Record<string, Json[]> }>;
        next_after: number | null;
      } = await api("GET /api/v1/runs/{run_id}/node-runs", {
        path: { run_id: runId },
        query: { after, limit: 1000 },
      });
      for (const one of page.node_runs)
        if (one.node === node) for (const [name, values] of Object.entries(one.outputs)) add(name, values);
      after = page.next_after;
    }
  } else for (const [name, value] of outputs) add(name, [value]);
  return Object.keys(found).length > 0 ? found : null;
}

/** A list of actions where the pointer is; arrows walk it, Escape closes it. */
function ContextMenu({
  at,
  label,
  items,
  onClose,
}: {
  at: { x: number; y: number };
  label: string;
  items: NodeItem[];
  onClose: () => void;
}) {
  const root = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const onDown = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) close.current();
    };
    document.addEventListener("pointerdown", onDown);
    return () => {
      document.removeEventListener("pointerdown", onDown);
      before?.focus();
    };
  }, []);

  function onKeyDown(event: KeyboardEvent) {
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const place = all.indexOf(document.activeElement as HTMLElement);
    const goTo: Record<string, number> = {
      ArrowDown: (place + 1) % all.length,
      ArrowUp: (place - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    event.stopPropagation();
    const next = goTo[event.key];
    if (next !== undefined) {
      event.preventDefault();
      all[next]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      onClose();
    }
  }

  return (
    <div
      ref={root}
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
      className="fixed z-40 min-w-56 animate-rise rounded-lg border bg-paper p-1 shadow-float"
      style={{
        left: Math.min(at.x, innerWidth - 240),
        top: Math.min(at.y, innerHeight - 40 - items.length * 32),
      }}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose();
            item.onSelect();
          }}
          className="row h-8 w-full rounded-md px-2 text-left hover:bg-sunken focus-visible:bg-sunken focus-visible:outline-none [&_svg]:size-4 [&_svg]:text-dim"
        >
          {item.icon}
          <span className="grow">{item.label}</span>
          {item.by ? <Kbd>{item.by}</Kbd> : null}
        </button>
      ))}
    </div>
  );
}
