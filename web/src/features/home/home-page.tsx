import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import {
  ArrowRight,
  Inbox,
  KeyRound,
  LibraryBig,
  Map as MapIcon,
  PencilLine,
  Play,
  Plus,
  UserRoundPlus,
} from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { accountQuery, authQuery } from "@/app/session";
import { EXAMPLES, type Example } from "@/features/library/examples";
import { recentAgentsQuery } from "@/features/library/queries";
import { unreadQuery, useAgentNames } from "@/features/notifications/queries";
import { NotificationRows } from "@/features/notifications/rows";
import { openReviewsQuery } from "@/features/reviews/queries";
import { offerTour, useTour } from "@/features/tour/tour";
import { api } from "@/shared/api/client";
import type { GraphItem, ReviewAnswer, RunItem, RunStatus } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass, IconButton } from "@/shared/ui/button";
import { Ago, Page, Problem, Skeletons, StateBadge } from "@/shared/ui/state";
import { tellError } from "@/shared/ui/toast";

const RunDialog = lazy(() =>
  import("@/features/runs/run-dialog").then((module) => ({ default: module.RunDialog })),
);
const SHOWN = 5;

/** What needs me, what is running, where I was. */
export function HomePage() {
  const words = useWords();
  const { data: state } = useQuery(authQuery);
  const { data: account } = useQuery(accountQuery);
  const [running, setRunning] = useState<string | null>(null);
  const take = useExample((id) => setRunning(id));
  return (
    <Page
      title={words.home.hello(state?.is_set_up ? (account?.name ?? "") : "")}
      aside={
        <nav aria-label={words.home.quick} className="row flex-wrap">
          <Link to="/connections" className={`${buttonClass()} max-md:hidden`}>
            <KeyRound className="size-4" />
            {words.nav.connections}
          </Link>
          <Link to="/library" className={`${buttonClass()} max-md:hidden`}>
            <LibraryBig className="size-4" />
            {words.nav.library}
          </Link>
          <Link to="/build" className={buttonClass("do")}>
            <Plus className="size-4" />
            {words.library.new}
          </Link>
        </nav>
      }
    >
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <NeedsMe isAlone={state !== undefined && !state.is_set_up} />
        <Running onExample={take.take} isBusy={take.isBusy} />
        <GoOn onExample={take.take} isBusy={take.isBusy} onRun={setRunning} />
      </div>
      {running ? (
        <Suspense>
          <RunDialog agentId={running} onClose={() => setRunning(null)} />
        </Suspense>
      ) : null}
    </Page>
  );
}

/** Bring an example in, and ask what it needs to run. */
function useExample(onTaken: (id: string) => void) {
  const client = useQueryClient();
  const taking = useMutation({
    mutationFn: async (example: Example) =>
      api("POST /api/v1/graphs", { body: (await example.load()) as Record<string, unknown> }),
    onSuccess: (made) => {
      client.invalidateQueries({ queryKey: ["agents"] });
      onTaken(made.id);
    },
    onError: tellError,
  });
  return { take: (example: Example) => taking.mutate(example), isBusy: taking.isPending };
}

function List({
  title,
  icon,
  children,
  className = "",
}: {
  title: string;
  icon?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section aria-label={title} className={className}>
      <h2 className="row mb-2 text-14 text-dim [&_svg]:size-4">
        {icon}
        {title}
      </h2>
      <div className="card overflow-hidden">{children}</div>
    </section>
  );
}

