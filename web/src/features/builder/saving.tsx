import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { act, goOnFrom, markSaved, useBuilder } from "@/features/builder/store";
import { merge, type Side } from "@/graph-core/merge";
import type { Graph } from "@/graph-core/model";
import { ApiError, api } from "@/shared/api/client";
import { time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { tell, tellError } from "@/shared/ui/toast";

/** Somebody else's version, and the one that both began with. */
interface Conflict {
  base: Graph;
  theirs: Graph;
}

async function versionOf(agentId: string, version: number): Promise<Graph> {
  const found = await api("GET /api/v1/graphs/{graph_id}", {
    path: { graph_id: agentId },
    query: { version },
  });
  return { ...(found.graph as unknown as Graph), id: found.id, version: found.version };
}

/**
 * Saves the draft as the next version. What the server refuses is said at the nodes. What somebody saved meanwhile
 * is merged in; where both changed the same, it is asked whose stays.
 */
export function useSaving() {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const at = useBuilder((builder) => builder.savedAt);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const sending = useMutation({
    mutationFn: async () => {
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
        query: { base_version: saved?.version ?? null },
        body,
      });
    },
  });
  async function save(): Promise<boolean> {
    const { draft } = useBuilder.getState();
    try {
      const made = await sending.mutateAsync();
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
        return join(error.details.latest_version);
      else if (error instanceof ApiError && error.status === 422) tell(error.message);
      return false;
    }
  }

  /** Bring in what somebody saved meanwhile, and save again; false where it has to be asked first. */
  async function join(latest: number): Promise<boolean> {
    const { agentId, saved } = useBuilder.getState();
    if (agentId === null) return false;
    try {
      const [base, theirs] = await Promise.all([
        versionOf(agentId, saved?.version ?? 1),
        versionOf(agentId, latest),
      ]);
      if (merge(base, theirs, useBuilder.getState().draft.graph).conflicts.length === 0)
        return await saveMerged({ base, theirs }, {});
      setConflict({ base, theirs });
    } catch (error) {
      tellError(error);
    }
    return false;
  }

  async function saveMerged({ base, theirs }: Conflict, choices: Record<string, Side>): Promise<boolean> {
    setConflict(null);
    const { graph } = merge(base, theirs, useBuilder.getState().draft.graph, choices);
    goOnFrom(theirs);
    act({ kind: "replace", graph });
    const isSaved = await save();
    if (isSaved) tell(words.editing.merged(theirs.version));
    return isSaved;
  }

  return {
    at,
    conflict,
    isBusy: sending.isPending,
    error: sending.error instanceof ApiError && sending.error.status === 409 ? null : sending.error,
    save,
    forgetConflict: () => setConflict(null),
    merge: (choices: Record<string, Side>) => conflict && saveMerged(conflict, choices),
    takeTheirs: () => {
      if (!conflict) return;
      setConflict(null);
      goOnFrom(conflict.theirs);
      act({ kind: "replace", graph: conflict.theirs });
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
