import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { type CSSProperties, useEffect, useMemo, useRef, useState } from "react";
import { agentQuery } from "@/features/library/queries";
import { type Lane, lanesOf, placeOn } from "@/features/runs/lanes";
import { useNow, useWatchedRun } from "@/features/runs/live";
import { type NameOf, useNodeNames } from "@/features/runs/names";
import { runQuery } from "@/features/runs/queries";
import { StepGlance } from "@/features/runs/step-glance";
import type { Graph } from "@/graph-core/model";
import type { Overlay, Span, Step } from "@/graph-core/overlay";
import { duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Rows } from "@/shared/ui/rows";
import { StateIcon } from "@/shared/ui/state";

const HEIGHT = 34;
const INDENT = 32;
const CHEVRON = 22;
const MIN_WIDTH = 0.4;
const GRID =
  "grid grid-cols-[minmax(0,1fr)_4.5rem] sm:grid-cols-[minmax(9rem,16rem)_1fr_4.5rem] items-center gap-x-3 px-4";
const LOOKS: Record<Span["kind"], string> = {
  work: "bg-[var(--bar)]",
  attempt: "border border-bad bg-[repeating-linear-gradient(45deg,var(--bad)_0_1px,transparent_1px_4px)]",
  wait: "bg-[repeating-linear-gradient(135deg,var(--wait)_0_2px,transparent_2px_6px)] opacity-80",
  pause: "bg-[repeating-linear-gradient(90deg,var(--edge)_0_2px,transparent_2px_5px)]",
};
const BARS: Partial<Record<Step["state"], string>> = {
  failed: "var(--bad)",
  completed: "var(--good)",
  reused: "var(--edge)",
};
const KINDS = ["work", "attempt", "wait", "pause"] as const;
const GLANCE_MS = 350;

interface Inside {
  overlay: Overlay;
  nameOf: NameOf;
}

/** A bar for every node run, on one clock; those of a run inside another unfold under it. */
export function Timeline({
  runId,
  overlay,
  nameOf,
  selected,
  onSelect,
}: {
  runId: string;
  overlay: Overlay;
  nameOf: NameOf;
  /** Key of the selected row: `run/step`. */
  selected: string | undefined;
  onSelect: (runId: string, step: number) => void;
}) {
  const words = useWords();
  const isRunning = overlay.startedAt !== null && overlay.endedAt === null;
  const now = useNow(isRunning);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [inside, setInside] = useState<ReadonlyMap<string, Inside>>(new Map());
  const [glance, setGlance] = useState<{ lane: Lane; place: DOMRect } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const lanes = useMemo(
    () => lanesOf(runId, overlay, open, new Map([...inside].map(([id, one]) => [id, one.overlay]))),
    [runId, overlay, open, inside],
  );
  const from = Math.min(
    overlay.startedAt ?? now,
    ...lanes.slice(0, 50).flatMap(({ step }) => step.spans.slice(0, 1).map((span) => span.from)),
  );
  const to = Math.max(overlay.endedAt ?? now, from + 1);
  const kinds = useMemo(
    () => new Set(lanes.flatMap(({ step }) => step.spans.map((span) => span.kind))),
    [lanes],
  );

  function look(lane: Lane | null, place?: DOMRect) {
    clearTimeout(timer.current);
    if (lane && place) timer.current = setTimeout(() => setGlance({ lane, place }), GLANCE_MS);
    else setGlance(null);
  }
  function fold(child: string) {
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(child)) after.add(child);
      return after;
    });
  }

  return (
    <div className="card min-w-0 overflow-hidden">
      {[...open].map((child) => (
        <Watched
          key={child}
          runId={child}
          onChange={(found) => setInside((before) => new Map(before).set(child, found))}
        />
      ))}
      <Rows
        count={lanes.length}
        height={HEIGHT}
        label={words.runs.timeline}
        className="max-h-[70dvh]"
        header={
          <div
            className={`sticky top-0 z-10 ${GRID} border-b bg-[color-mix(in_oklch,var(--sunken),var(--paper)_40%)] py-2 text-12 text-dim`}
          >
            <span>{words.runs.steps(overlay.steps.size)}</span>
            <span className="flex justify-between max-sm:hidden">
              <span>0</span>
              <span>{duration((to - from) / 2)}</span>
              <span>{duration(to - from)}</span>
            </span>
            <span className="text-right">{words.runs.time}</span>
          </div>
        }
      >
        {(index) => {
          const lane = lanes[index];
          return lane ? (
            <LaneRow
              lane={lane}
              name={(lane.depth === 0 ? nameOf : (inside.get(lane.runId)?.nameOf ?? nameOf))(lane.step.node)}
              clock={{ from, to, now }}
              isSelected={selected === lane.key}
              onSelect={() => {
                look(null);
                onSelect(lane.runId, lane.step.number);
              }}
              onFold={fold}
              onLook={look}
            />
          ) : null;
        }}
      </Rows>
      {kinds.size > 1 ? (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 border-t px-4 py-2 text-12 text-dim max-sm:hidden">
          {KINDS.filter((kind) => kinds.has(kind)).map((kind) => (
            <li key={kind} className="row gap-1.5">
              <span
                aria-hidden="true"
                className={`h-2.5 w-6 rounded-sm ${LOOKS[kind]}`}
                style={{ "--bar": "var(--good)" } as CSSProperties}
              />
              {words.runs.spans[kind]}
            </li>
          ))}
        </ul>
      ) : null}
      {glance ? (
        <StepGlance
          runId={glance.lane.runId}
          step={glance.lane.step}
          place={glance.place}
          key={glance.lane.key}
        />
      ) : null}
    </div>
  );
}

