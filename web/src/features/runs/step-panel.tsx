import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { GitFork, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Json } from "@/graph-core/model";
import type { Step } from "@/graph-core/overlay";
import { spaced } from "@/graph-core/text";
import { api } from "@/shared/api/client";
import { number as count, duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { FormProblem, Problem, Skeletons, StateBadge } from "@/shared/ui/state";
import { ValueActions, ValueView } from "@/shared/value/value-view";

/** One node run: what came in, what went out, what went wrong, and going on from here. */
export function StepPanel({
  runId,
  step,
  number,
  nameOf,
  isOver,
  onClose,
}: {
  runId: string;
  step: Step | null;
  number: number;
  nameOf: (node: string) => string;
  isOver: boolean;
  onClose: () => void;
}) {
  const words = useWords();
  const [isForking, setForking] = useState(false);
  const found = useQuery({
    queryKey: ["runs", "step", runId, number, step?.state],
    queryFn: () =>
      api("GET /api/v1/runs/{run_id}/node-runs", {
        path: { run_id: runId },
        query: { after: number - 1, limit: 1 },
      }),
  });
  const result = found.data?.node_runs[0];
  const node = step?.node ?? result?.node;
  return (
    <section aria-label={words.runs.step(number)} className="card sticky top-4">
      <header className="flex items-start gap-2 border-b py-2.5 pr-2 pl-5">
        <div className="min-w-0 grow">
          <h2 className="truncate text-16">{node ? nameOf(node) : words.runs.step(number)}</h2>
          <p className="row mt-1 flex-wrap text-13 text-dim">
            {step ? <StateBadge state={step.state} /> : null}
            {result ? spaced(result.block) : null}
            {result?.simulated ? <span className="text-wait">{words.runs.simulated}</span> : null}
            {step && step.durationMs > 0 ? <span>{duration(step.durationMs)}</span> : null}
            {step && step.credits > 0 ? <span>{words.runs.credits(count(step.credits))}</span> : null}
          </p>
        </div>
        <IconButton label={words.close} onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <div className="stack max-h-[70dvh] gap-5 overflow-y-auto px-5 py-4">
        {found.isPending ? <Skeletons count={2} className="h-12" /> : null}
        {found.isError ? <Problem error={found.error} onRetry={() => found.refetch()} /> : null}
        {(step?.error ?? result?.error) ? (
          <p className="rounded-md bg-bad-wash px-3 py-2 text-bad">
            {String((step?.error ?? result?.error)?.message ?? "")}
          </p>
        ) : null}
        {step?.child ? (
          <Link
            to="/runs/$runId"
            params={{ runId: step.child }}
            className="text-accent underline underline-offset-2"
          >
            {words.runs.child}
          </Link>
        ) : null}
        {result ? (
          <>
            <Values title={words.runs.cameIn} none={words.runs.nothingIn}>
              {Object.entries(result.inputs).map(([pin, value]) => (
                <Value key={pin} pin={pin} value={value} />
              ))}
            </Values>
            <Values title={words.runs.wentOut} none={words.runs.nothingOut}>
              {Object.entries(result.outputs).flatMap(([pin, values]) =>
                values
                  .slice(0, 5)
                  .map((value, index) => <Value key={`${pin}${String(index)}`} pin={pin} value={value} />),
              )}
            </Values>
          </>
        ) : null}
        {isOver ? (
          <Button small className="self-start" onClick={() => setForking(true)}>
            <GitFork className="size-4" />
            {words.runs.fork}
          </Button>
        ) : null}
      </div>
      {isForking ? (
        <ForkDialog runId={runId} number={number} nameOf={nameOf} onClose={() => setForking(false)} />
      ) : null}
    </section>
  );
}

function Values({ title, none, children }: { title: string; none: string; children: ReactNode[] }) {
  return (
    <div>
      <h3 className="mb-2 text-13 text-dim">{title}</h3>
      {children.length === 0 ? (
        <p className="text-dim">{none}</p>
      ) : (
        <div className="stack gap-3">{children}</div>
      )}
    </div>
  );
}

function Value({ pin, value }: { pin: string; value: Json }) {
  return (
    <div>
      <div className="row justify-between">
        <span className="font-mono text-12 text-dim">{pin}</span>
        <ValueActions value={value} name={pin} />
      </div>
      <div className="overflow-x-auto">
        <ValueView value={value} />
      </div>
    </div>
  );
}

/** Shows what would be kept and what done again, and starts it. */
function ForkDialog({
  runId,
  number,
  nameOf,
  onClose,
}: {
  runId: string;
  number: number;
  nameOf: (node: string) => string;
  onClose: () => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const plan = useQuery({
    queryKey: ["runs", "fork", runId, number],
    queryFn: () =>
      api("POST /api/v1/runs/{run_id}/fork", {
        path: { run_id: runId },
        body: { from_node_run: number, plan_only: true },
      }),
  });
  const forking = useMutation({
    mutationFn: () =>
      api("POST /api/v1/runs/{run_id}/fork", { path: { run_id: runId }, body: { from_node_run: number } }),
    onSuccess: async (made) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      onClose();
      if ("id" in made) await navigate({ to: "/runs/$runId", params: { runId: made.id } });
    },
  });
  const found = plan.data && "reused" in plan.data ? plan.data : null;
  return (
    <Dialog
      title={words.runs.fork}
      about={words.runs.forkText}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" isBusy={forking.isPending} disabled={!found} onClick={() => forking.mutate()}>
            {words.runs.forkDo}
          </Button>
        </>
      }
    >
      {plan.isPending ? <Skeletons count={2} className="h-10" /> : null}
      <FormProblem error={plan.error ?? forking.error} />
      {found ? (
        <div className="grid gap-4 sm:grid-cols-2">
          {(["reused", "again"] as const).map((part) => (
            <section key={part}>
              <h3 className="mb-1 text-13 text-dim">{words.runs.plan[part](found[part].length)}</h3>
              <ul className="stack gap-1">
                {found[part].slice(0, 20).map((one) => (
                  <li key={one.node_run} className="truncate rounded-md bg-sunken px-2 py-1">
                    {nameOf(one.node)} <span className="text-dim">#{one.node_run}</span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      ) : null}
    </Dialog>
  );
}
