import { Pin } from "lucide-react";
import { useMarks } from "@/features/builder/debug/marks";
import type { Step } from "@/graph-core/overlay";
import { useWords } from "@/shared/settings";

export function useIsPinned(node: string): boolean {
  return useMarks((marks) => node in marks.pinned);
}

/** The signs of debugging at a node: a red mark where runs wait, a pin where values stand for it. */
export function NodeMarks({ id, step, isFar }: { id: string; step: Step | undefined; isFar: boolean }) {
  const words = useWords();
  const isPinned = useIsPinned(id);
  const isBreak = useMarks((marks) => marks.breakpoints.includes(id));
  const isHere = step?.state === "waiting" && step.wait === "breakpoint";
  const size = isFar ? "size-9 [&_svg]:size-5" : "size-5 [&_svg]:size-3";
  return (
    <>
      {isBreak || isHere ? (
        <span
          role="img"
          aria-label={isHere ? words.debug.pausedHere : words.debug.breakpoint}
          title={isHere ? words.debug.pausedHere : words.debug.breakpoint}
          className={`absolute top-0 left-0 z-10 grid -translate-x-1/2 -translate-y-1/2 place-items-center rounded-full border-2 border-paper bg-bad ${size} ${isHere ? "animate-breathe motion-reduce:animate-none" : ""}`}
        >
          {isHere ? <span className="flex gap-0.5 *:h-2 *:w-0.5 *:bg-paper">{BARS}</span> : null}
        </span>
      ) : null}
      {isPinned || step?.isPinned ? (
        <span
          role="img"
          aria-label={isPinned ? words.debug.pinned : words.debug.wasPinned}
          title={isPinned ? words.debug.pinned : words.debug.wasPinned}
          className={`absolute top-0 right-0 z-10 grid translate-x-1/2 -translate-y-1/2 place-items-center rounded-full border-2 border-paper text-paper ${size} ${isPinned ? "bg-pinned" : "bg-faint"}`}
        >
          <Pin aria-hidden="true" className="fill-current" />
        </span>
      ) : null}
    </>
  );
}

const BARS = (
  <>
    <i />
    <i />
  </>
);
