import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, Pencil, RotateCcw, Square, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { blocksQuery } from "@/features/builder/queries";
import { agentQuery } from "@/features/library/queries";
import { runReviewsQuery } from "@/features/reviews/queries";
import { ReviewCard } from "@/features/reviews/review-card";
import { useLiveRun, useNow } from "@/features/runs/live";
import { runQuery } from "@/features/runs/queries";
import { RunDialog } from "@/features/runs/run-dialog";
import { RunProblem } from "@/features/runs/run-problem";
import { StepPanel } from "@/features/runs/step-panel";
import { Timeline } from "@/features/runs/timeline";
import type { Graph, Json } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { api } from "@/shared/api/client";
import type { RunAnswer, RunStatus } from "@/shared/api/schema";
import { dateTime, duration, number, time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Menu } from "@/shared/ui/menu";
import { Page, Skeletons, StateBadge } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";
import { textOfValue } from "@/shared/value/kinds";
import { ValueActions, ValueLine, ValueView } from "@/shared/value/value-view";

const OVER: RunStatus[] = ["completed", "failed", "cancelled"];

export function RunPage() {
  const words = useWords();
  const { runId } = useParams({ from: "/shell/runs/$runId" });
  const { step } = useSearch({ from: "/shell/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const client = useQueryClient();
  const run = useQuery(runQuery(runId));
  const live = useLiveRun(runId);
  const agent = useQuery({
    ...agentQuery(run.data?.graph_id ?? "", run.data?.graph_version),
    enabled: run.isSuccess,
  });
  const names = useNodeNames(agent.data?.graph as Graph | undefined);

  // What the journal does not tell (outputs by name, what it waits for) is asked for when it has moved.
  const { phase } = live.overlay;
  const waits = [...live.overlay.byNode.values()].filter((one) => one.state === "waiting").length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what it has to follow
  useEffect(() => {
    client.invalidateQueries({ queryKey: runQuery(runId).queryKey });
    client.invalidateQueries({ queryKey: ["reviews"] });
  }, [phase, waits, client, runId]);

  if (run.isError) throw run.error;
  if (run.isPending)
    return (
      <Page title={<span className="skeleton inline-block h-8 w-72 animate-breathe" />}>
        <Skeletons className="h-32" />
      </Page>
    );
  const status = statusOf(run.data, live.overlay.phase, waits);
  const outputs = OVER.includes(run.data.status)
    ? run.data.outputs
    : liveOutputs(live.overlay, agent.data?.graph as Graph | undefined, run.data.outputs);
  const select = (next: number) =>
    navigate({ search: { step: next === step ? undefined : next }, replace: true });
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-3">
          <Link to="/library/$agentId" params={{ agentId: run.data.graph_id }} className="hover:text-accent">
            {agent.data?.name || (agent.isError ? words.library.deletedAgent : "…")}
          </Link>
          <StateBadge state={status} />
        </span>
      }
      aside={<Actions run={run.data} isOver={OVER.includes(status)} />}
    >
      <Facts
        run={run.data}
        startedAt={live.overlay.startedAt}
        endedAt={live.overlay.endedAt}
        credits={live.overlay.credits}
      />
      <div className="stack gap-6">
        {run.data.status === "failed" ? <RunProblem run={run.data} nameOf={names} onStep={select} /> : null}
        {status === "waiting" || waits > 0 ? <Waiting run={run.data} nameOf={names} /> : null}
        <Outputs outputs={outputs} texts={live.texts} isOver={OVER.includes(status)} />
        <div
          className={
            step === undefined ? "" : "grid grid-cols-1 items-start gap-6 xl:grid-cols-[minmax(0,1fr)_26rem]"
          }
        >
          {live.overlay.steps.size > 0 ? (
            <Timeline overlay={live.overlay} nameOf={names} selected={step} onSelect={select} />
          ) : live.isOver ? null : (
            <Skeletons count={2} className="h-10" />
          )}
          {step === undefined ? null : (
            <StepPanel
              runId={runId}
              step={live.overlay.steps.get(step) ?? null}
              number={step}
              nameOf={names}
              isOver={OVER.includes(status)}
              onClose={() => navigate({ search: {}, replace: true })}
            />
          )}
        </div>
        <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">
          <Inputs inputs={run.data.inputs} />
          <Journal events={live.events} nameOf={names} />
        </div>
      </div>
    </Page>
  );
}

