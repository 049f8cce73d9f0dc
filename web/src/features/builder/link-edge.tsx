import { BaseEdge, type Edge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo, useState } from "react";
import { LinkValues } from "@/features/builder/debug/link-values";
import type { Json } from "@/graph-core/model";

export type LinkEdgeType = Edge<
  { colour: string; isStatic: boolean; isBroken: boolean; passed: number; last: Json; isLive: boolean },
  "link"
>;

export const LinkEdge = memo(function LinkEdge(props: EdgeProps<LinkEdgeType>) {
  const { data, selected } = props;
  const [isHovered, setHovered] = useState(false);
  const [path, x, y] = getBezierPath(props);
  const passed = data?.passed ?? 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a glance for pointers; whoever selects the link sees more
    <g onMouseEnter={() => setHovered(true)} onMouseLeave={() => setHovered(false)}>
      <BaseEdge
        id={props.id}
        path={path}
        interactionWidth={20}
        style={{
          stroke: data?.isBroken ? "var(--bad)" : selected ? "var(--accent)" : data?.colour,
          strokeWidth: selected || isHovered ? 3 : passed > 0 ? 2.5 : 1.75,
          strokeDasharray: data?.isBroken ? "2 5" : data?.isStatic ? "7 5" : undefined,
          opacity: passed > 0 || selected ? 1 : 0.75,
        }}
      />
      {data?.isLive && passed > 0 ? (
        <circle
          key={passed}
          r="4.5"
          fill={data.colour}
          stroke="var(--paper)"
          strokeWidth="1.5"
          className="bead motion-reduce:hidden"
          style={{ offsetPath: `path("${path}")` }}
        />
      ) : null}
      {selected || (isHovered && passed > 0) ? (
        <LinkValues
          id={props.id}
          source={props.source}
          output={props.sourceHandleId ?? ""}
          x={x}
          y={y}
          isChosen={selected === true}
        />
      ) : null}
    </g>
  );
});
