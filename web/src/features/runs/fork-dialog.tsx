import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { useState } from "react";
import { agentQuery, versionsQuery } from "@/features/library/queries";
import { type NameOf, useNodeNames } from "@/features/runs/names";
import type { Graph } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { ForkPlanAnswer, Step } from "@/shared/api/schema";
import { number as count, dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Select } from "@/shared/ui/field";
import { FormProblem, Skeletons } from "@/shared/ui/state";

const SHOWN = 12;

/** Shows what would be kept and what done again, on which version of the agent, and starts it. */
export function ForkDialog({
  run,
  number,
  version: first,
  nameOf,
  onClose,
}: {
  run: { id: string; graph_id: string; graph_version: number };
  /** The step that is done again, with what follows from it. */
  number: number;
  /** The version that is chosen at first: that of the run, or the newest one. */
  version?: "newest";
  nameOf: NameOf;
  onClose: () => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<number | null>(null);
  const versions = useQuery(versionsQuery(run.graph_id));
  const version =
    chosen ?? (first === "newest" ? versions.data?.[0]?.version : undefined) ?? run.graph_version;
  const body = { from_node_run: number, graph_version: version };
  const plan = useQuery({
    queryKey: ["runs", "fork", run.id, number, version],
    queryFn: () =>
      api("POST /api/v1/runs/{run_id}/fork", {
        path: { run_id: run.id },
        body: { ...body, plan_only: true },
      }),
    enabled: first !== "newest" || !versions.isPending,
  });
  const forking = useMutation({
    mutationFn: () => api("POST /api/v1/runs/{run_id}/fork", { path: { run_id: run.id }, body }),
    onSuccess: async (made) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      onClose();
      if ("id" in made) await navigate({ to: "/runs/$runId", params: { runId: made.id } });
    },
  });
  const target = useQuery({ ...agentQuery(run.graph_id, version), enabled: version !== run.graph_version });
  const nameInTarget = useNodeNames(target.data?.graph as Graph | undefined);
  const found = plan.data && "reused" in plan.data ? plan.data : null;
  return (
    <Dialog
      title={words.runs.forkAt(number)}
      about={words.runs.forkText}
      onClose={onClose}
      isWide
      footer={
        <>
          <Link
            to="/build/$agentId"
            params={{ agentId: run.graph_id }}
            search={{ version, run: run.id }}
            className={`${buttonClass("quiet")} mr-auto`}
          >
            <Pencil className="size-4" />
            {words.runs.editFirst}
          </Link>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" isBusy={forking.isPending} disabled={!found} onClick={() => forking.mutate()}>
            {words.runs.forkDo}
          </Button>
        </>
      }
    >
      <div className="stack gap-4">
        {(versions.data?.length ?? 0) > 1 ? (
          <Field label={words.runs.forkOn} hint={words.runs.forkOnHint}>
            {(given) => (
              <Select value={version} onChange={(event) => setChosen(Number(event.target.value))} {...given}>
                {versions.data?.map((one) => (
                  <option key={one.version} value={one.version}>
                    {words.library.version(one.version)} · {dateTime(one.created_at)}
                    {one.version === run.graph_version ? ` · ${words.runs.ofThisRun}` : ""}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        ) : null}
        {plan.isPending ? <Skeletons count={2} className="h-10" /> : null}
        <FormProblem error={plan.error ?? forking.error} />
        {found ? <Plan plan={found} nameOf={nameOf} nameInTarget={nameInTarget} /> : null}
      </div>
    </Dialog>
  );
}

function Plan({
  plan,
  nameOf,
  nameInTarget,
}: {
  plan: ForkPlanAnswer;
  nameOf: NameOf;
  /** Nodes that the run's own version does not have are called by the other one. */
  nameInTarget: NameOf;
}) {
  const words = useWords();
  return (
    <section aria-label={words.runs.plan.title} className="stack gap-3">
      <div className="grid gap-4 sm:grid-cols-2">
        <Part title={words.runs.plan.reused(plan.reused.length)} steps={plan.reused} nameOf={nameOf} />
        <Part title={words.runs.plan.again(plan.again.length)} steps={plan.again} nameOf={nameOf} isMarked />
        {plan.gone.length > 0 ? (
          <Part title={words.runs.plan.gone(plan.gone.length)} steps={plan.gone} nameOf={nameOf} />
        ) : null}
        {plan.new_nodes.length > 0 ? (
          <div>
            <h3 className="mb-1 text-13 text-dim">{words.runs.plan.added(plan.new_nodes.length)}</h3>
            <ul className="stack gap-1">
              {plan.new_nodes.slice(0, SHOWN).map((node) => (
                <li key={node} className="truncate rounded-md bg-sunken px-2 py-1">
                  {nameInTarget(node)}
                </li>
              ))}
            </ul>
          </div>
        ) : null}
      </div>
      {plan.credits_before > 0 ? (
        <p className="text-13 text-dim">{words.runs.plan.credits(count(plan.credits_before))}</p>
      ) : null}
    </section>
  );
}

function Part({
  title,
  steps,
  nameOf,
  isMarked = false,
}: {
  title: string;
  steps: Step[];
  nameOf: NameOf;
  isMarked?: boolean;
}) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-13 text-dim">{title}</h3>
      <ul className="stack gap-1">
        {steps.slice(0, SHOWN).map((one) => (
          <li
            key={one.node_run}
            className={`truncate rounded-md px-2 py-1 ${isMarked ? "bg-wash text-accent" : "bg-sunken"}`}
          >
            {nameOf(one.node)} <span className="opacity-80">#{one.node_run}</span>
          </li>
        ))}
        {steps.length > SHOWN ? <li className="px-2 text-13 text-dim">+ {steps.length - SHOWN}</li> : null}
      </ul>
    </div>
  );
}
