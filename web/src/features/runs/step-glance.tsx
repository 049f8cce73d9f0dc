import { useQuery } from "@tanstack/react-query";
import { stepQuery } from "@/features/runs/queries";
import type { Json } from "@/graph-core/model";
import type { Step } from "@/graph-core/overlay";
import { useWords } from "@/shared/settings";
import { ValueLine } from "@/shared/value/value-view";

const MOST = 4;
const WIDTH = 352;
const HEIGHT = 190;

/** What went into a step and what came out, in a few lines beside it, while the pointer rests there. */
export function StepGlance({ runId, step, place }: { runId: string; step: Step; place: DOMRect }) {
  const words = useWords();
  const { data: found } = useQuery(stepQuery(runId, step.number, step.state));
  if (!found) return null;
  const isBelow = place.bottom + HEIGHT < innerHeight;
  return (
    <div
      role="tooltip"
      className="pointer-events-none fixed z-30 stack animate-rise gap-2 rounded-lg border bg-paper px-3 py-2.5 shadow-float"
      style={{
        width: WIDTH,
        left: Math.max(8, Math.min(place.left + place.width / 3, innerWidth - WIDTH - 12)),
        ...(isBelow ? { top: place.bottom + 4 } : { bottom: innerHeight - place.top + 4 }),
      }}
    >
      {found.error ? <p className="line-clamp-3 text-13 text-bad">{String(found.error.message)}</p> : null}
      <Values title={words.runs.cameIn} none={words.runs.nothingIn} values={Object.entries(found.inputs)} />
      <Values
        title={words.runs.wentOut}
        none={words.runs.nothingOut}
        values={Object.entries(found.outputs).map(([pin, values]) => [
          pin,
          values.length === 1 ? values[0] : values,
        ])}
      />
    </div>
  );
}

function Values({ title, none, values }: { title: string; none: string; values: Array<[string, Json]> }) {
  return (
    <div>
      <p className="text-12 text-dim">{title}</p>
      {values.length === 0 ? <p className="text-12 text-faint">{none}</p> : null}
      {values.slice(0, MOST).map(([pin, value]) => (
        <div key={pin} className="grid grid-cols-[6rem_minmax(0,1fr)] gap-2">
          <span className="truncate font-mono text-12 text-dim">{pin}</span>
          <ValueLine value={value} />
        </div>
      ))}
    </div>
  );
}