/** What nodes are called: by their person, else by their block. */
function useNodeNames(graph: Graph | undefined): (node: string) => string {
  const { data: blocks } = useQuery(blocksQuery);
  return useMemo(() => {
    const byBlock = new Map(blocks?.map((block) => [block.id, spaced(block.name)]));
    const nodes = new Map(
      graph?.nodes.map((node) => [
        node.id,
        node.name || node.constants?.title || node.constants?.name || byBlock.get(node.block_id) || node.id,
      ]),
    );
    return (node) => String(nodes.get(node) ?? node.slice(0, 8));
  }, [graph, blocks]);
}

function statusOf(run: RunAnswer, phase: string, waits: number): RunStatus {
  if (OVER.includes(run.status)) return run.status;
  if (phase === "completed" || phase === "failed" || phase === "cancelled") return phase;
  if (phase === "running" && run.status === "queued") return waits > 0 ? "waiting" : "running";
  return run.status;
}

/** Values of output nodes as far as the journal tells, before the run's own list is asked for again. */
function liveOutputs(
  overlay: import("@/graph-core/overlay").Overlay,
  graph: Graph | undefined,
  asked: Record<string, Json[]>,
): Record<string, Json[]> {
  if (!graph) return asked;
  const found: Record<string, Json[]> = {};
  const named = new Map(
    graph.nodes
      .filter((node) => typeof node.constants?.name === "string")
      .map((node) => [node.id, node.constants?.name]),
  );
  for (const step of overlay.steps.values())
    for (const [pin, value] of step.outputs)
      if (pin === "output" && named.has(step.node)) (found[named.get(step.node)] ??= []).push(value);
  return Object.keys(found).length > 0 ? found : asked;
}

function Facts({
  run,
  startedAt,
  endedAt,
  credits,
}: {
  run: RunAnswer;
  startedAt: number | null;
  endedAt: number | null;
  credits: number;
}) {
  const words = useWords();
  const isRunning = startedAt !== null && endedAt === null && !OVER.includes(run.status);
  const now = useNow(isRunning);
  const took = startedAt === null ? null : (endedAt ?? now) - startedAt;
  return (
    <dl className="-mt-4 mb-6 flex flex-wrap gap-x-6 gap-y-1 text-13 text-dim [&_dt]:sr-only">
      <dt>{words.runs.began}</dt>
      <dd>{dateTime(run.queued_at)}</dd>
      {took === null ? null : (
        <>
          <dt>{words.runs.time}</dt>
          <dd>{duration(took)}</dd>
        </>
      )}
      <dt>{words.library.versions}</dt>
      <dd>{words.library.version(run.graph_version)}</dd>
      {credits > 0 ? <dd>{words.runs.credits(number(credits))}</dd> : null}
      {run.queue ? <dd>{words.runs.place(run.queue.position)}</dd> : null}
      {run.parent_id ? (
        <dd>
          <Link
            to="/runs/$runId"
            params={{ runId: run.parent_id }}
            className="text-accent underline underline-offset-2"
          >
            {words.runs.parent}
          </Link>
        </dd>
      ) : null}
    </dl>
  );
}

