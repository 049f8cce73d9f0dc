import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowLeftRight, Columns2, Equal, EqualNot } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { agentQuery } from "@/features/library/queries";
import { type NodePair, type NodeSide, nodePairs, pairs, sidesOf } from "@/features/runs/compare";
import { useWatchedRun } from "@/features/runs/live";
import { type NameOf, useNodeNames } from "@/features/runs/names";
import { resultsQuery, runQuery } from "@/features/runs/queries";
import type { Graph, Json } from "@/graph-core/model";
import type { RunAnswer } from "@/shared/api/schema";
import { dateTime, duration, number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Switch } from "@/shared/ui/field";
import { Empty, Page, Problem, Skeletons, StateBadge } from "@/shared/ui/state";
import { ValueLine, ValueView } from "@/shared/value/value-view";

export function ComparePage() {
  const words = useWords();
  const { a, b } = useSearch({ from: "/shell/runs/compare" });
  if (!a || !b)
    return (
      <Page title={words.compare.title}>
        <Empty icon={<Columns2 />} title={words.compare.two} text={words.compare.twoText}>
          <Link to="/runs" className="text-accent underline underline-offset-2">
            {words.compare.toRuns}
          </Link>
        </Empty>
      </Page>
    );
  return <Compared a={a} b={b} />;
}

/** One of the two: the run, its journal folded, and what came of its steps. */
function useSide(id: string) {
  const run = useQuery(runQuery(id));
  const live = useWatchedRun(id);
  const results = useInfiniteQuery({
    ...resultsQuery(id, run.data?.status),
    enabled: run.isSuccess,
  });
  const agent = useQuery({
    ...agentQuery(run.data?.graph_id ?? "", run.data?.graph_version),
    enabled: run.isSuccess,
  });
  const nameOf = useNodeNames(agent.data?.graph as Graph | undefined);
  const steps = useMemo(() => results.data?.pages.flatMap((page) => page.node_runs) ?? [], [results.data]);
  const sides = useMemo(() => sidesOf(live.overlay, steps), [live.overlay, steps]);
  return { run, live, results, agent, nameOf, sides };
}

function Compared({ a: idA, b: idB }: { a: string; b: string }) {
  const words = useWords();
  const navigate = useNavigate({ from: "/runs/compare" });
  const { different } = useSearch({ from: "/shell/runs/compare" });
  const a = useSide(idA);
  const b = useSide(idB);
  const nodes = useMemo(() => nodePairs(a.sides, b.sides), [a.sides, b.sides]);
  const failed = [a.run, b.run].find((one) => one.isError);
  if (failed)
    return (
      <Page title={words.compare.title}>
        <Problem error={failed.error} onRetry={() => failed.refetch()} />
      </Page>
    );
  if (!a.run.data || !b.run.data)
    return (
      <Page title={words.compare.title}>
        <Skeletons count={3} className="h-24" />
      </Page>
    );
  const nameOf: NameOf = (node) => {
    const found = a.nameOf(node);
    return found === node.slice(0, 8) ? b.nameOf(node) : found;
  };
  const isOnly = different === true;
  const isMore = a.results.hasNextPage || b.results.hasNextPage;
  const changed = nodes.filter((one) => !one.isSame).length;
  return (
    <Page
      title={words.compare.title}
      aside={
        <>
          <label htmlFor="only-different" className="row text-13 text-dim">
            <Switch
              id="only-different"
              isOn={isOnly}
              onChange={(isOn) =>
                navigate({ search: (old) => ({ ...old, different: isOn || undefined }), replace: true })
              }
            />
            {words.compare.onlyDifferent}
          </label>
          <Button onClick={() => navigate({ search: (old) => ({ ...old, a: idB, b: idA }), replace: true })}>
            <ArrowLeftRight className="size-4" />
            {words.compare.swap}
          </Button>
        </>
      }
    >
      <div className="stack gap-8">
        <div className="grid grid-cols-2 gap-4">
          <Head
            side={words.compare.first}
            run={a.run.data}
            name={a.agent.data?.name}
            credits={a.live.overlay.credits}
            other={b.run.data}
          />
          <Head
            side={words.compare.second}
            run={b.run.data}
            name={b.agent.data?.name}
            credits={b.live.overlay.credits}
            other={a.run.data}
          />
        </div>
        <Named title={words.runs.inputs} a={a.run.data.inputs} b={b.run.data.inputs} isOnly={isOnly} />
        <Named title={words.runs.outputs} a={a.run.data.outputs} b={b.run.data.outputs} isOnly={isOnly} />
        <section aria-label={words.compare.nodes}>
          <h2 className="mb-1 text-16">{words.compare.nodes}</h2>
          <p className="mb-3 text-13 text-dim">
            {words.compare.found(changed, nodes.length)}
            {isMore ? ` ${words.compare.sofar}` : ""}
          </p>
          <ul className="stack gap-2">
            {nodes
              .filter((one) => !isOnly || !one.isSame)
              .map((pair) => (
                <NodeRow key={pair.node} pair={pair} name={nameOf(pair.node)} />
              ))}
          </ul>
          {isMore ? (
            <Button
              small
              className="mt-3"
              isBusy={a.results.isFetchingNextPage || b.results.isFetchingNextPage}
              onClick={() => {
                if (a.results.hasNextPage) a.results.fetchNextPage();
                if (b.results.hasNextPage) b.results.fetchNextPage();
              }}
            >
              {words.compare.moreSteps}
            </Button>
          ) : null}
        </section>
      </div>
    </Page>
  );
}

function took(run: RunAnswer): number | null {
  if (!run.started_at || !run.ended_at) return null;
  return Date.parse(run.ended_at) - Date.parse(run.started_at);
}

