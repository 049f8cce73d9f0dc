import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { WifiOff } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";
import { agentQuery } from "@/features/library/queries";
import { runReviewsQuery } from "@/features/reviews/queries";
import { Feedback } from "@/features/runs/feedback";
import { countsOf, named } from "@/features/runs/given";
import { Journal } from "@/features/runs/journal";
import { useNow, useWatchedRun } from "@/features/runs/live";
import { type NameOf, useNodeNames } from "@/features/runs/names";
import { Outputs } from "@/features/runs/outputs";
import { runQuery } from "@/features/runs/queries";
import { RunActions } from "@/features/runs/run-actions";
import { Timeline } from "@/features/runs/timeline";
import type { Graph, Json } from "@/graph-core/model";
import { NOTHING_YET } from "@/graph-core/overlay";
import type { RunAnswer, RunStatus } from "@/shared/api/schema";
import { useConnection } from "@/shared/api/socket";
import { dateTime, duration, number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Ago, Page, Skeletons, Sliced, StateBadge } from "@/shared/ui/state";
import { ValueView } from "@/shared/value/value-view";

const ReviewCard = lazy(() =>
  import("@/features/reviews/review-card").then((module) => ({ default: module.ReviewCard })),
);
const RunProblem = lazy(() =>
  import("@/features/runs/run-problem").then((module) => ({ default: module.RunProblem })),
);
const StepPanel = lazy(() =>
  import("@/features/runs/step-panel").then((module) => ({ default: module.StepPanel })),
);
const Replay = lazy(() => import("@/features/runs/replay"));
const OVER: RunStatus[] = ["completed", "failed", "cancelled"];

export function RunPage() {
  const words = useWords();
  const { runId } = useParams({ from: "/shell/runs/$runId" });
  const { step, of } = useSearch({ from: "/shell/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const client = useQueryClient();
  const run = useQuery(runQuery(runId));
  const live = useWatchedRun(runId);
  const agent = useQuery({
    ...agentQuery(run.data?.graph_id ?? "", run.data?.graph_version),
    enabled: run.isSuccess,
  });
  const graph = agent.data?.graph as Graph | undefined;
  const nameOf = useNodeNames(graph);

  // What the journal does not tell (outputs by name, what it waits for) is asked for when it has moved.
  const { phase } = live.overlay;
  const waits = [...live.overlay.byNode.values()].filter((one) => one.state === "waiting").length;
  const isSettled = run.data !== undefined && OVER.includes(run.data.status);
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what it has to follow
  useEffect(() => {
    if (isSettled || phase === NOTHING_YET.phase) return;
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
  const isOver = OVER.includes(status);
  // What comes below is shown at once: nothing of it is pushed down by what is known later.
  const isKnown = (live.overlay.seq > 0 || live.isOver) && (graph !== undefined || agent.isError);
  const soFar = named(live.given, graph);
  const isAsked = OVER.includes(run.data.status) || Object.keys(soFar).length === 0;
  const chosen = step === undefined ? undefined : `${of ?? runId}/${step}`;
  const select = (inside: string, next: number) =>
    navigate({
      search:
        chosen === `${inside}/${next}` ? {} : { step: next, ...(inside === runId ? {} : { of: inside }) },
      replace: true,
    });
  const selectOwn = (next: number) => select(runId, next);
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
      aside={<RunActions run={run.data} isOver={isOver} />}
    >
      <Facts
        run={run.data}
        startedAt={live.overlay.startedAt}
        endedAt={live.overlay.endedAt}
        credits={live.overlay.credits}
      />
      <div className="stack gap-6">
        {isOver ? null : <Lost seq={live.overlay.seq} />}
        {run.data.status === "failed" ? (
          <Suspense fallback={<Skeletons className="h-24" />}>
            <RunProblem run={run.data} nameOf={nameOf} onStep={selectOwn} />
          </Suspense>
        ) : null}
        {status === "waiting" || waits > 0 ? (
          <Suspense fallback={<Skeletons className="h-24" />}>
            <Waiting run={run.data} nameOf={nameOf} />
          </Suspense>
        ) : null}
        <Outputs
          outputs={isAsked ? run.data.outputs : soFar}
          counts={isAsked ? {} : countsOf(live.given, graph)}
          texts={live.texts}
          isOver={isOver}
        />
        {isOver ? <Feedback runId={runId} /> : null}
        {isKnown ? (
          <Sliced fallback={<Skeletons count={4} className="h-10" />}>
            <Suspense fallback={<Skeletons count={4} className="h-10" />}>
              <div
                className={
                  step === undefined
                    ? ""
                    : "grid grid-cols-1 items-start gap-6 xl:grid-cols-[minmax(0,1fr)_26rem]"
                }
              >
                {live.overlay.steps.size > 0 ? (
                  <Timeline
                    runId={runId}
                    overlay={live.overlay}
                    nameOf={nameOf}
                    selected={chosen}
                    onSelect={select}
                  />
                ) : null}
                {step === undefined ? null : (
                  <StepPanel
                    key={chosen}
                    runId={of ?? runId}
                    step={of ? null : (live.overlay.steps.get(step) ?? null)}
                    number={step}
                    nameOf={nameOf}
                    onClose={() => navigate({ search: {}, replace: true })}
                  />
                )}
              </div>
              {graph && live.overlay.seq > 0 ? (
                <Replay
                  runId={runId}
                  overlay={live.overlay}
                  graph={graph}
                  nameOf={nameOf}
                  onStep={selectOwn}
                />
              ) : null}
              <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">
                <Inputs inputs={run.data.inputs} />
                <Journal
                  runId={runId}
                  count={live.overlay.seq}
                  tail={live.tail}
                  nameOf={nameOf}
                  onStep={selectOwn}
                />
              </div>
            </Suspense>
          </Sliced>
        ) : (
          <Skeletons count={4} className="h-10" />
        )}
      </div>
    </Page>
  );
}

function statusOf(run: RunAnswer, phase: string, waits: number): RunStatus {
  if (OVER.includes(run.status)) return run.status;
  if (phase === "completed" || phase === "failed" || phase === "cancelled") return phase;
  if (phase === "running" && run.status === "queued") return waits > 0 ? "waiting" : "running";
  return run.status;
}

/** Says up to where the run is seen while the connection is lost: it goes on from there, without a gap. */
function Lost({ seq }: { seq: number }) {
  const words = useWords();
  const isLost = useConnection((one) => one.state === "lost");
  if (!isLost) return null;
  return (
    <p role="status" className="row rounded-md bg-wait-wash px-4 py-2.5 text-wait">
      <WifiOff className="size-4 shrink-0" />
      {words.runs.lostAt(number(seq))}
    </p>
  );
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
      <dd>
        <Ago at={run.queued_at} />
      </dd>
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

function Waiting({ run, nameOf }: { run: RunAnswer; nameOf: NameOf }) {
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

function Inputs({ inputs }: { inputs: Record<string, Json> }) {
  const words = useWords();
  const entries = Object.entries(inputs);
  return (
    <section className="card min-w-0">
      <h2 className="border-b px-5 py-2.5 font-medium text-13 text-dim">{words.runs.inputs}</h2>
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
    </section>
  );
}
