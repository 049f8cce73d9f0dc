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
      {selected || passed > 0 ? (
        <EdgeLabelRenderer>
          <div
            className="nodrag nopan pointer-events-auto absolute row gap-1"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {passed > 0 ? (
              <span
                title={textOfValue(data?.last).slice(0, 500)}
                className="max-w-40 truncate rounded-full border bg-paper px-1.5 font-mono text-12 text-dim"
              >
                {passed > 1 ? `${passed}× ` : ""}
                {textOfValue(data?.last, 0).slice(0, 24)}
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
