import { Search } from "lucide-react";
import { useMemo, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { useBuilder } from "@/features/builder/store";
import type { Graph } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";

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
  return (
    <div className="row absolute top-3 right-3 z-20 rounded-lg border bg-paper py-1 pr-1 pl-3 shadow-float">
      <Search className="size-4 text-dim" />
      <input
        // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
        autoFocus
        aria-label={words.keyboard.keys.find}
        placeholder={words.keyboard.keys.find}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          const node = found[at % Math.max(1, found.length)];
          if (event.key === "Enter" && node) {
            onGoTo(node);
            setAt(at + 1);
          }
        }}
        className="h-8 w-44 bg-transparent outline-none"
      />
      <span className="w-12 text-right text-12 text-dim">
        {text ? `${found.length ? ((at + found.length - 1) % found.length) + 1 : 0}/${found.length}` : ""}
      </span>
      <Button small look="quiet" onClick={onClose}>
        {words.close}
      </Button>
    </div>
  );
}
