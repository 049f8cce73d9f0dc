// How far somebody is in the tour, kept in this browser: it goes on after a reload.

import { create } from "zustand";
import { keep, kept } from "@/shared/settings";

export const STEPS = ["calculator", "values", "output", "link", "save", "run", "end"] as const;
export type Step = (typeof STEPS)[number];

/** `welcome` asks whether it is wanted; a step is under way; `done` and `skipped` are over. */
export type Stage = "new" | "welcome" | Step | "done" | "skipped";

const KEY = "autograph.tour";
const STAGES: readonly string[] = ["new", "welcome", ...STEPS, "done", "skipped"];

function before(): Stage {
  const found = kept(KEY) ?? "";
  return STAGES.includes(found) ? (found as Stage) : "new";
}

export const useTour = create<{ stage: Stage }>(() => ({ stage: before() }));

function go(stage: Stage): void {
  keep(KEY, stage);
  useTour.setState({ stage });
}

export const isUnderWay = (stage: Stage): stage is "welcome" | Step =>
  stage === "welcome" || (STEPS as readonly string[]).includes(stage);

/** Ask whether somebody wants the tour, whatever became of it before. */
export function offerTour(): void {
  go("welcome");
}

/** Ask somebody who has never been asked. */
export function offerTourOnce(): void {
  if (useTour.getState().stage === "new") go("welcome");
}

export function beginTour(): void {
  go(STEPS[0]);
}

export function nextStep(): void {
  const { stage } = useTour.getState();
  const at = (STEPS as readonly string[]).indexOf(stage);
  go(STEPS[at + 1] ?? "done");
}

export function skipTour(): void {
  go("skipped");
}