function NeedsMe({ isAlone }: { isAlone: boolean }) {
  const words = useWords();
  const reviews = useQuery(openReviewsQuery);
  const unread = useQuery(unreadQuery);
  const stage = useTour((tour) => tour.stage);
  const wantsTour = stage === "new" || stage === "skipped";
  const asked = reviews.data?.reviews ?? [];
  // A question is there as itself; a run that is done needs nobody.
  const told = (unread.data?.notifications ?? []).filter(
    (one) => one.kind !== "review_waiting" && one.kind !== "run_completed",
  );
  const error = reviews.error ?? unread.error;
  return (
    <List title={words.home.needs}>
      {reviews.isPending || unread.isPending ? (
        <div className="p-4">
          <Skeletons count={2} className="h-12" />
        </div>
      ) : error ? (
        <div className="p-4">
          <Problem
            error={error}
            onRetry={() => {
              reviews.refetch();
              unread.refetch();
            }}
          />
        </div>
      ) : (
        <div className="divide-y">
          {asked.length > 0 ? <Questions reviews={asked} /> : null}
          {told.length > 0 ? <NotificationRows notifications={told.slice(0, SHOWN)} /> : null}
          {asked.length + told.length === 0 ? (
            <p className="px-4 py-4 text-dim">{words.home.needsNothing}</p>
          ) : null}
          {wantsTour ? (
            <Todo
              icon={<MapIcon />}
              text={words.home.takeTourText}
              act={
                <button type="button" onClick={offerTour} className="after:absolute after:inset-0">
                  {words.home.takeTour}
                </button>
              }
            />
          ) : null}
          {isAlone ? (
            <Todo
              icon={<UserRoundPlus />}
              text={words.home.makeAccountText}
              act={
                <Link to="/welcome" className="after:absolute after:inset-0">
                  {words.home.makeAccount}
                </Link>
              }
            />
          ) : null}
        </div>
      )}
    </List>
  );
}

function Todo({ icon, text, act }: { icon: ReactNode; text: string; act: ReactNode }) {
  return (
    <div className="tap group relative flex items-center gap-3 px-4 py-3 hover:bg-sunken/60">
      <span className="text-accent [&_svg]:size-4" aria-hidden="true">
        {icon}
      </span>
      <span className="min-w-0 grow">
        <span className="font-medium">{act}</span>
        <span className="block text-13 text-dim">{text}</span>
      </span>
      <ArrowRight
        aria-hidden="true"
        className="size-4 text-accent transition-transform group-hover:translate-x-0.5"
      />
    </div>
  );
}

function Questions({ reviews }: { reviews: ReviewAnswer[] }) {
  const words = useWords();
  const nameOf = useAgentNames(reviews.map((one) => one.graph_id));
  return (
    <>
      {reviews.slice(0, SHOWN).map((one) => (
        <div key={one.id} className="tap relative flex items-center gap-3 px-4 py-3 hover:bg-sunken/60">
          <Inbox className="size-4 shrink-0 text-wait" aria-hidden="true" />
          <span className="min-w-0 grow">
            <Link to="/reviews" className="line-clamp-2 font-medium after:absolute after:inset-0">
              {one.title}
            </Link>
            <span className="block text-13 text-dim">
              {words.home.asks(nameOf(one.graph_id))} · <Ago at={one.created_at} />
            </span>
          </span>
        </div>
      ))}
      {reviews.length > SHOWN ? (
        <Link to="/reviews" className="block px-4 py-2.5 text-13 text-accent hover:bg-sunken/60">
          {words.home.allReviews(reviews.length)}
        </Link>
      ) : null}
    </>
  );
}

const GOING: readonly RunStatus[] = ["running", "queued", "waiting"];

const goingQuery = (status: RunStatus) => ({
  queryKey: ["runs", "going", status],
  queryFn: () => api("GET /api/v1/runs", { query: { limit: SHOWN, status } }),
});

