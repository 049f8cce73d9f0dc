import { Search, X } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { blockColour } from "@/features/builder/look";
import { useBuilder } from "@/features/builder/store";
import type { Graph } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";

/** Find a node by what it is called, is, or holds. */
export function Find({
  graph,
  onGoTo,
  onClose,
}: {
  graph: Graph;
  onGoTo: (node: string) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const specs = useBuilder((builder) => builder.specs);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  /** Whether what is chosen was gone to: then Enter goes on to the next. */
  const [hasGone, setGone] = useState(false);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  const found = useMemo(() => {
    const needle = text.trim().toLowerCase();
    if (!needle) return [];
    return graph.nodes
      .filter((node) => {
        const spec = specs.get(node.block_id);
        return [
          titleOf(node, spec),
          spec?.name ?? "",
          spaced(spec?.name ?? ""),
          node.id,
          JSON.stringify(node.constants ?? {}),
        ].some((one) => one.toLowerCase().includes(needle));
      })
      .map((node) => node.id);
  }, [graph, specs, text]);
  const chosen = found.length > 0 ? at % found.length : 0;
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  function go(to: number) {
    const node = found[to];
    setAt(to);
    if (node) onGoTo(node);
  }
  return (
    <div className="absolute top-3 right-3 z-20 stack w-72 max-w-[calc(100%-1.5rem)] rounded-lg border bg-paper shadow-float">
      <div className="row py-1 pr-1 pl-3">
        <Search className="size-4 shrink-0 text-dim" />
        <input
          // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
          autoFocus
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={found[chosen] ? `${id}-${chosen}` : undefined}
          aria-label={words.keyboard.keys.find}
          placeholder={words.keyboard.keys.find}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
            setGone(false);
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") onClose();
            const step = { ArrowDown: 1, ArrowUp: -1, Enter: hasGone ? 1 : 0 }[event.key];
            if (step === undefined || found.length === 0 || event.nativeEvent.isComposing) return;
            event.preventDefault();
            setGone(true);
            go((chosen + step + found.length) % found.length);
          }}
          className="h-8 min-w-0 grow bg-transparent outline-none"
        />
        <span className="shrink-0 text-12 text-dim">
          {text ? `${found.length ? chosen + 1 : 0}/${found.length}` : ""}
        </span>
        <IconButton label={words.close} onClick={onClose}>
          <X />
        </IconButton>
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={words.keyboard.keys.find}
        className="max-h-72 overflow-y-auto border-t p-1 empty:hidden"
      >
        {found.map((node, index) => {
          const one = nodes.get(node);
          const spec = one && specs.get(one.block_id);
          return one ? (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the search box has the keys
            <div
              key={node}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              onClick={() => {
                setGone(true);
                go(index);
              }}
              className="row h-8 cursor-pointer gap-2 rounded-md px-2 hover:bg-sunken aria-selected:bg-wash"
            >
              <span
                aria-hidden="true"
                className="size-2.5 shrink-0 rounded-full"
                style={{ background: blockColour(spec) }}
              />
              <span className="min-w-0 truncate">{titleOf(one, spec)}</span>
              <span className="ml-auto max-w-[45%] shrink-0 truncate text-12 text-dim">
                {spec && titleOf(one, spec) !== spaced(spec.name) ? spaced(spec.name) : ""}
              </span>
            </div>
          ) : null;
        })}
      </div>
    </div>
  );
}