function Actions({ run, isOver }: { run: RunAnswer; isOver: boolean }) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const cancelling = useMutation({
    mutationFn: () => api("POST /api/v1/runs/{run_id}/cancel", { path: { run_id: run.id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
    onError: tellError,
  });
  const deleting = useMutation({
    mutationFn: () => api("DELETE /api/v1/runs/{run_id}", { path: { run_id: run.id } }),
    onSuccess: async () => {
      await navigate({ to: "/runs" });
      client.invalidateQueries({ queryKey: ["runs"] });
      tell(words.runs.deleted);
    },
    onError: tellError,
  });
  return (
    <>
      {isOver ? (
        <Button look="do" onClick={() => setAsking(true)}>
          <RotateCcw className="size-4" />
          {words.runs.again}
        </Button>
      ) : (
        <Button look="danger" onClick={() => cancelling.mutate()} isBusy={cancelling.isPending}>
          <Square className="size-3.5 fill-current" />
          {words.runs.stop}
        </Button>
      )}
      <Link
        to="/build/$agentId"
        params={{ agentId: run.graph_id }}
        search={{ version: run.graph_version, run: run.id }}
        className={buttonClass()}
      >
        <Pencil className="size-4" />
        {words.runs.onGraph}
      </Link>
      {isOver ? (
        <Menu
          label={words.more}
          trigger={<MoreHorizontal />}
          items={[
            { label: words.runs.delete, icon: <Trash2 />, isDanger: true, onSelect: () => setDeleting(true) },
          ]}
        />
      ) : null}
      {isAsking ? (
        <RunDialog
          agentId={run.graph_id}
          version={run.graph_version}
          given={run.inputs}
          onClose={() => setAsking(false)}
        />
      ) : null}
      {isDeleting ? (
        <Confirm
          title={words.runs.delete}
          text={words.runs.deleteText}
          act={words.runs.delete}
          isBusy={deleting.isPending}
          onDo={() => deleting.mutate()}
          onClose={() => setDeleting(false)}
        />
      ) : null}
    </>
  );
}

function Waiting({ run, nameOf }: { run: RunAnswer; nameOf: (node: string) => string }) {
  const words = useWords();
  const { data } = useQuery(runReviewsQuery(run.id));
  const others = run.waits_for.filter((one) => one.review_id === null);
  return (
    <section className="stack gap-3" aria-label={words.states.waiting}>
      {data?.reviews.map((review) => (
        <ReviewCard key={review.id} review={review} name={nameOf(review.node)} />
      ))}
      {others.map((one) => (
        <p key={`${one.node}${one.node_run}`} className="rounded-md bg-wait-wash px-4 py-2.5 text-wait">
          {words.runs.waits[one.kind](nameOf(one.node), one.due_at ? dateTime(one.due_at) : "")}
        </p>
      ))}
    </section>
  );
}

function Outputs({
  outputs,
  texts,
  isOver,
}: {
  outputs: Record<string, Json[]>;
  texts: Readonly<Record<string, string>>;
  isOver: boolean;
}) {
  const words = useWords();
  const entries = Object.entries(outputs);
  const making = Object.entries(texts);
  if (entries.length === 0 && making.length === 0)
    return isOver ? <p className="card px-5 py-4 text-dim">{words.runs.noOutputs}</p> : null;
  return (
    <section aria-label={words.runs.outputs} className="stack gap-3">
      {entries.map(([name, values]) => (
        <article key={name} className="card">
          <header className="row justify-between border-b py-1.5 pr-2 pl-5">
            <h2 className="font-medium text-13 text-dim">
              {name}
              {values.length > 1 ? (
                <span className="ml-2 rounded-full bg-sunken px-2 py-0.5 text-12">
                  {number(values.length)}
                </span>
              ) : null}
            </h2>
            <ValueActions value={values.length === 1 ? values[0] : values} name={name} />
          </header>
          <Values values={values} />
        </article>
      ))}
      {making.map(([key, text]) => (
        <article key={key} className="card border-live/40 px-5 py-4">
          <p className="whitespace-pre-wrap">
            {text}
            <span className="ml-0.5 inline-block h-4 w-1.5 animate-breathe bg-live align-text-bottom" />
          </p>
        </article>
      ))}
    </section>
  );
}

const AT_FIRST = 10;

const MOST_SMALL = 200;

function isSmall(value: Json): boolean {
  return typeof value !== "object" && textOfValue(value).length <= 24;
}

function Values({ values }: { values: Json[] }) {
  const words = useWords();
  const [shown, setShown] = useState(AT_FIRST);
  // Many small values in a row, as a loop gives them, are read as a row.
  if (values.length > 2 && values.every(isSmall))
    return (
      <ol className="flex flex-wrap gap-1.5 px-5 py-3.5">
        {values.slice(0, MOST_SMALL).map((value, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
          <li key={index} className="rounded-md bg-sunken px-2 py-0.5 font-mono text-13">
            {textOfValue(value)}
          </li>
        ))}
        {values.length > MOST_SMALL ? (
          <li className="text-dim">… {number(values.length - MOST_SMALL)}</li>
        ) : null}
      </ol>
    );
  return (
    <div className="divide-y">
      {values.slice(0, shown).map((value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
        <div key={index} className="overflow-x-auto px-5 py-3.5">
          <ValueView value={value} />
        </div>
      ))}
      {values.length > shown ? (
        <Button small look="quiet" className="m-2" onClick={() => setShown(shown * 5)}>
          {words.showMore}
        </Button>
      ) : null}
    </div>
  );
}

function Box({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card">
      <h2 className="border-b px-5 py-2.5 font-medium text-13 text-dim">{title}</h2>
      {children}
    </section>
  );
}

function Inputs({ inputs }: { inputs: Record<string, Json> }) {
  const words = useWords();
  const entries = Object.entries(inputs);
  return (
    <Box title={words.runs.inputs}>
      {entries.length === 0 ? <p className="px-5 py-4 text-dim">{words.runs.noInputs}</p> : null}
      <dl className="divide-y">
        {entries.map(([name, value]) => (
          <div key={name} className="px-5 py-3">
            <dt className="mb-1 text-13 text-dim">{name}</dt>
            <dd className="overflow-x-auto">
              <ValueView value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </Box>
  );
}

const LOG_AT_FIRST = 100;

/** The journal, as it was written. */
function Journal({
  events,
  nameOf,
}: {
  events: import("@/graph-core/overlay").JournalEvent[];
  nameOf: (node: string) => string;
}) {
  const words = useWords();
  const [shown, setShown] = useState(LOG_AT_FIRST);
  return (
    <Box title={words.runs.log}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <ol className="max-h-96 overflow-y-auto py-1.5 text-13" tabIndex={0} aria-label={words.runs.log}>
        {events.slice(0, shown).map((event) => (
          <li key={event.seq} className="flex gap-3 px-5 py-1">
            <span className="w-8 shrink-0 text-right font-mono text-12 text-faint leading-5">
              {event.seq}
            </span>
            <span className="w-20 shrink-0 text-dim">{time(event.at)}</span>
            <span className="min-w-0 grow">
              <span className="font-medium">
                {words.runs.events[event.kind as keyof typeof words.runs.events] ?? event.kind}
              </span>
              {typeof event.body.node === "string" ? ` · ${nameOf(event.body.node)}` : ""}
              {typeof event.body.message === "string" ? (
                <span className="text-bad"> · {event.body.message}</span>
              ) : null}
              {Array.isArray(event.body.outputs) && event.body.outputs.length > 0 ? (
                <span className="block text-dim">
                  <ValueLine value={Object.fromEntries(event.body.outputs as Array<[string, Json]>)} />
                </span>
              ) : null}
            </span>
          </li>
        ))}
      </ol>
      {events.length > shown ? (
        <Button small look="quiet" className="m-2" onClick={() => setShown(shown * 5)}>
          {words.showMore}
        </Button>
      ) : null}
    </Box>
  );
}
