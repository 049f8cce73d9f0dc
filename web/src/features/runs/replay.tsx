import { useQuery } from "@tanstack/react-query";
import { Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type { NameOf } from "@/features/runs/names";
import { eventQuery } from "@/features/runs/queries";
import { RunGraph } from "@/features/runs/run-graph";
import type { Graph } from "@/graph-core/model";
import { momentOf, type Overlay } from "@/graph-core/overlay";
import { number, time } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";

/** Ticks a replay takes from its first event to its last. */
const TICKS = 60;
const TICK_MS = 120;

/** What happened, event by event: a slider over the journal, and each node as it was at that moment. */
export default function Replay({
  runId,
  overlay,
  graph,
  nameOf,
  onStep,
}: {
  runId: string;
  overlay: Overlay;
  graph: Graph;
  nameOf: NameOf;
  onStep: (step: number) => void;
}) {
  const words = useWords();
  const last = overlay.seq;
  const [chosen, setChosen] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const seq = Math.min(chosen ?? last, last);
  const moment = useMemo(() => momentOf(overlay, seq), [overlay, seq]);
  const { data: event } = useQuery({ ...eventQuery(runId, seq), enabled: !isPlaying && seq > 0 });

  useEffect(() => {
    if (!isPlaying) return;
    const stride = Math.max(1, Math.ceil(last / TICKS));
    const timer = setInterval(() => {
      setChosen((before) => {
        const next = Math.min(last, (before ?? 0) + stride);
        if (next === last) setPlaying(false);
        return next;
      });
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying, last]);

  const node = typeof event?.body.node === "string" ? event.body.node : null;
  const told = event
    ? [
        time(event.at),
        words.runs.events[event.kind as keyof typeof words.runs.events] ?? event.kind,
        ...(node ? [nameOf(node)] : []),
      ].join(" · ")
    : "";
  return (
    <section aria-label={words.runs.replay} className="card min-w-0 overflow-hidden">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b py-1.5 pr-4 pl-5">
        <h2 className="font-medium text-13 text-dim">{words.runs.replay}</h2>
        <span className="row gap-0">
          <IconButton
            label={words.runs.stepBack}
            disabled={seq <= 1}
            onClick={() => setChosen(Math.max(1, seq - 1))}
          >
            <SkipBack />
          </IconButton>
          <IconButton
            label={isPlaying ? words.runs.pause : words.runs.play}
            disabled={last === 0}
            onClick={() => {
              if (!isPlaying && seq === last) setChosen(0);
              setPlaying(!isPlaying);
            }}
          >
            {isPlaying ? <Pause /> : <Play />}
          </IconButton>
          <IconButton
            label={words.runs.stepOn}
            disabled={seq >= last}
            onClick={() => setChosen(Math.min(last, seq + 1))}
          >
            <SkipForward />
          </IconButton>
        </span>
        <input
          type="range"
          aria-label={words.runs.moment}
          aria-valuetext={`${words.runs.event(number(seq), number(last))} ${told}`}
          min={Math.min(1, last)}
          max={last}
          value={seq}
          onChange={(change) => {
            setPlaying(false);
            setChosen(Number(change.target.value));
          }}
          className="h-6 min-w-32 grow basis-48 cursor-pointer accent-accent"
        />
        <span className="whitespace-nowrap text-12 text-dim">
          {words.runs.event(number(seq), number(last))}
        </span>
      </header>
      <p className="min-h-8 truncate px-5 pt-2 text-13" aria-live="polite">
        {told}
      </p>
      <RunGraph
        graph={graph}
        moment={moment}
        nameOf={nameOf}
        marked={isPlaying ? null : node}
        onNode={(id) => {
          const step = overlay.byNode.get(id);
          if (step) onStep(step.number);
        }}
      />
    </section>
  );
}
