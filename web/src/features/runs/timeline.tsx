import { useMemo, useState } from "react";
import { useNow } from "@/features/runs/live";
import type { Overlay, Span, Step } from "@/graph-core/overlay";
import { duration } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { StateIcon } from "@/shared/ui/state";

const AT_FIRST = 200;
const MIN_WIDTH = 0.4;
const LOOKS: Record<Span["kind"], string> = {
  work: "bg-[var(--bar)]",
  wait: "bg-[repeating-linear-gradient(135deg,var(--wait)_0_2px,transparent_2px_6px)] opacity-70",
  pause: "bg-[repeating-linear-gradient(90deg,var(--bad)_0_2px,transparent_2px_5px)] opacity-60",
};
const BARS: Partial<Record<Step["state"], string>> = {
  failed: "var(--bad)",
  completed: "var(--good)",
  reused: "var(--edge)",
};

/** A bar for every node run, on one clock. */
export function Timeline({
  overlay,
  nameOf,
  selected,
  onSelect,
}: {
  overlay: Overlay;
  nameOf: (node: string) => string;
  selected: number | undefined;
  onSelect: (step: number) => void;
}) {
  const words = useWords();
  const isRunning = overlay.startedAt !== null && overlay.endedAt === null;
  const now = useNow(isRunning);
  const [shown, setShown] = useState(AT_FIRST);
  const steps = useMemo(() => [...overlay.steps.values()].sort((a, b) => a.number - b.number), [overlay]);
  const from = Math.min(
    overlay.startedAt ?? now,
    ...steps.slice(0, 50).flatMap((step) => step.spans.slice(0, 1).map((span) => span.from)),
  );
  const to = Math.max(overlay.endedAt ?? now, from + 1);
  const scale = 100 / (to - from);
  return (
    <section aria-label={words.runs.timeline} className="card overflow-hidden">
      <header className="grid grid-cols-[minmax(0,1fr)_4.5rem] sm:grid-cols-[minmax(9rem,16rem)_1fr_4.5rem] items-center gap-3 border-b bg-sunken/60 px-4 py-2 text-12 text-dim">
        <span>{words.runs.steps(steps.length)}</span>
        <span className="flex justify-between max-sm:hidden">
          <span>0</span>
          <span>{duration((to - from) / 2)}</span>
          <span>{duration(to - from)}</span>
        </span>
        <span className="text-right">{words.runs.time}</span>
      </header>
      <ol className="divide-y divide-line/60">
        {steps.slice(0, shown).map((step) => (
          <li key={step.number}>
            <button
              type="button"
              aria-pressed={selected === step.number}
              onClick={() => onSelect(step.number)}
              className="grid w-full grid-cols-[minmax(0,1fr)_4.5rem] sm:grid-cols-[minmax(9rem,16rem)_1fr_4.5rem] items-center gap-3 px-4 py-1.5 text-left hover:bg-sunken/60 aria-pressed:bg-wash"
            >
              <span className="row min-w-0">
                <StateIcon state={step.state} />
                <span className="truncate">{nameOf(step.node)}</span>
                <span className="sr-only">{words.states[step.state]}</span>
                {step.attempt > 1 ? <span className="text-12 text-dim">×{step.attempt}</span> : null}
              </span>
              <span
                className="relative h-3 max-sm:order-last max-sm:col-span-2 max-sm:h-1.5"
                style={{ "--bar": BARS[step.state] ?? "var(--live)" } as React.CSSProperties}
              >
                {step.spans.map((span) => (
                  <span
                    key={`${span.kind}${span.from}`}
                    className={`absolute inset-y-0 rounded-sm ${LOOKS[span.kind]} ${span.to === null && span.kind === "work" ? "animate-breathe" : ""}`}
                    style={{
                      left: `${Math.min(100 - MIN_WIDTH, Math.max(0, (span.from - from) * scale))}%`,
                      width: `${Math.max(MIN_WIDTH, ((span.to ?? now) - span.from) * scale)}%`,
                    }}
                  />
                ))}
              </span>
              <span className="text-right text-12 text-dim">{timeOf(step, now)}</span>
            </button>
          </li>
        ))}
      </ol>
      {steps.length > shown ? (
        <Button small look="quiet" className="m-2" onClick={() => setShown(shown + AT_FIRST)}>
          {words.showMore}
        </Button>
      ) : null}
    </section>
  );
}

function timeOf(step: Step, now: number): string {
  const first = step.spans[0];
  if (first === undefined) return "";
  if (step.durationMs > 0 && step.spans.length === 1) return duration(step.durationMs);
  return duration((step.spans.at(-1)?.to ?? now) - first.from);
}
