// Room for the run bar: what is fitted is fitted above it, and stays so while the bar grows, until somebody moves the view.

import { type FitViewOptions, useNodesInitialized, useReactFlow, type Viewport } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useRef } from "react";

const MARGIN = 24;

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
