import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitFork, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { ForkDialog } from "@/features/runs/fork-dialog";
import { Line } from "@/features/runs/journal";
import type { NameOf } from "@/features/runs/names";
import { runQuery, stepEventsQuery, stepQuery } from "@/features/runs/queries";
import type { Json } from "@/graph-core/model";
import type { Step } from "@/graph-core/overlay";
import { spaced } from "@/graph-core/text";
import { number as count, duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Problem, Skeletons, StateBadge } from "@/shared/ui/state";
import { ValueActions, ValueView } from "@/shared/value/value-view";

/** One node run: what came in, what went out, what happened to it, and going on from here. */
export function StepPanel({
  runId,
  step,
  number,
  nameOf,
  onClose,
}: {
  runId: string;
  /** What the journal that is followed tells of it; null where it is a step of a run inside. */
  step: Step | null;
  number: number;
  nameOf: NameOf;
  onClose: () => void;
}) {
  const words = useWords();
  const [isForking, setForking] = useState(false);
  const run = useQuery(runQuery(runId));
  const found = useQuery(stepQuery(runId, number, step?.state));
  const result = found.data;
  const node = step?.node ?? result?.node;
  const error = step?.error ?? result?.error;
  const isOver = run.data?.ended_at != null;
  return (
    <section aria-label={words.runs.step(number)} className="card sticky top-4 min-w-0">
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
        {error ? (
          <p className="break-words rounded-md bg-bad-wash px-3 py-2 text-bad">
            {String(error.message ?? "")}
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
        <Log runId={runId} number={number} state={step?.state} nameOf={nameOf} />
        {isOver && run.data && !run.data.parent_id ? (
          <Button small className="self-start" onClick={() => setForking(true)}>
            <GitFork className="size-4" />
            {words.runs.fork}
          </Button>
        ) : null}
      </div>
      {isForking && run.data ? (
        <ForkDialog run={run.data} number={number} nameOf={nameOf} onClose={() => setForking(false)} />
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

/** What happened to this step alone. */
function Log({
  runId,
  number,
  state,
  nameOf,
}: {
  runId: string;
  number: number;
  state: string | undefined;
  nameOf: NameOf;
}) {
  const words = useWords();
  const { data: events } = useQuery(stepEventsQuery(runId, number, state));
  if (!events || events.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-13 text-dim">{words.runs.stepLog}</h3>
      <ol aria-label={words.runs.stepLog} className="-mx-5">
        {events.map((event) => (
          <li key={event.seq}>
            <Line seq={event.seq} event={event} nameOf={nameOf} />
          </li>
        ))}
      </ol>
    </div>
  );
}
