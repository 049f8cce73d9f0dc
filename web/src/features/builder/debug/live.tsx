import { useLayoutEffect } from "react";
import { watch } from "@/features/builder/debug/watching";
import { useLiveRun } from "@/features/runs/live";

/** Follows a run for the canvas. It draws nothing, so that the page around it is not drawn again with each event. */
export function Live({ runId }: { runId: string | null }) {
  const { overlay, texts, isOver } = useLiveRun(runId);
  useLayoutEffect(() => watch(runId, overlay, texts, isOver), [runId, overlay, texts, isOver]);
  return null;
}
