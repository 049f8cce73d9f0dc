// Room for the run bar: what is fitted is fitted above it, and stays so while the bar grows, until somebody moves the view.

import { type FitViewOptions, useNodesInitialized, useReactFlow, type Viewport } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useRef } from "react";
import type { Graph } from "@/graph-core/model";

const MARGIN = 24;
const RAIL_AND_PANEL = 400;
const BARS = 120;
const NODE = { width: 240, height: 200 };
const LEAST_ZOOM = 0.08;

/** About how a large graph will be fitted, before its nodes were measured: so it is drawn once, as small as it will be. */
export function viewOf(graph: Graph): Viewport {
  const places = graph.nodes.map((node) => graph.layout?.[node.id] ?? { x: 0, y: 0 });
  const left = Math.min(...places.map((at) => at.x));
  const top = Math.min(...places.map((at) => at.y));
  const width = Math.max(...places.map((at) => at.x)) + NODE.width - left;
  const height = Math.max(...places.map((at) => at.y)) + NODE.height - top;
  const fitting = Math.min((innerWidth - RAIL_AND_PANEL) / width, (innerHeight - BARS) / height, 1);
  const zoom = Math.max(LEAST_ZOOM, fitting);
  return { x: 2 * MARGIN - left * zoom, y: 2 * MARGIN - top * zoom, zoom };
}

/** How the whole graph is fitted into what is free of `bar`. */
function fitOptions(bar: HTMLElement | null, duration: number): FitViewOptions {
  const below = bar ? bar.offsetHeight + 2 * MARGIN : 2 * MARGIN;
  return {
    padding: {
      top: `${2.5 * MARGIN}px`,
      left: `${2 * MARGIN}px`,
      right: `${2 * MARGIN}px`,
      bottom: `${below}px`,
    },
    maxZoom: 1,
    duration,
  };
}

/** Fit the graph above the run bar; returns how to fit it again. */
export function useRoom(place: RefObject<HTMLElement | null>): (duration?: number) => Promise<void> {
  const flow = useReactFlow();
  const isReady = useNodesInitialized();
  const fitted = useRef<Viewport | null>(null);
  const showAll = useCallback(
    async (duration = 300) => {
      const bar = place.current?.querySelector<HTMLElement>("[data-run-bar]") ?? null;
      const isFitted = await flow.fitView(fitOptions(bar, duration));
      if (isFitted) fitted.current = flow.getViewport();
    },
    [flow, place],
  );
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isReady || !isFirst.current) return;
    isFirst.current = false;
    showAll(0);
  }, [isReady, showAll]);
  useEffect(() => {
    const root = place.current;
    if (!root) return;
    let last = 0;
    const look = () => {
      const height = root.querySelector<HTMLElement>("[data-run-bar]")?.offsetHeight ?? 0;
      if (height === last) return;
      last = height;
      const now = flow.getViewport();
      const was = fitted.current;
      // Whoever moved the view has it as they want it.
      if (was && was.x === now.x && was.y === now.y && was.zoom === now.zoom) showAll(200);
    };
    const sizes = new ResizeObserver(look);
    const bars = new MutationObserver(() => {
      sizes.disconnect();
      const bar = root.querySelector("[data-run-bar]");
      if (bar) sizes.observe(bar);
      look();
    });
    bars.observe(root, { childList: true });
    return () => {
      bars.disconnect();
      sizes.disconnect();
    };
  }, [flow, showAll, place]);
  return showAll;
}
