import { EdgeLabelRenderer, useStore } from "@xyflow/react";
import { Unlink } from "lucide-react";
import { useMemo } from "react";
import { useWatching } from "@/features/builder/debug/watching";
import { act } from "@/features/builder/store";
import type { Json } from "@/graph-core/model";
import { valuesAt } from "@/graph-core/overlay";
import { useWords } from "@/shared/settings";
import { textOfValue } from "@/shared/value/kinds";
import { ValueView } from "@/shared/value/value-view";

const SHOWN = 50;
const LONGEST_TIP = 160;

/** What went over a link, in the middle of it: the last value at a glance, all of them once it is chosen. */
export function LinkValues({
  id,
  source,
  output,
  x,
  y,
  isChosen,
}: {
  id: string;
  source: string;
  output: string;
  x: number;
  y: number;
  isChosen: boolean;
}) {
  const words = useWords();
  const zoom = useStore((state) => state.transform[2]);
  const overlay = useWatching((watching) => watching.overlay);
  const values = useMemo(() => valuesAt(overlay, source, output), [overlay, source, output]);
  return (
    <EdgeLabelRenderer>
      <div
        className={`nodrag nopan nowheel absolute z-20 ${isChosen ? "pointer-events-auto" : "pointer-events-none"}`}
        style={{
          transform: `translate(${x}px, ${y}px) scale(${1 / zoom}) translate(-50%, -50%)`,
          transformOrigin: "0 0",
        }}
      >
        {isChosen ? (
          <Chosen
            id={id}
            values={values}
            unlink={words.builder.unlink}
            title={words.debug.values(values.length)}
          />
        ) : values.length > 0 ? (
          <Tip values={values} />
        ) : null}
      </div>
    </EdgeLabelRenderer>
  );
}

function Tip({ values }: { values: Json[] }) {
  const text = textOfValue(values.at(-1), 0);
  return (
    <span className="row max-w-72 gap-1.5 rounded-md border bg-paper px-2 py-1 font-mono text-12 shadow-float">
      {values.length > 1 ? <b className="font-medium text-dim">{values.length}×</b> : null}
      <span className="truncate">{text.slice(0, LONGEST_TIP)}</span>
    </span>
  );
}

function Chosen({
  id,
  values,
  title,
  unlink,
}: {
  id: string;
  values: Json[];
  title: string;
  unlink: string;
}) {
  const remove = (
    <button
      type="button"
      aria-label={unlink}
      title={unlink}
      onClick={() => act({ kind: "remove", nodes: [], links: [id] })}
      className="grid size-6 shrink-0 place-items-center rounded-full border bg-paper text-bad hover:bg-bad-wash"
    >
      <Unlink className="size-3.5" />
    </button>
  );
  if (values.length === 0) return remove;
  const first = Math.max(0, values.length - SHOWN);
  return (
    <section aria-label={title} className="w-80 rounded-lg border bg-paper shadow-float">
      <header className="row h-9 border-b pr-1.5 pl-3 text-13 text-dim">
        <span className="grow">{title}</span>
        {remove}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <ol className="max-h-64 divide-y overflow-auto" tabIndex={0}>
        {values.slice(first).map((value, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
          <li key={first + index} className="flex gap-2 px-3 py-1.5">
            <span className="w-6 shrink-0 text-12 text-faint tabular-nums">{first + index + 1}</span>
            <div className="min-w-0 grow overflow-x-auto text-13">
              <ValueView value={value} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
