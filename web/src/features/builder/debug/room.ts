// Room for the run bar: what is fitted is fitted above it, and stays so while the bar grows, until somebody moves the
// view; from then on only what is selected is kept clear of it.

import { type FitViewOptions, useNodesInitialized, useReactFlow, type Viewport } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useRef } from "react";
import { useBuilder } from "@/features/builder/store";
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

/** How far the bar covers a node, in pixels of the window, with a margin; 0 where it does not. */
function hiddenBy(bar: HTMLElement, node: HTMLElement): number {
  const [over, box] = [bar.getBoundingClientRect(), node.getBoundingClientRect()];
  const isBeside = box.right < over.left || box.left > over.right || box.top > over.bottom;
  return isBeside ? 0 : Math.max(0, box.bottom + MARGIN - over.top);
}

/** Fit the graph above the run bar; returns how to fit it again, or one node of it. */
export function useRoom(place: RefObject<HTMLElement | null>) {
  const flow = useReactFlow();
  const isReady = useNodesInitialized();
  const fitted = useRef<Viewport | null>(null);
  const arrives = useRef(0);
  const bar = useCallback(() => place.current?.querySelector<HTMLElement>("[data-run-bar]") ?? null, [place]);
  const showAll = useCallback(
    async (duration = 300): Promise<void> => {
      const height = bar()?.offsetHeight;
      arrives.current = performance.now() + duration;
      // Whoever takes hold of the view on its way ends it there, and this waits for ever.
      const isFitted = await flow.fitView(fitOptions(bar(), duration));
      if (isFitted) fitted.current = flow.getViewport();
      // It grew while the view was on its way.
      if (isFitted && bar()?.offsetHeight !== height) await showAll(200);
    },
    [flow, bar],
  );
  const showNode = useCallback(
    (id: string) => flow.fitView({ ...fitOptions(bar(), 300), nodes: [{ id }] }),
    [flow, bar],
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
      const height = bar()?.offsetHeight ?? 0;
      if (height === last) return;
      last = height;
      if (performance.now() < arrives.current) return;
      const now = flow.getViewport();
      const was = fitted.current;
      if (was && was.x === now.x && was.y === now.y && was.zoom === now.zoom) showAll(200);
      else uncover(now);
    };
    // Whoever moved the view has it as they want it, but for the node that they work with.
    const uncover = (now: Viewport) => {
      const [id, ...more] = useBuilder.getState().selected;
      const over = bar();
      if (id === undefined || more.length > 0 || !over) return;
      const node = root.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
      const hidden = node ? hiddenBy(over, node) : 0;
      if (hidden > 0) flow.setViewport({ ...now, y: now.y - hidden }, { duration: 200 });
    };
    const sizes = new ResizeObserver(look);
    const observe = () => {
      sizes.disconnect();
      const found = bar();
      if (found) sizes.observe(found);
      look();
    };
    const bars = new MutationObserver(observe);
    bars.observe(root, { childList: true });
    observe();
    return () => {
      bars.disconnect();
      sizes.disconnect();
    };
  }, [flow, showAll, bar, place]);
  return { showAll, showNode };
}
