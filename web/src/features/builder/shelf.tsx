import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { Fragment, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { DRAGGED_BLOCK, type LooseEnd } from "@/features/builder/canvas";
import { ownAgentsQuery } from "@/features/builder/inner-agent";
import { blockColour, familyOf } from "@/features/builder/look";
import { newLink, schemaOf } from "@/features/builder/pins";
import { blocksQuery } from "@/features/builder/queries";
import { nodeOf, useBuilder } from "@/features/builder/store";
import { canEverFit, fitsAsIs } from "@/graph-core/coerce";
import type { BlockSpec, GraphLink } from "@/graph-core/model";
import { isCredential } from "@/graph-core/schemas";
import { type Reason, search, servicesOf } from "@/graph-core/search";
import { spaced } from "@/graph-core/text";
import { listed } from "@/shared/format";
import { keep, kept, useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";
import { Select } from "@/shared/ui/field";

const RECENT = "autograph.blocks.recent";
const MAX_RECENT = 6;
const SHOWN = 60;
/** What most agents begin with, where nothing is known of a person yet. */
const STARTERS = [
  "AgentShortTextInput",
  "AgentOutput",
  "AITextGenerator",
  "FillTextTemplate",
  "Condition",
  "StepThroughItems",
  "SendWebRequest",
  "SearchTheWeb",
  "SendEmail",
  "HumanInTheLoop",
  "AgentFileInput",
  "Note",
];
/** The chip of one's own agents, beside those of the families. */
const OWN = "own";

function recent(): string[] {
  return (kept(RECENT) ?? "").split(" ").filter(Boolean);
}

/** Remember that a block was used. */
export function noteUse(blockId: string): void {
  keep(RECENT, [blockId, ...recent().filter((one) => one !== blockId)].slice(0, MAX_RECENT).join(" "));
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

type OwnAgent = { id: string; name: string; description: string };
type Offer =
  | { kind: "block"; block: BlockSpec; why: Reason[] }
  | { kind: "agent"; agent: OwnAgent; block: BlockSpec };

/** Every block there is and every agent of one's own, found by a few letters; Enter adds, dragging places. */
export function Shelf({
  end,
  onPick,
  onPickAgent,
  onClose,
}: {
  end: LooseEnd | null;
  onPick: (block: BlockSpec) => void;
  onPickAgent: (agentId: string, block: BlockSpec) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const id = useId();
  const { data: blocks } = useQuery(blocksQuery);
  const agents = useQuery({ ...ownAgentsQuery, enabled: end === null });
  const agentId = useBuilder((builder) => builder.agentId);
  const [text, setText] = useState("");
  const [family, setFamily] = useState("");
  const [service, setService] = useState("");
  const [at, setAt] = useState(0);
  const [shownCount, setShownCount] = useState(SHOWN);
  // The first search reads all blocks: it is done before anybody has typed.
  useEffect(() => {
    const timer = setTimeout(() => search(blocks ?? [], "a"), 200);
    return () => clearTimeout(timer);
  }, [blocks]);
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
  const services = useMemo(() => [...new Set(offered.flatMap(servicesOf))].sort(), [offered]);
  const used = useMemo(recent, []);
  const found = useMemo<Offer[]>(() => {
    const runner = offered.find((block) => block.kind === "Agent");
    const own: Offer[] =
      runner && end === null && !service && (family === "" || family === OWN)
        ? (agents.data ?? [])
            .filter((one) => one.id !== agentId)
            .map((agent) => ({ kind: "agent", agent, block: runner }))
        : [];
    const inFamily = offered.filter(
      (block) =>
        family !== OWN &&
        (family === "" || block.categories.includes(family)) &&
        (service === "" || servicesOf(block).includes(service)),
    );
    const wanted = text.trim().toLowerCase();
    if (!wanted) {
      const sorted = [...inFamily].sort(
        (a, b) => rankOf(a, used) - rankOf(b, used) || a.name.localeCompare(b.name),
      );
      return [...sorted.map((block): Offer => ({ kind: "block", block, why: [] })), ...own];
    }
    const named = own.filter(
      (one) =>
        one.kind === "agent" && `${one.agent.name} ${one.agent.description}`.toLowerCase().includes(wanted),
    );
    const chosen = new Set(inFamily);
    const ranked = search(blocks ?? [], text)
      .filter(({ block }) => chosen.has(block))
      .map(({ block, why }): Offer => ({ kind: "block", block, why }));
    return [...ranked, ...named];
  }, [blocks, offered, text, family, service, agents.data, agentId, end, used]);
  const shown = found.slice(0, shownCount);
  const isPlain = text.trim() === "";
  /** What a part of the list is called; null inside of it. */
  const headAt = (index: number): string | null => {
    const part = partOfList(shown[index], used, isPlain);
    return part !== null && part !== partOfList(shown[index - 1], used, isPlain)
      ? words.editing.shelf[part]
      : null;
  };
  function pick(offer: Offer | undefined) {
    if (offer?.kind === "agent") onPickAgent(offer.agent.id, offer.block);
    else if (offer) onPick(offer.block);
  }

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      pick(shown[at]);
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
        <div
          onWheel={({ currentTarget: row, deltaX, deltaY }) => row.scrollBy({ left: deltaX || deltaY })}
          className="flex shrink-0 gap-1 overflow-x-auto border-b p-2 pr-8 [mask-image:linear-gradient(to_left,transparent,black_2.5rem)] [scrollbar-width:none]"
        >
          {["", OWN, ...families].map((one) => (
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
              {one === OWN
                ? words.editing.shelf.own
                : one
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
        onScroll={({ currentTarget: box }) => {
          const isNearEnd = box.scrollTop + box.clientHeight > box.scrollHeight - 200;
          if (isNearEnd && shownCount < found.length) setShownCount(shownCount + SHOWN);
        }}
        className="min-h-0 grow overflow-y-auto p-1.5"
      >
        {shown.map((offer, index) => {
          const head = headAt(index);
          return (
            <Fragment key={offer.kind === "agent" ? offer.agent.id : offer.block.id}>
              {head ? (
                <p role="presentation" className="px-2 pt-2 pb-1 text-12 text-dim">
                  {head}
                </p>
              ) : null}
              <Entry
                id={`${id}-${index}`}
                offer={offer}
                isChosen={index === at}
                onHover={() => setAt(index)}
                onPick={() => pick(offer)}
              />
            </Fragment>
          );
        })}
        {blocks && shown.length === 0 ? (
          <p className="px-3 py-6 text-center text-dim">{words.builder.noBlocks}</p>
        ) : null}
      </div>
      {end || services.length === 0 ? null : (
        <div className="border-t px-2 py-1.5">
          <Select
            aria-label={words.editing.shelf.service}
            value={service}
            onChange={(event) => {
              setService(event.target.value);
              setAt(0);
            }}
            className="h-8 text-13"
          >
            <option value="">{words.editing.shelf.anyService}</option>
            {services.map((one) => (
              <option key={one} value={one}>
                {titled(one)}
              </option>
            ))}
          </Select>
        </div>
      )}
    </section>
  );
}

/** Where a block stands before anything is typed: what was used lately, what many begin with, the rest. */
function rankOf(block: BlockSpec, used: string[]): number {
  const [lately, starter] = [used.indexOf(block.id), STARTERS.indexOf(block.name)];
  if (lately >= 0) return lately;
  return MAX_RECENT + (starter >= 0 ? starter : STARTERS.length);
}

/** Which part of the list an entry is in; only what was not searched for has parts. */
function partOfList(
  offer: Offer | undefined,
  used: string[],
  isPlain: boolean,
): "recent" | "starters" | "all" | "own" | null {
  if (!offer) return null;
  if (offer.kind === "agent") return "own";
  if (!isPlain) return null;
  if (used.includes(offer.block.id)) return "recent";
  return STARTERS.includes(offer.block.name) ? "starters" : "all";
}

/** A service as people read it: "Google Maps". */
function titled(service: string): string {
  return service.replace(/(^|_)(\w)/g, (_, gap, letter) => `${gap ? " " : ""}${letter.toUpperCase()}`);
}

/** What was typed, and the block's word for it where that is another one. */
function reason({ asked, found }: Reason): string {
  return asked === found ? found : `${asked} → ${found}`;
}

function Entry({
  id,
  offer,
  isChosen,
  onHover,
  onPick,
}: {
  id: string;
  offer: Offer;
  isChosen: boolean;
  onHover: () => void;
  onPick: () => void;
}) {
  const words = useWords();
  const { block } = offer;
  const { icon: Icon } = familyOf(block);
  const isAgent = offer.kind === "agent";
  const services = isAgent ? [] : servicesOf(block);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search box has the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      draggable={!isAgent}
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
        <span className="block truncate font-medium">
          {isAgent ? offer.agent.name || words.library.unnamed : spaced(block.name)}
          {services.length > 0 ? (
            <span className="ml-1.5 font-normal text-12 text-dim">{listed(services.map(titled))}</span>
          ) : null}
        </span>
        <span className="line-clamp-2 text-12 text-dim">
          {isAgent ? offer.agent.description : block.description}
        </span>
        {isAgent || offer.why.length === 0 ? null : (
          <span className="block truncate text-12 text-accent">
            {words.editing.shelf.because(listed(offer.why.map(reason)))}
          </span>
        )}
      </span>
    </div>
  );
}
