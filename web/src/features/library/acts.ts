// What a person does with agents and folders in the library, from wherever they see them.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "@/shared/api/client";
import type { AgentChange } from "@/shared/api/schema";
import { watchRuns } from "@/shared/api/socket";
import { useWords } from "@/shared/settings";
import { tell, tellError } from "@/shared/ui/toast";

/** An agent, as far as acts need to know it. */
export interface Named {
  id: string;
  name: string;
}

export interface LibraryActs {
  favorite(agent: Named, isFavorite: boolean): void;
  archive(agent: Named, isArchived: boolean): void;
  move(agents: Named[], folder: Named | null): void;
  duplicate(agent: Named): void;
  remove(agent: Named): void;
  restore(agent: Named): void;
  moveFolder(folderId: string, parentId: string | null): void;
}

export function useLibraryActs(): LibraryActs {
  const words = useWords();
  const client = useQueryClient();
  const acting = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
    onError: tellError,
  });
  const doing = (act: () => Promise<unknown>, then?: () => void) =>
    acting.mutate(act, then ? { onSuccess: then } : {});
  const change = (agent: Named, body: AgentChange) => () =>
    api("PATCH /api/v1/library/agents/{graph_id}", { path: { graph_id: agent.id }, body });
  const nameOf = (agent: Named) => agent.name || words.library.unnamed;
  const acts: LibraryActs = {
    favorite: (agent, isFavorite) => doing(change(agent, { is_favorite: isFavorite })),
    archive: (agent, isArchived) =>
      doing(change(agent, { is_archived: isArchived }), () =>
        isArchived
          ? tell(words.library.archived(nameOf(agent)), {
              label: words.undo,
              act: () => acts.archive(agent, false),
            })
          : tell(words.library.isBack(nameOf(agent))),
      ),
    move: (agents, folder) =>
      doing(
        () =>
          api("POST /api/v1/library/folders/agents/bulk-move", {
            body: { agent_ids: agents.map((one) => one.id), folder_id: folder?.id ?? null },
          }),
        () =>
          tell(
            words.library.moved(agents.map(nameOf).join(", "), folder ? folder.name : words.library.noFolder),
          ),
      ),
    duplicate: (agent) =>
      doing(
        () =>
          api("POST /api/v1/library/agents/{graph_id}/fork", {
            path: { graph_id: agent.id },
            body: { name: words.library.copyOf(nameOf(agent)).slice(0, 200) },
          }),
        () => tell(words.library.duplicated(nameOf(agent))),
      ),
    remove: (agent) =>
      doing(
        () => api("DELETE /api/v1/library/agents/{graph_id}", { path: { graph_id: agent.id } }),
        () =>
          tell(words.library.deleted(nameOf(agent)), { label: words.undo, act: () => acts.restore(agent) }),
      ),
    restore: (agent) =>
      doing(
        () => api("POST /api/v1/library/agents/{graph_id}/restore", { path: { graph_id: agent.id } }),
        () => tell(words.library.isBack(nameOf(agent))),
      ),
    moveFolder: (folderId, parentId) =>
      doing(() =>
        api("POST /api/v1/library/folders/{folder_id}/move", {
          path: { folder_id: folderId },
          body: { target_parent_id: parentId },
        }),
      ),
  };
  return acts;
}

/** Write an agent to a file of the person's. */
export async function exportAgent(agent: Named, format: "autograph" | "autogpt"): Promise<void> {
  try {
    const answer = await ask(`/api/v1/graphs/${agent.id}/export?format=${format}`, {});
    const document = JSON.stringify(await answer.json(), null, 2);
    const { saveAs } = await import("@/shared/value/value-view");
    saveAs(new Blob([document], { type: "application/json" }), `${agent.name || "agent"}.json`);
  } catch (error) {
    tellError(error);
  }
}

const PAUSE_MS = 500;

/** Agents that are shown are asked for again when a run of any of them begins or ends. */
export function useLiveAgents(): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watchRuns(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        client.invalidateQueries({ queryKey: ["agents", "library"] });
        client.invalidateQueries({ queryKey: ["deliveries"] });
      }, PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client]);
}
