import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown, ExternalLink, Square, X } from "lucide-react";
import { useState } from "react";
import { Paused } from "@/features/builder/debug/paused";
import { useWatching } from "@/features/builder/debug/watching";
import { useNow } from "@/features/runs/live";
import type { Graph, Json } from "@/graph-core/model";
import type { Overlay } from "@/graph-core/overlay";
import { api } from "@/shared/api/client";
import { duration, number } from "@/shared/format";
import { keep, kept, useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { type RunState, StateBadge } from "@/shared/ui/state";
import { tellError } from "@/shared/ui/toast";
import { ValueView } from "@/shared/value/value-view";

const FOLDED = "autograph.run-bar";

/** The run that is watched: where it is, what it gave, and the way out. */
export function RunBar({ runId, graph, onClose }: { runId: string; graph: Graph; onClose: () => void }) {
  const words = useWords();
  const overlay = useWatching((watching) => watching.overlay);
  const isOver = overlay.endedAt !== null;
  const now = useNow(!isOver);
  const stopping = useMutation({
    mutationFn: () => api("POST /api/v1/runs/{run_id}/cancel", { path: { run_id: runId } }),
    onError: tellError,
  });
  const waits = [...overlay.byNode.values()].some((step) => step.state === "waiting");
  const state: RunState = overlay.phase === "running" && waits ? "waiting" : overlay.phase;
  const outputs = outputsOf(overlay, graph);
  const [isFolded, setFolded] = useState(() => kept(FOLDED) === "folded");
  const hasMore = outputs.length > 0 || overlay.error !== null;
  return (
    <section
      aria-label={words.runs.one}
      data-run-bar
      data-seq={overlay.seq}
      className="absolute bottom-3 left-1/2 z-10 stack max-h-[38%] w-[min(36rem,calc(100%-1.5rem))] -translate-x-1/2 @min-[36rem]/canvas:w-[min(36rem,calc(100%-8rem))] animate-rise overflow-hidden rounded-lg border bg-paper shadow-float"
    >
      <header className="row py-2 pr-2 pl-3">
        <StateBadge state={state} />
        <span className="whitespace-nowrap text-13 text-dim">
          {overlay.startedAt === null ? "" : duration((overlay.endedAt ?? now) - overlay.startedAt)}
          {" · "}
          {words.runs.steps(overlay.steps.size)}
          {overlay.credits > 0 ? ` · ${words.runs.credits(number(overlay.credits))}` : ""}
        </span>
        <span className="grow" />
        {isOver ? null : (
          <Button small look="danger" isBusy={stopping.isPending} onClick={() => stopping.mutate()}>
            <Square className="size-3 fill-current" />
            {words.runs.stop}
          </Button>
        )}
        <Link
          to="/runs/$runId"
          params={{ runId }}
          className="row h-8 rounded-md px-2 text-13 text-accent hover:bg-sunken"
        >
          <span className="max-sm:sr-only">{words.builder.openRun}</span>
          <ExternalLink className="size-3.5" />
        </Link>
        {hasMore ? (
          <IconButton
            label={isFolded ? words.builder.unfoldRun : words.builder.foldRun}
            aria-expanded={!isFolded}
            onClick={() => {
              setFolded(!isFolded);
              keep(FOLDED, isFolded ? null : "folded");
            }}
          >
            <ChevronDown className={isFolded ? "rotate-180" : ""} />
          </IconButton>
        ) : null}
        <IconButton label={words.close} onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <Paused runId={runId} overlay={overlay} graph={graph} />
      {overlay.error && !isFolded ? (
        <p className="border-t bg-bad-wash px-4 py-2 text-13 text-bad">{overlay.error.message}</p>
      ) : null}
      {outputs.length > 0 && !isFolded ? (
        <dl className="divide-y overflow-y-auto border-t">
          {outputs.slice(-20).map(([name, value], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
            <div key={index} className="grid grid-cols-[7rem_1fr] gap-3 px-4 py-2">
              <dt className="truncate text-13 text-dim">{name}</dt>
              <dd className="min-w-0 overflow-x-auto">
                <ValueView value={value} />
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </section>
  );
}

function outputsOf(overlay: Overlay, graph: Graph): Array<[string, Json]> {
  const names = new Map(graph.nodes.map((node) => [node.id, node.constants?.name]));
  return [...overlay.steps.values()].flatMap((step) =>
    step.outputs
      .filter(([pin]) => pin === "output" && typeof names.get(step.node) === "string")
      .map(([, value]): [string, Json] => [names.get(step.node), value]),
  );
}