function Head({
  side,
  run,
  name,
  credits,
  other,
}: {
  side: string;
  run: RunAnswer;
  name: string | undefined;
  credits: number;
  other: RunAnswer;
}) {
  const words = useWords();
  const time = took(run);
  return (
    <section className="card stack min-w-0 gap-2 p-4" aria-label={side}>
      <p className="text-12 text-dim">{side}</p>
      <h2 className="truncate text-16">
        <Link to="/runs/$runId" params={{ runId: run.id }} className="hover:text-accent">
          {name || words.library.deletedAgent}
        </Link>
      </h2>
      <span className="flex flex-wrap items-center gap-2">
        <StateBadge state={run.status} />
        {run.status === other.status ? null : <Different />}
      </span>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-13 text-dim max-sm:grid-cols-1">
        <dt>{words.runs.began}</dt>
        <dd className="text-ink">{dateTime(run.queued_at)}</dd>
        <dt>{words.compare.version}</dt>
        <dd className={run.graph_version === other.graph_version ? "text-ink" : "text-wait"}>
          {words.library.version(run.graph_version)}
        </dd>
        <dt>{words.runs.time}</dt>
        <dd className="text-ink">{time === null ? "–" : duration(time)}</dd>
        <dt>{words.compare.cost}</dt>
        <dd className="text-ink">{words.runs.credits(number(credits))}</dd>
      </dl>
    </section>
  );
}

/** Inputs or outputs, by name. */
function Named({
  title,
  a,
  b,
  isOnly,
}: {
  title: string;
  a: Record<string, Json>;
  b: Record<string, Json>;
  isOnly: boolean;
}) {
  const words = useWords();
  const all = pairs(a, b);
  const shown = all.filter((one) => !isOnly || !one.isSame);
  return (
    <section aria-label={title}>
      <h2 className="mb-3 text-16">{title}</h2>
      {shown.length === 0 ? (
        <p className="text-dim">{all.length === 0 ? words.compare.none : words.compare.allSame}</p>
      ) : null}
      <ul className="stack gap-3">
        {shown.map((pair) => (
          <li key={pair.name} className={`card overflow-hidden ${pair.isSame ? "" : "border-wait/70"}`}>
            <h3 className="row border-b px-4 py-1.5 font-medium text-13 text-dim">
              <span className="min-w-0 grow truncate">{pair.name}</span>
              {pair.isSame ? <Same /> : <Different />}
            </h3>
            {pair.isSame ? (
              <Cell value={pair.a} />
            ) : (
              <div className="grid grid-cols-2 divide-x max-sm:grid-cols-1 max-sm:divide-x-0 max-sm:divide-y">
                <Cell value={pair.a} />
                <Cell value={pair.b} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Cell({ value }: { value: Json | undefined }) {
  const words = useWords();
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return (
    <div className="min-w-0 overflow-x-auto px-4 py-3">
      {value === undefined ? (
        <span className="text-dim">{words.compare.notThere}</span>
      ) : (
        <ValueView value={one} />
      )}
    </div>
  );
}

/** A node in both runs: what it did, how long it took, what it gave. */
function NodeRow({ pair, name }: { pair: NodePair; name: string }) {
  const words = useWords();
  const outputs = pairs(pair.a?.outputs ?? {}, pair.b?.outputs ?? {});
  return (
    <li className={`card ${pair.isSame ? "" : "border-wait/70"}`}>
      <details open={!pair.isSame}>
        <summary className="flex list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 hover:bg-sunken/60 [&::-webkit-details-marker]:hidden">
          <span className="min-w-0 grow basis-40 truncate font-medium">{name}</span>
          <Side side={pair.a} />
          <Side side={pair.b} />
          <span className="w-24 text-right">{pair.isSame ? <Same /> : <Different />}</span>
        </summary>
        {outputs.length === 0 ? (
          <p className="border-t px-4 py-2 text-13 text-dim">{words.runs.nothingOut}</p>
        ) : (
          <dl className="divide-y border-t">
            {outputs.map((one) => (
              <div
                key={one.name}
                className="grid grid-cols-[7rem_1fr_1fr] items-baseline gap-3 px-4 py-1.5 max-sm:grid-cols-1 max-sm:gap-0"
              >
                <dt className={`truncate font-mono text-12 ${one.isSame ? "text-dim" : "text-wait"}`}>
                  {one.name}
                </dt>
                <dd className="min-w-0">{one.a === undefined ? "–" : <ValueLine value={alone(one.a)} />}</dd>
                <dd className="min-w-0">{one.b === undefined ? "–" : <ValueLine value={alone(one.b)} />}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
    </li>
  );
}

function alone(values: Json[]): Json {
  return values.length === 1 ? values[0] : values;
}

function Side({ side }: { side: NodeSide | null }) {
  const words = useWords();
  if (side === null) return <span className="w-52 text-13 text-dim">{words.compare.notRun}</span>;
  return (
    <span className="row w-52 text-13 text-dim">
      <StateBadge state={side.state} />
      {side.steps > 1 ? `×${number(side.steps)} ` : ""}
      {duration(side.durationMs)}
      {side.credits > 0 ? ` · ${words.runs.credits(number(side.credits))}` : ""}
    </span>
  );
}

function Mark({ children, look }: { children: ReactNode; look: string }) {
  return (
    <span className={`inline-flex items-center gap-1 whitespace-nowrap text-12 [&_svg]:size-3.5 ${look}`}>
      {children}
    </span>
  );
}

function Same() {
  const words = useWords();
  return (
    <Mark look="text-dim">
      <Equal aria-hidden="true" />
      {words.compare.same}
    </Mark>
  );
}

function Different() {
  const words = useWords();
  return (
    <Mark look="font-medium text-wait">
      <EqualNot aria-hidden="true" />
      {words.compare.different}
    </Mark>
  );
}
