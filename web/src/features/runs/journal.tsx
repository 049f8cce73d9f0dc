import { useQueries } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { NameOf } from "@/features/runs/names";
import { eventsQuery, PAGE_EVENTS } from "@/features/runs/queries";
import type { Json } from "@/graph-core/model";
import type { JournalEvent } from "@/graph-core/overlay";
import { time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Rows } from "@/shared/ui/rows";
import { ValueLine } from "@/shared/value/value-view";

const HEIGHT = 28;

/**
 * The journal of a run, as it was written. The last events are handed in as they happen; of those before them only
 * the pages in view are asked for, and forgotten again.
 */
export function Journal({
  runId,
  count,
  tail,
  nameOf,
  onStep,
}: {
  runId: string;
  /** Number of the last event. */
  count: number;
  tail: readonly JournalEvent[];
  nameOf: NameOf;
  onStep: (step: number) => void;
}) {
  const words = useWords();
  const [range, setRange] = useState({ first: 0, end: 0 });
  const onRange = useCallback((first: number, end: number) => setRange({ first, end }), []);
  const kept = tail[0]?.seq ?? count + 1;
  const wanted = pagesOf(range.first + 1, Math.min(range.end, kept - 1));
  const pages = useQueries({ queries: wanted.map((page) => eventsQuery(runId, page)) });
  const at = (seq: number): JournalEvent | undefined =>
    seq >= kept
      ? tail[seq - kept]
      : pages[wanted.indexOf(Math.floor((seq - 1) / PAGE_EVENTS))]?.data?.[(seq - 1) % PAGE_EVENTS];
  return (
    <section className="card min-w-0 overflow-hidden">
      <h2 className="border-b px-5 py-2.5 font-medium text-13 text-dim">{words.runs.log}</h2>
      <Rows
        count={count}
        height={HEIGHT}
        label={words.runs.log}
        isFollowing
        onRange={onRange}
        className="max-h-96 py-1.5"
      >
        {(index) => <Line seq={index + 1} event={at(index + 1)} nameOf={nameOf} onStep={onStep} />}
      </Rows>
    </section>
  );
}

function pagesOf(first: number, last: number): number[] {
  const found: number[] = [];
  for (let page = Math.floor((first - 1) / PAGE_EVENTS); page * PAGE_EVENTS < last; page += 1)
    found.push(page);
  return found;
}

/** What an event gave out, by pin; several values of one pin as a list. */
function byPin(outputs: Array<[string, Json]>): Record<string, Json> {
  const found = new Map<string, Json[]>();
  for (const [pin, value] of outputs) found.set(pin, [...(found.get(pin) ?? []), value]);
  return Object.fromEntries(
    [...found].map(([pin, values]) => [pin, values.length === 1 ? values[0] : values]),
  );
}

/** An event in a line; a click opens its step. */
export function Line({
  seq,
  event,
  nameOf,
  onStep,
}: {
  seq: number;
  event: JournalEvent | undefined;
  nameOf: NameOf;
  onStep?: (step: number) => void;
}) {
  const words = useWords();
  const step = Number(event?.body.node_run);
  const outputs = event?.body.outputs as Array<[string, Json]> | undefined;
  const inside = (
    <>
      <span className="w-9 shrink-0 text-right font-mono text-12 text-faint">{seq}</span>
      <span className="w-20 shrink-0 whitespace-nowrap text-dim max-sm:hidden">
        {event ? time(event.at) : ""}
      </span>
      <span className="min-w-0 shrink-0 truncate max-sm:max-w-44">
        <span className="font-medium">
          {event ? (words.runs.events[event.kind as keyof typeof words.runs.events] ?? event.kind) : "…"}
        </span>
        {typeof event?.body.node === "string" ? ` · ${nameOf(event.body.node)}` : ""}
      </span>
      <span className="min-w-0 grow truncate text-dim">
        {typeof event?.body.message === "string" ? (
          <span className="text-bad">{event.body.message}</span>
        ) : outputs?.length ? (
          <ValueLine value={byPin(outputs)} />
        ) : null}
      </span>
    </>
  );
  const look = "flex h-7 w-full items-center gap-3 px-5 text-left text-13";
  if (!onStep || !Number.isInteger(step)) return <span className={look}>{inside}</span>;
  return (
    <button
      type="button"
      className={`${look} hover:bg-sunken/60 focus-visible:-outline-offset-2`}
      onClick={() => onStep(step)}
    >
      {inside}
    </button>
  );
}
