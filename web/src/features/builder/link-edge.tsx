import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { X } from "lucide-react";
import { memo } from "react";
import { act } from "@/features/builder/store";
import type { Json } from "@/graph-core/model";
import { useWords } from "@/shared/settings";
import { textOfValue } from "@/shared/value/kinds";

export type LinkEdgeType = Edge<
  { colour: string; isStatic: boolean; isBroken: boolean; passed: number; last: Json; isLive: boolean },
  "link"
>;

export const LinkEdge = memo(function LinkEdge(props: EdgeProps<LinkEdgeType>) {
  const words = useWords();
  const { data, selected } = props;
  const [path, x, y] = getBezierPath(props);
  const passed = data?.passed ?? 0;
  const text = textOf(passed, data?.last, selected === true);
  return (
    <>
      <BaseEdge
        id={props.id}
        path={path}
        interactionWidth={20}
        style={{
          stroke: data?.isBroken ? "var(--bad)" : selected ? "var(--accent)" : data?.colour,
          strokeWidth: selected ? 3 : passed > 0 ? 2.5 : 1.75,
          strokeDasharray: data?.isBroken ? "2 5" : data?.isStatic ? "7 5" : undefined,
          opacity: passed > 0 || selected ? 1 : 0.75,
        }}
      />
      {data?.isLive && passed > 0 ? (
        <circle r="4" fill={data.colour} className="motion-reduce:hidden">
          <animateMotion key={passed} dur="0.6s" repeatCount="1" path={path} fill="freeze" />
        </circle>
      ) : null}
      {selected || text ? (
        <EdgeLabelRenderer>
          <div
            className="nodrag nopan pointer-events-auto absolute row gap-1"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {text ? (
              <span
                title={textOfValue(data?.last).slice(0, 500)}
                className="max-w-52 truncate rounded-full border bg-paper px-1.5 font-mono text-12 text-dim"
              >
                {text}
              </span>
            ) : null}
            {selected ? (
              <button
                type="button"
                aria-label={words.builder.unlink}
                title={words.builder.unlink}
                onClick={() => act({ kind: "remove", nodes: [], links: [props.id] })}
                className="grid size-6 place-items-center rounded-full border bg-paper text-bad hover:bg-bad-wash"
              >
                <X className="size-3.5" />
              </button>
            ) : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});

const SHORT = 8;

/** What stands on a link: short values, how many there were, and the whole of it once it is chosen. */
function textOf(passed: number, last: Json, isChosen: boolean): string {
  if (passed === 0) return "";
  const value = textOfValue(last, 0);
  const times = passed > 1 ? `${passed}×` : "";
  return [times, isChosen || value.length <= SHORT ? value.slice(0, 80) : ""].filter(Boolean).join(" ");
}
