import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { GitFork, KeyRound, Pencil, RefreshCw, XCircle } from "lucide-react";
import { useState } from "react";
import { versionsQuery } from "@/features/library/queries";
import { ForkDialog } from "@/features/runs/fork-dialog";
import type { NameOf } from "@/features/runs/names";
import { api } from "@/shared/api/client";
import type { NodeFailure, RunAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { tellError } from "@/shared/ui/toast";

/** Codes whose message begins with the name of a pin. */
const AT_A_PIN = new Set(["block.bad_input", "block.bad_output"]);

/** A failure: what happened, at which node and field, and what helps. */
export function RunProblem({
  run,
  nameOf,
  onStep,
}: {
  run: RunAnswer;
  nameOf: NameOf;
  onStep: (step: number) => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [forking, setForking] = useState<{ number: number; version?: "newest" } | null>(null);
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
  const first = failures[0];
  const versions = useQuery(versionsQuery(run.graph_id));
  const isMended = (versions.data?.[0]?.version ?? 0) > run.graph_version;
  return (
    <section role="alert" className="card border-bad/50 bg-bad-wash/40 p-5">
      <div className="flex gap-3">
        <XCircle className="mt-0.5 size-5 shrink-0 text-bad" />
        <div className="min-w-0 grow">
          {failures.length === 0 ? (
            <p className="text-16">{String(run.error?.message ?? words.runs.failed)}</p>
          ) : null}
          {failures.map((one) => (
            <Failure key={one.node_run} failure={one} nameOf={nameOf} onStep={onStep} />
          ))}
        </div>
      </div>
      <div className="row mt-4 flex-wrap pl-8">
        {needsKey ? (
          <Link to="/connections" className={buttonClass("do", true)}>
            <KeyRound className="size-4" />
            {words.connections.add}
          </Link>
        ) : null}
        {first && failures.length === 1 && !run.parent_id ? (
          <Button
            look={needsKey ? "plain" : "do"}
            small
            onClick={() => setForking({ number: first.node_run })}
          >
            <RefreshCw className="size-4" />
            {words.runs.retryHere}
          </Button>
        ) : (
          <Button
            look={needsKey ? "plain" : "do"}
            small
            onClick={() => retrying.mutate()}
            isBusy={retrying.isPending}
          >
            <RefreshCw className="size-4" />
            {words.runs.retry}
          </Button>
        )}
        <Link
          to="/build/$agentId"
          params={{ agentId: run.graph_id }}
          search={{ version: run.graph_version, run: run.id }}
          className={buttonClass("plain", true)}
        >
          <Pencil className="size-4" />
          {words.runs.mend}
        </Link>
        {first && isMended && !run.parent_id ? (
          <Button small onClick={() => setForking({ number: first.node_run, version: "newest" })}>
            <GitFork className="size-4" />
            {words.runs.forkEdited}
          </Button>
        ) : null}
      </div>
      {forking ? (
        <ForkDialog run={run} nameOf={nameOf} onClose={() => setForking(null)} {...forking} />
      ) : null}
    </section>
  );
}

function Failure({
  failure,
  nameOf,
  onStep,
}: {
  failure: NodeFailure;
  nameOf: NameOf;
  onStep: (step: number) => void;
}) {
  const words = useWords();
  const pin = AT_A_PIN.has(failure.code) ? /^([^:\s]+): /.exec(failure.message)?.[1] : undefined;
  return (
    <div className="not-first:mt-3">
      <p className="break-words text-16">{pin ? failure.message.slice(pin.length + 2) : failure.message}</p>
      <p className="mt-0.5 text-13 text-dim">
        <button
          type="button"
          onClick={() => onStep(failure.node_run)}
          className="underline underline-offset-2 hover:text-ink"
        >
          {words.runs.failedAt(nameOf(failure.node), failure.node_run)}
        </button>
        {pin ? (
          <>
            {" · "}
            {words.runs.field} <code className="font-mono text-12">{pin}</code>
          </>
        ) : null}
      </p>
    </div>
  );
}