function LaneRow({
  lane,
  name,
  clock: { from, to, now },
  isSelected,
  onSelect,
  onFold,
  onLook,
}: {
  lane: Lane;
  name: string;
  clock: { from: number; to: number; now: number };
  isSelected: boolean;
  onSelect: () => void;
  onFold: (child: string) => void;
  onLook: (lane: Lane | null, place?: DOMRect) => void;
}) {
  const words = useWords();
  const { step, depth } = lane;
  const { child } = step;
  return (
    <div className="relative h-full border-line/60 border-b">
      <button
        type="button"
        aria-pressed={isSelected}
        onClick={onSelect}
        onPointerEnter={(event) =>
          event.pointerType === "mouse" && onLook(lane, event.currentTarget.getBoundingClientRect())
        }
        onPointerLeave={() => onLook(null)}
        onFocus={(event) =>
          event.currentTarget.matches(":focus-visible") &&
          onLook(lane, event.currentTarget.getBoundingClientRect())
        }
        onBlur={() => onLook(null)}
        className={`${GRID} h-full w-full text-left hover:bg-sunken/60 focus-visible:-outline-offset-2 aria-pressed:bg-wash`}
      >
        <span className="row min-w-0" style={{ paddingLeft: depth * INDENT + (child ? CHEVRON : 0) }}>
          <StateIcon state={step.state} />
          <span className="truncate">{name}</span>
          <span className="sr-only">{words.states[step.state]}</span>
          {step.attempt > 1 ? <span className="text-12 text-dim">×{step.attempt}</span> : null}
        </span>
        <span
          className="relative h-3 max-sm:order-last max-sm:col-span-2 max-sm:h-1"
          style={{ "--bar": BARS[step.state] ?? "var(--live)" } as CSSProperties}
        >
          {step.spans.map((span) => {
            const left = Math.min(100 - MIN_WIDTH, placeOn(from, to, span.from));
            return (
              <span
                key={`${span.kind}${span.from}`}
                className={`absolute inset-y-0 rounded-sm ${LOOKS[span.kind]} ${span.to === null && span.kind === "work" ? "animate-breathe" : ""}`}
                style={{
                  left: `${left}%`,
                  width: `${Math.max(MIN_WIDTH, placeOn(from, to, span.to ?? now) - left)}%`,
                }}
              />
            );
          })}
        </span>
        <span className="text-right text-12 text-dim">{timeOf(step, now)}</span>
      </button>
      {child ? (
        <button
          type="button"
          aria-expanded={lane.isOpen}
          aria-label={lane.isOpen ? words.runs.foldInside(name) : words.runs.unfoldInside(name)}
          title={lane.isOpen ? words.runs.foldInside(name) : words.runs.unfoldInside(name)}
          onClick={() => onFold(child)}
          className="absolute inset-y-0 my-auto grid size-6 place-items-center rounded-sm text-dim hover:bg-line"
          style={{ left: CHEVRON / 2 + depth * INDENT }}
        >
          <ChevronRight
            className={`size-4 ${lane.isOpen ? "rotate-90" : ""} ${lane.isLoading ? "animate-breathe" : ""}`}
          />
        </button>
      ) : null}
    </div>
  );
}

/** Follows a run inside while its rows are unfolded. */
function Watched({ runId, onChange }: { runId: string; onChange: (found: Inside) => void }) {
  const { overlay } = useWatchedRun(runId);
  const run = useQuery(runQuery(runId));
  const agent = useQuery({
    ...agentQuery(run.data?.graph_id ?? "", run.data?.graph_version),
    enabled: run.isSuccess,
  });
  const nameOf = useNodeNames(agent.data?.graph as Graph | undefined);
  const tell = useRef(onChange);
  tell.current = onChange;
  useEffect(() => {
    if (overlay.seq > 0) tell.current({ overlay, nameOf });
  }, [overlay, nameOf]);
  return null;
}

function timeOf(step: Step, now: number): string {
  const first = step.spans[0];
  if (first === undefined) return "";
  if (step.durationMs > 0 && step.spans.length === 1) return duration(step.durationMs);
  return duration((step.spans.at(-1)?.to ?? now) - first.from);
}
