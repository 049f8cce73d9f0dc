import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Check, X } from "lucide-react";
import { useEffect, useState } from "react";
import { beginTour, isUnderWay, nextStep, STEPS, type Step, skipTour, useTour } from "@/features/tour/tour";
import { useWords, words as wordsNow } from "@/shared/settings";
import { Button, buttonClass, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { tell } from "@/shared/ui/toast";

const LOOK_EVERY_MS = 250;

function leave(): void {
  skipTour();
  tell(wordsNow().tour.skipped);
}

/** What the tour shows, wherever somebody is. */
export function TourGuide() {
  const words = useWords();
  const navigate = useNavigate();
  const stage = useTour((tour) => tour.stage);
  if (!isUnderWay(stage)) return null;
  if (stage === "welcome")
    return (
      <Dialog
        title={words.tour.welcomeTitle}
        onClose={leave}
        footer={
          <>
            <Button onClick={leave}>{words.tour.skip}</Button>
            <Button
              look="do"
              // The browser's dialog looks for the attribute, which React keeps to itself.
              ref={(element) => element?.setAttribute("autofocus", "")}
              onClick={() => {
                beginTour();
                navigate({ to: "/build" });
              }}
            >
              {words.tour.begin}
            </Button>
          </>
        }
      >
        <p className="text-dim">{words.tour.welcomeText}</p>
      </Dialog>
    );
  return <Card key={stage} step={stage} />;
}

/** One step: what to do, and where; it is over when the page shows that it was done. */
function Card({ step }: { step: Step }) {
  const words = useWords();
  const { title, text } = words.tour.steps[step];
  const isDone = useLook(() => DONE[step](), false);
  const place = useLook(() => boxOf(PLACES[step]?.() ?? null), null);
  const at = STEPS.indexOf(step);
  const isLast = step === "end";
  useLeaving();
  useEffect(() => {
    if (!isDone || MUST_READ.has(step)) return;
    const timer = setTimeout(nextStep, 600);
    return () => clearTimeout(timer);
  }, [isDone, step]);
  return (
    <>
      {place && !isDone ? (
        <div
          aria-hidden="true"
          className="pointer-events-none fixed z-40 rounded-lg outline-2 outline-accent outline-offset-2"
          ref={(element) => {
            if (element) Object.assign(element.style, place);
          }}
        />
      ) : null}
      <aside
        aria-label={words.tour.title}
        className="fixed bottom-4 left-4 z-50 w-[calc(100%-2rem)] max-w-sm animate-rise rounded-lg border border-accent bg-paper p-4 shadow-float max-md:bottom-20 md:left-20"
      >
        <div className="row justify-between">
          <p className="text-12 text-dim">{words.tour.step(at + 1, STEPS.length)}</p>
          <IconButton label={words.tour.end} onClick={isLast ? nextStep : leave} className="-mt-2 -mr-2">
            <X />
          </IconButton>
        </div>
        <div aria-live="polite">
          <h2 className="text-16">{title}</h2>
          <p className="mt-1 text-dim">{text}</p>
        </div>
        <div className="row mt-4 justify-between">
          {isLast ? (
            <>
              <Link to="/library" onClick={nextStep} className={buttonClass("do", true)}>
                {words.errors.toLibrary}
              </Link>
              <Button small onClick={nextStep}>
                {words.tour.end}
              </Button>
            </>
          ) : (
            <>
              <span className="row text-13 text-dim" role="status">
                {isDone ? (
                  <>
                    <Check className="size-4 text-good" aria-hidden="true" />
                    {words.tour.done}
                  </>
                ) : MUST_READ.has(step) ? null : (
                  words.tour.waits
                )}
              </span>
              <Button small look={isDone ? "do" : "plain"} onClick={nextStep}>
                {words.tour.next}
              </Button>
            </>
          )}
        </div>
      </aside>
    </>
  );
}

/** Steps that nothing on the page shows the end of: the person says when. */
const MUST_READ: ReadonlySet<Step> = new Set(["values", "end"]);

const nodes = () => document.querySelectorAll(".react-flow__node");

/** Whether the page shows that a step was done. */
const DONE: Record<Step, () => boolean> = {
  calculator: () => nodes().length > 0,
  values: () => false,
  output: () => nodes().length > 1,
  link: () => document.querySelectorAll(".react-flow__edge").length > 0,
  save: () => /^\/build\/./.test(location.pathname),
  run: () => /[?&]run=/.test(location.search) || /^\/runs\/./.test(location.pathname),
  end: () => false,
};

/** Where on the page a step happens. */
const shelf = () =>
  [...document.querySelectorAll("main button")].find((one) =>
    one.textContent?.startsWith(wordsNow().builder.blocks),
  ) ?? null;
const PLACES: Partial<Record<Step, () => Element | null>> = {
  calculator: shelf,
  output: shelf,
  values: () => document.querySelector(`aside[aria-label="${wordsNow().builder.inspector}"]`),
  link: () => document.querySelector(".react-flow__node"),
  save: () => document.querySelector(`input[aria-label="${wordsNow().builder.name}"]`),
};

type Box = Record<"left" | "top" | "width" | "height", string>;

function boxOf(element: Element | null): Box | null {
  const box = element?.getBoundingClientRect();
  if (!box || box.width === 0) return null;
  return {
    left: `${box.left}px`,
    top: `${box.top}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
  };
}

/** Look at the page again and again: what happens on it belongs to others, who know nothing of the tour. */
function useLook<T>(look: () => T, first: T): T {
  const [seen, setSeen] = useState(first);
  useEffect(() => {
    const again = () =>
      setSeen((old) => {
        const now = look();
        return JSON.stringify(old) === JSON.stringify(now) ? old : now;
      });
    again();
    const timer = setInterval(again, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  });
  return seen;
}

/** Who goes elsewhere in the middle has had enough of it, for now. */
function useLeaving(): void {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const isHere = path.startsWith("/build") || path.startsWith("/runs/");
  const [wasHere, setWasHere] = useState(isHere);
  useEffect(() => {
    if (isHere) setWasHere(true);
    else if (wasHere) leave();
  }, [isHere, wasHere]);
}
