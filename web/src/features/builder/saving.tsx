import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { forgetDraft, type KeptDraft, markSaved, open, useBuilder } from "@/features/builder/store";
import type { Graph } from "@/graph-core/model";
import { ApiError, api } from "@/shared/api/client";
import { time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { tell, tellError } from "@/shared/ui/toast";

interface Conflict {
  base: number;
  latest: number;
}

/** Saves the draft as the next version; what the server refuses is said at the nodes, a conflict is asked about. */
export function useSaving() {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const at = useBuilder((builder) => builder.savedAt);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const sending = useMutation({
    mutationFn: async (over: number | null) => {
      const { draft, saved, agentId } = useBuilder.getState();
      const body = {
        ...draft.graph,
        autograph: 1,
        name: draft.graph.name || words.library.unnamed,
      } as unknown as Record<string, unknown>;
      if (agentId === null)
        return api("POST /api/v1/graphs", { body: { ...body, id: crypto.randomUUID(), version: 1 } });
      return api("PUT /api/v1/graphs/{graph_id}", {
        path: { graph_id: agentId },
        query: { base_version: over ?? saved?.version ?? null },
        body,
      });
    },
  });
  async function save(over: number | null = null): Promise<boolean> {
    const { draft } = useBuilder.getState();
    try {
      const made = await sending.mutateAsync(over);
      const wasNew = useBuilder.getState().agentId === null;
      // What was changed while it was being saved stays unsaved.
      const isSame = useBuilder.getState().draft.graph === draft.graph;
      markSaved(made.id, made.version);
      if (!isSame)
        useBuilder.setState(({ draft: now }) => ({
          saved: { ...draft.graph, version: made.version },
          draft: { ...now },
        }));
      client.invalidateQueries({ queryKey: ["agents"] });
      if (wasNew)
        await navigate({ to: "/build/$agentId", params: { agentId: made.id }, search: {}, replace: true });
      return true;
    } catch (error) {
      if (
        error instanceof ApiError &&
        error.status === 409 &&
        typeof error.details.latest_version === "number"
      )
        setConflict({
          base: useBuilder.getState().saved?.version ?? 1,
          latest: error.details.latest_version,
        });
      else if (error instanceof ApiError && error.status === 422) tell(error.message);
      return false;
    }
  }
  return {
    at,
    conflict,
    isBusy: sending.isPending,
    error: sending.error instanceof ApiError && sending.error.status === 409 ? null : sending.error,
    save,
    forgetConflict: () => setConflict(null),
    keepMine: async () => {
      const over = conflict?.latest ?? null;
      setConflict(null);
      await save(over);
    },
    takeTheirs: async () => {
      const { agentId, specs } = useBuilder.getState();
      setConflict(null);
      if (agentId === null) return;
      try {
        const found = await api("GET /api/v1/graphs/{graph_id}", { path: { graph_id: agentId } });
        forgetDraft(agentId);
        open(agentId, { ...(found.graph as unknown as Graph), id: found.id, version: found.version }, [
          ...specs.values(),
        ]);
      } catch (error) {
        tellError(error);
      }
    },
  };
}

export function Saved({
  isDirty,
  at,
  isBusy,
  version,
}: {
  isDirty: boolean;
  at: string | null;
  isBusy: boolean;
  version: number;
}) {
  const words = useWords();
  const text = isBusy
    ? words.builder.saving
    : isDirty
      ? words.builder.unsaved
      : version === 0
        ? ""
        : words.builder.savedAs(version, at ? time(at) : "");
  return (
    <span role="status" className={`text-13 max-md:hidden ${isDirty ? "text-wait" : "text-dim"}`}>
      {text}
    </span>
  );
}

export function Restore({
  kept,
  onTake,
  onDrop,
}: {
  kept: KeptDraft;
  onTake: () => void;
  onDrop: () => void;
}) {
  const words = useWords();
  return (
    <div role="status" className="row flex-wrap border-b bg-wait-wash px-4 py-2 text-13">
      <span className="grow">{words.builder.kept(time(kept.at), kept.graph.nodes.length)}</span>
      <Button small look="do" onClick={onTake}>
        {words.builder.restore}
      </Button>
      <Button small onClick={onDrop}>
        {words.builder.drop}
      </Button>
    </div>
  );
}
