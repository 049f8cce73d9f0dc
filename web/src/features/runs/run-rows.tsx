import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunItem } from "@/shared/api/schema";
import { duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Ago, StateBadge } from "@/shared/ui/state";

/** Runs, one a line; on a phone two lines each. With `onChoose` each has a box to choose it by. */
export function RunRows({
  runs,
  names,
  nameless,
  aside,
  chosen,
  onChoose,
}: {
  runs: RunItem[];
  names?: ReadonlyMap<string, string>;
  /** What an agent is called that `names` lacks. */
  nameless?: string;
  aside?: (run: RunItem) => ReactNode;
  chosen?: ReadonlySet<string>;
  onChoose?: (id: string, isChosen: boolean) => void;
}) {
  const words = useWords();
  return (
    <ul className="card divide-y [&>li:first-child]:rounded-t-lg [&>li:last-child]:rounded-b-lg">
      {runs.map((run) => {
        const name = names
          ? (names.get(run.graph_id) ?? nameless ?? words.library.deletedAgent)
          : words.runs.runOf(run.id.slice(-6));
        return (
          <li
            key={run.id}
            className={`relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 hover:bg-sunken/60 ${chosen?.has(run.id) ? "bg-wash" : ""}`}
          >
            {onChoose ? (
              <input
                type="checkbox"
                aria-label={words.runs.choose(name, run.id.slice(-6))}
                checked={chosen?.has(run.id) ?? false}
                onChange={(event) => onChoose(run.id, event.target.checked)}
                className="z-10 size-4 accent-accent"
              />
            ) : null}
            <span className="w-28 shrink-0">
              <StateBadge state={run.status} />
            </span>
            <Link
              to="/runs/$runId"
              params={{ runId: run.id }}
              className="min-w-0 grow basis-32 truncate max-sm:basis-full font-medium after:absolute after:inset-0"
            >
              {name}
              {run.error ? (
                <span className="ml-2 font-normal text-bad">{String(run.error.message ?? "")}</span>
              ) : null}
            </Link>
            <span className="text-13 text-dim">{words.library.version(run.graph_version)}</span>
            <span className="w-20 text-right text-13 text-dim max-sm:w-auto">
              {run.started_at && run.ended_at
                ? duration(Date.parse(run.ended_at) - Date.parse(run.started_at))
                : ""}
            </span>
            <span className="w-32 text-right text-13 text-dim max-sm:w-auto">
              <Ago at={run.queued_at} />
            </span>
            {aside ? (
              <span className="z-10 has-[[role=menu]]:z-30 max-sm:absolute max-sm:top-1.5 max-sm:right-2 sm:relative sm:-mr-2">
                {aside(run)}
              </span>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}