function Running({ onExample, isBusy }: { onExample: (example: Example) => void; isBusy: boolean }) {
  const words = useWords();
  const found = useQueries({ queries: GOING.map(goingQuery) });
  const { data: agents } = useQuery(recentAgentsQuery(""));
  const runs: RunItem[] = found.flatMap((one) => one.data?.runs ?? []);
  const nameOf = useAgentNames(runs.map((run) => run.graph_id));
  const failed = found.find((one) => one.isError);
  return (
    <List title={words.home.running}>
      {failed ? (
        <div className="p-4">
          <Problem error={failed.error} onRetry={() => found.forEach((one) => void one.refetch())} />
        </div>
      ) : found.some((one) => one.isPending) ? (
        <div className="p-4">
          <Skeletons count={2} className="h-10" />
        </div>
      ) : runs.length > 0 ? (
        <ul className="divide-y">
          {runs.slice(0, SHOWN + 1).map((run) => (
            <li key={run.id} className="tap row relative px-4 py-3 hover:bg-sunken/60">
              <Link
                to="/runs/$runId"
                params={{ runId: run.id }}
                className="min-w-0 grow truncate font-medium after:absolute after:inset-0"
              >
                {nameOf(run.graph_id)}
              </Link>
              <span className="shrink-0 text-13 text-dim">
                <Ago at={run.started_at ?? run.queued_at} />
              </span>
              <StateBadge state={run.status} />
            </li>
          ))}
        </ul>
      ) : (
        <>
          <p className="px-4 pt-4 pb-1 text-dim">{words.home.runsNothing}</p>
          <ul className="flex flex-wrap gap-2 px-4 pt-2 pb-4">
            {agents && agents.graphs.length > 0
              ? agents.graphs.slice(0, 3).map((agent) => (
                  <li key={agent.id} className="min-w-0 max-w-full">
                    <Link
                      to="/library/$agentId"
                      params={{ agentId: agent.id }}
                      className={`${buttonClass("plain", true)} max-w-full`}
                    >
                      <Play className="size-3.5 shrink-0 text-accent" />
                      <span className="truncate">{agent.name || words.library.unnamed}</span>
                    </Link>
                  </li>
                ))
              : EXAMPLES.slice(0, 3).map((example) => (
                  <li key={example.name}>
                    <Button small disabled={isBusy} onClick={() => onExample(example)}>
                      <Play className="size-3.5 text-accent" />
                      {words.home.runIt(words.library.exampleNames[example.key])}
                    </Button>
                  </li>
                ))}
          </ul>
        </>
      )}
    </List>
  );
}

function GoOn({
  onExample,
  onRun,
  isBusy,
}: {
  onExample: (example: Example) => void;
  onRun: (id: string) => void;
  isBusy: boolean;
}) {
  const words = useWords();
  const agents = useQuery(recentAgentsQuery(""));
  const mine = agents.data?.graphs ?? [];
  return (
    <div className="stack gap-6 lg:col-span-2">
      {agents.isPending ? (
        <Skeletons count={1} className="h-40" />
      ) : agents.isError ? (
        <Problem error={agents.error} onRetry={() => agents.refetch()} />
      ) : mine.length > 0 ? (
        <section aria-label={words.home.go}>
          <h2 className="mb-2 text-14 text-dim">{words.home.go}</h2>
          <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
            {mine.map((agent) => (
              <Mine key={agent.id} agent={agent} onRun={() => onRun(agent.id)} />
            ))}
          </ul>
        </section>
      ) : null}
      {agents.isSuccess && mine.length < 3 ? (
        <section aria-label={words.home.examples}>
          <h2 className="mb-2 text-14 text-dim">{words.home.examples}</h2>
          <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
            {EXAMPLES.map((example) => (
              <li key={example.name}>
                <button
                  type="button"
                  disabled={isBusy}
                  onClick={() => onExample(example)}
                  className="card tap group stack h-full w-full gap-1 p-4 text-left hover:border-accent"
                >
                  <span className="row justify-between font-semibold">
                    {words.library.exampleNames[example.key]}
                    <Play className="size-4 shrink-0 text-accent" aria-hidden="true" />
                  </span>
                  <span className="text-dim">{words.library.exampleTexts[example.key]}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}

function Mine({ agent, onRun }: { agent: GraphItem; onRun: () => void }) {
  const words = useWords();
  const navigate = useNavigate();
  const name = agent.name || words.library.unnamed;
  return (
    <li className="card tap relative flex items-center gap-2 p-4 hover:border-edge">
      <span className="min-w-0 grow">
        <Link
          to="/library/$agentId"
          params={{ agentId: agent.id }}
          className="block truncate font-semibold after:absolute after:inset-0 after:rounded-lg"
        >
          {name}
        </Link>
        <span className="text-13 text-dim">
          <Ago at={agent.updated_at} />
        </span>
      </span>
      <IconButton
        label={words.home.edit(name)}
        className="relative z-10"
        onClick={() => navigate({ to: "/build/$agentId", params: { agentId: agent.id } })}
      >
        <PencilLine />
      </IconButton>
      <IconButton label={words.runs.runNamed(name)} className="relative z-10 text-accent" onClick={onRun}>
        <Play />
      </IconButton>
    </li>
  );
}
