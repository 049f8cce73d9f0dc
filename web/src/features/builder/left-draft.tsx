import { useState } from "react";
import { forgetDraft, type LeftDraft, leftDraft } from "@/features/builder/drafts";
import { goOnFrom, takeUp, useBuilder } from "@/features/builder/store";
import { diff, touchesAnything } from "@/graph-core/diff";
import { time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";

/** What was left here and never saved, with how much it changes: take it, or drop it. */
export function LeftBehind() {
  const words = useWords();
  const agentId = useBuilder((builder) => builder.agentId);
  const saved = useBuilder((builder) => builder.saved);
  const [left, setLeft] = useState<LeftDraft | null>(() => unsaved(agentId));
  if (!left) return null;
  const empty = { ...left.draft.graph, nodes: [], links: [], layout: {} };
  const found = diff(saved ?? empty, left.draft.graph);
  const links = found.links_added.length + found.links_removed.length;
  return (
    <div role="status" className="row flex-wrap border-b bg-wait-wash px-4 py-2 text-13">
      <span className="grow">
        {words.editing.left(time(left.at))}{" "}
        <span className="tabular-nums">
          {words.editing.counts(
            found.added.length,
            found.removed.length,
            Object.keys(found.changed).length,
            links,
            found.moved.length,
          )}
        </span>
      </span>
      <Button
        small
        look="do"
        onClick={() => {
          // Saved meanwhile by somebody: saving then merges with what they did.
          if (saved && left.version > 0 && left.version !== saved.version)
            goOnFrom({ ...saved, version: left.version });
          takeUp(left.draft);
          setLeft(null);
        }}
      >
        {words.builder.restore}
      </Button>
      <Button
        small
        onClick={() => {
          forgetDraft(agentId);
          setLeft(null);
        }}
      >
        {words.builder.drop}
      </Button>
    </div>
  );
}

function unsaved(agentId: string | null): LeftDraft | null {
  const left = leftDraft(agentId);
  const { saved } = useBuilder.getState();
  if (!left || left.isSaved) return null;
  return saved && !touchesAnything(diff(saved, left.draft.graph)) ? null : left;
}
