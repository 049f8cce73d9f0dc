import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { BookmarkPlus, MoreHorizontal, Play, RotateCcw, Square, SquareActivity, Trash2 } from "lucide-react";
import { useState } from "react";
import { PresetDialog } from "@/features/library/preset-dialog";
import { RUN_STATUSES } from "@/features/library/search";
import { runsQuery } from "@/features/runs/queries";
import { RunRows } from "@/features/runs/run-rows";
import type { Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { RunAnswer, RunItem } from "@/shared/api/schema";
import { oneOf } from "@/shared/search";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Select } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { Empty, Problem, ShowMore, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const OVER = ["completed", "failed", "cancelled"];

/** The runs of one agent, and what can be done with each. */
export function AgentRuns({ agentId, onRun }: { agentId: string; onRun: () => void }) {
  const words = useWords();
  const navigate = useNavigate({ from: "/library/$agentId" });
  const { status } = useSearch({ from: "/shell/library/$agentId" });
  const runs = useInfiniteQuery(runsQuery({ graphId: agentId, status }));
  const [kept, setKept] = useState<RunAnswer | null>(null);
  const [deleted, setDeleted] = useState<RunItem | null>(null);
  const acts = useRunActs();
  const all = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  const again = async (run: RunItem) => {
    const made = await acts.again(run);
    if (made)
      tell(words.runs.started, {
        label: words.runs.show,
        act: () => navigate({ to: "/runs/$runId", params: { runId: made.id } }),
      });
  };
  return (
    <section aria-label={words.nav.runs}>
      {all.length === 0 && !status ? null : (
        <div className="mb-3 flex justify-end">
          <Select
            className="w-auto!"
            aria-label={words.runs.byStatus}
            value={status ?? ""}
            onChange={(event) =>
              navigate({ search: (old) => ({ ...old, status: oneOf(RUN_STATUSES, event.target.value) }) })
            }
          >
            <option value="">{words.runs.allStates}</option>
            {RUN_STATUSES.map((one) => (
              <option key={one} value={one}>
                {words.states[one]}
              </option>
            ))}
          </Select>
        </div>
      )}
      {runs.isPending ? <Skeletons className="h-12" /> : null}
      {runs.isError ? <Problem error={runs.error} onRetry={() => runs.refetch()} /> : null}
      {runs.isSuccess && all.length === 0 ? (
        status ? (
          <Empty icon={<SquareActivity />} title={words.runs.noneSuch} text={words.runs.noneSuchText}>
            <Button onClick={() => navigate({ search: {} })}>{words.runs.showAll}</Button>
          </Empty>
        ) : (
          <Empty icon={<SquareActivity />} title={words.library.noRuns} text={words.library.noRunsText}>
            <Button look="do" onClick={onRun}>
              <Play className="size-4" />
              {words.runs.run}
            </Button>
          </Empty>
        )
      ) : null}
      {all.length > 0 ? (
        <RunRows
          runs={all}
          aside={(run) => (
            <Menu
              label={words.library.moreOf(words.runs.runOf(run.id.slice(-6)))}
              trigger={<MoreHorizontal />}
              items={[
                { label: words.runs.again, icon: <RotateCcw />, onSelect: () => again(run) },
                {
                  label: words.presets.keep,
                  icon: <BookmarkPlus />,
                  onSelect: async () => setKept(await acts.whole(run)),
                },
                "line",
                OVER.includes(run.status)
                  ? {
                      label: words.runs.delete,
                      icon: <Trash2 />,
                      isDanger: true,
                      onSelect: () => setDeleted(run),
                    }
                  : { label: words.runs.stop, icon: <Square />, onSelect: () => acts.stop(run) },
              ]}
            />
          )}
        />
      ) : null}
      <ShowMore of={runs} />
      {kept ? (
        <PresetDialog
          agentId={agentId}
          given={{
            inputs: kept.inputs as Record<string, Json>,
            credentials: {},
            version: undefined,
          }}
          onClose={() => setKept(null)}
        />
      ) : null}
      {deleted ? (
        <Confirm
          title={words.runs.delete}
          text={words.runs.deleteText}
          act={words.runs.delete}
          isBusy={acts.isDeleting}
          onDo={async () => {
            await acts.remove(deleted);
            setDeleted(null);
          }}
          onClose={() => setDeleted(null)}
        />
      ) : null}
    </section>
  );
}

function useRunActs() {
  const words = useWords();
  const client = useQueryClient();
  const refresh = () => {
    client.invalidateQueries({ queryKey: ["runs"] });
    client.invalidateQueries({ queryKey: ["agents", "library"] });
  };
  const whole = (run: RunItem) => api("GET /api/v1/runs/{run_id}", { path: { run_id: run.id } });
  const deleting = useMutation({
    mutationFn: (run: RunItem) => api("DELETE /api/v1/runs/{run_id}", { path: { run_id: run.id } }),
    onSuccess: () => {
      refresh();
      tell(words.runs.deleted);
    },
    onError: tellError,
  });
  const stopping = useMutation({
    mutationFn: (run: RunItem) => api("POST /api/v1/runs/{run_id}/cancel", { path: { run_id: run.id } }),
    onSuccess: refresh,
    onError: tellError,
  });
  return {
    isDeleting: deleting.isPending,
    remove: (run: RunItem) => deleting.mutateAsync(run).catch(() => undefined),
    stop: (run: RunItem) => stopping.mutate(run),
    whole: async (run: RunItem): Promise<RunAnswer | null> => {
      try {
        return await whole(run);
      } catch (error) {
        tellError(error);
        return null;
      }
    },
    /** The same version with the same inputs, once more. */
    again: async (run: RunItem): Promise<RunAnswer | null> => {
      try {
        const { inputs } = await whole(run);
        const made = await api("POST /api/v1/graphs/{graph_id}/execute", {
          path: { graph_id: run.graph_id },
          body: { inputs, version: run.graph_version },
          headers: { "idempotency-key": crypto.randomUUID() },
        });
        refresh();
        return made;
      } catch (error) {
        tellError(error);
        return null;
      }
    },
  };
}
