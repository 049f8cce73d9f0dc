import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import { act } from "@/features/builder/store";
import { useWords } from "@/shared/settings";

export type NoteNodeType = Node<{ text: string }, "note">;

/** Words on the canvas, for whoever reads the graph. */
export const NoteNode = memo(function NoteNode({ id, data, selected }: NodeProps<NoteNodeType>) {
  const words = useWords();
  return (
    <div
      className={`w-56 rounded-md border bg-wait-wash p-3 ${selected ? "border-accent ring-2 ring-accent/60" : "border-wait/30"}`}
    >
      <textarea
        aria-label={words.builder.note}
        placeholder={words.builder.notePlaceholder}
        value={data.text}
        onChange={(event) => act({ kind: "constants", node: id, values: { text: event.target.value } })}
        rows={Math.min(12, Math.max(3, data.text.split("\n").length + Math.floor(data.text.length / 32)))}
        className="nodrag nowheel w-full resize-none bg-transparent outline-none placeholder:text-dim"
      />
    </div>
  );
});
