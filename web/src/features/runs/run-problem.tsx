import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Pencil, RefreshCw, XCircle } from "lucide-react";
import { api } from "@/shared/api/client";
import type { RunAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { tellError } from "@/shared/ui/toast";

/** A failure: what happened, where, and what helps. */
export function RunProblem({
  run,
  nameOf,
  onStep,
}: {
  run: RunAnswer;
  nameOf: (node: string) => string;
  onStep: (step: number) => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const retrying = useMutation({
    mutationFn: () => api("POST /api/v1/runs/{run_id}/retry", { path: { run_id: run.id } }),
    onSuccess: async (made) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      await navigate({ to: "/runs/$runId", params: { runId: made.id } });
    },
    onError: tellError,
  });
  const failures = run.errors.filter((one) => !one.handled);
  const needsKey = failures.some((one) => one.code.startsWith("credential"));
  return (
    <section role="alert" className="card border-bad/50 bg-bad-wash/40 p-5">
      <div className="flex gap-3">
        <XCircle className="mt-0.5 size-5 shrink-0 text-bad" />
        <div className="min-w-0 grow">
          {failures.length === 0 ? (
            <p className="text-16">{String(run.error?.message ?? words.runs.failed)}</p>
          ) : null}
          {failures.map((one) => (
            <div key={one.node_run} className="not-first:mt-3">
              <p className="break-words text-16">{one.message}</p>
              <button
                type="button"
                onClick={() => onStep(one.node_run)}
                className="mt-0.5 text-13 text-dim underline underline-offset-2 hover:text-ink"
              >
                {words.runs.failedAt(nameOf(one.node), one.node_run)}
              </button>
            </div>
          ))}
        </div>
      </div>
      <div className="row mt-4 flex-wrap pl-8">
        <Button look="do" small onClick={() => retrying.mutate()} isBusy={retrying.isPending}>
          <RefreshCw className="size-4" />
          {words.runs.retry}
        </Button>
        <Link
          to="/build/$agentId"
          params={{ agentId: run.graph_id }}
          search={{ version: run.graph_version, run: run.id }}
          className={buttonClass("plain", true)}
        >
          <Pencil className="size-4" />
          {words.runs.mend}
        </Link>
        {needsKey ? (
          <Link to="/connections" className={buttonClass("plain", true)}>
            {words.connections.add}
          </Link>
        ) : null}
      </div>
    </section>
  );
}
