import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { DRAGGED_BLOCK, type LooseEnd } from "@/features/builder/canvas";
import { blockColour, familyOf } from "@/features/builder/look";
import { newLink, schemaOf } from "@/features/builder/pins";
import { blocksQuery } from "@/features/builder/queries";
import { nodeOf, useBuilder } from "@/features/builder/store";
import { canEverFit, fitsAsIs } from "@/graph-core/coerce";
import type { BlockSpec, GraphLink } from "@/graph-core/model";
import { isCredential } from "@/graph-core/schemas";
import { spaced } from "@/graph-core/text";
import { keep, kept, useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";

const RECENT = "autograph.blocks.recent";
const MAX_RECENT = 6;
const SHOWN = 60;

function recent(): string[] {
  return (kept(RECENT) ?? "").split(" ").filter(Boolean);
}

/** Remember that a block was used. */
export function noteUse(blockId: string): void {
  keep(RECENT, [blockId, ...recent().filter((one) => one !== blockId)].slice(0, MAX_RECENT).join(" "));
}

/** How well a block fits what was typed; 0 for not at all. */
export function score(block: BlockSpec, text: string): number {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const name = spaced(block.name).toLowerCase();
  const joined = block.name.toLowerCase();
  let sum = 0;
  for (const word of words) {
    const start = name.split(" ").some((part) => part.startsWith(word));
    const found = joined.startsWith(word)
      ? 8
      : start
        ? 6
        : joined.includes(word)
          ? 4
          : block.description.toLowerCase().includes(word)
            ? 1
            : 0;
    if (found === 0) return 0;
    sum += found;
  }
  return sum + (joined.length < 12 ? 0.5 : 0);
}

/** The pin of a block that a loose end would be linked to; null where none fits. */
export function pinFor(block: BlockSpec, end: LooseEnd): string | null {
  const node = nodeOf(end.node);
  if (!node) return null;
  const spec = useBuilder.getState().specs.get(node.block_id);
  const own = schemaOf(node, spec, end.pin, end.side);
  const pins = Object.entries(
    (end.side === "output" ? block.input_schema : block.output_schema).properties ?? {},
  ).filter(([name, schema]) => !schema.hidden && !isCredential(schema) && name !== "error");
  const fits = pins.filter(([, schema]) =>
    end.side === "output" ? canEverFit(own, schema) : canEverFit(schema, own),
  );
  const exact = fits.find(
    ([name, schema]) =>
      !schema.advanced &&
      name !== "name" &&
      (end.side === "output" ? fitsAsIs(own, schema) : fitsAsIs(schema, own)),
  );
  return (exact ?? fits.find(([, schema]) => !schema.advanced) ?? fits[0])?.[0] ?? null;
}

/** The link from a loose end to a new node of a block. */
export function linkFor(block: BlockSpec, end: LooseEnd, nodeId: string): GraphLink | null {
  const pin = pinFor(block, end);
  const { specs, draft } = useBuilder.getState();
  if (pin === null) return null;
  if (end.side === "output")
    return newLink(specs, draft.graph, { from: end.node, output: end.pin, to: nodeId, input: pin });
  return {
    from: nodeId,
    output: pin,
    to: end.node,
    input: end.pin,
    ...(block.static_output ? { static: true } : {}),
  };
}

/** Every block there is, found by a few letters; Enter adds, dragging places. */
export function Shelf({
  end,
  onPick,
  onClose,
}: {
  end: LooseEnd | null;
  onPick: (block: BlockSpec) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const id = useId();
  const { data: blocks } = useQuery(blocksQuery);
  const [text, setText] = useState("");
  const [family, setFamily] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const offered = useMemo(
    () =>
      (blocks ?? []).filter(
        (block) => block.deprecated === null && (end === null || pinFor(block, end) !== null),
      ),
    [blocks, end],
  );
  const families = useMemo(
    () => [...new Set(offered.flatMap((block) => block.categories))].sort(),
    [offered],
  );
  const found = useMemo(() => {
    const inFamily = family ? offered.filter((block) => block.categories.includes(family)) : offered;
    if (!text.trim()) {
      const used = recent();
      const rank = (block: BlockSpec) => (used.includes(block.id) ? used.indexOf(block.id) : MAX_RECENT);
      return [...inFamily].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    }
    return inFamily
      .map((block) => ({ block, points: score(block, text) }))
      .filter((one) => one.points > 0)
      .sort((a, b) => b.points - a.points || a.block.name.length - b.block.name.length)
      .map((one) => one.block);
  }, [offered, text, family]);
  const shown = found.slice(0, SHOWN);

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      const block = shown[at];
      if (block) onPick(block);
    } else if (event.key === "Escape") onClose();
  }

  return (
    <section
      aria-label={words.builder.blocks}
      className="absolute inset-y-3 left-3 z-20 stack w-80 max-w-[calc(100%-1.5rem)] animate-rise rounded-lg border bg-paper shadow-float"
    >
      <div className="row border-b py-1.5 pr-1.5 pl-3">
        <input
          // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
          aria-label={words.builder.searchBlocks}
          placeholder={end ? words.builder.blocksThatFit : words.builder.searchBlocks}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-8 min-w-0 grow bg-transparent outline-none"
        />
        <IconButton label={words.close} onClick={onClose}>
          <X />
        </IconButton>
      </div>
      {end ? null : (
        <div className="flex gap-1 overflow-x-auto border-b p-2 [scrollbar-width:none]">
          {["", ...families].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={family === one}
              onClick={() => {
                setFamily(one);
                setAt(0);
              }}
              className="shrink-0 rounded-full border px-2.5 py-0.5 text-12 text-dim aria-pressed:border-accent aria-pressed:bg-wash aria-pressed:text-ink"
            >
              {one
                ? (words.builder.families[one as keyof typeof words.builder.families] ?? one)
                : words.builder.allBlocks(offered.length)}
            </button>
          ))}
        </div>
      )}
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={words.builder.blocks}
        className="min-h-0 grow overflow-y-auto p-1.5"
      >
        {shown.map((block, index) => (
          <Entry
            key={block.id}
            id={`${id}-${index}`}
            block={block}
            isChosen={index === at}
            onHover={() => setAt(index)}
            onPick={() => onPick(block)}
          />
        ))}
        {blocks && shown.length === 0 ? (
          <p className="px-3 py-6 text-center text-dim">{words.builder.noBlocks}</p>
        ) : null}
      </div>
    </section>
  );
}

function Entry({
  id,
  block,
  isChosen,
  onHover,
  onPick,
}: {
  id: string;
  block: BlockSpec;
  isChosen: boolean;
  onHover: () => void;
  onPick: () => void;
}) {
  const { icon: Icon } = familyOf(block);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search box has the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED_BLOCK, block.id)}
      onPointerMove={onHover}
      onClick={onPick}
      className="flex cursor-pointer gap-2.5 rounded-md px-2 py-1.5 aria-selected:bg-wash"
    >
      <span
        className="mt-0.5 grid size-6 shrink-0 place-items-center rounded-md text-paper [&_svg]:size-3.5"
        style={{ background: blockColour(block) }}
      >
        <Icon aria-hidden="true" />
      </span>
      <span className="min-w-0">
        <span className="block truncate font-medium">{spaced(block.name)}</span>
        <span className="line-clamp-2 text-12 text-dim">{block.description}</span>
      </span>
    </div>
  );
}
