import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Bell as BellIcon } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { inboxQuery } from "@/features/notifications/queries";
import { watchInbox } from "@/shared/api/socket";
import { useWords } from "@/shared/settings";

const BellPanel = lazy(() =>
  import("@/features/notifications/bell-panel").then((module) => ({ default: module.BellPanel })),
);

/** Keep what is shown of one's inbox true while anything of it is shown. */
export function useLiveInbox(): void {
  const client = useQueryClient();
  useEffect(() => watchInbox(() => client.invalidateQueries({ queryKey: ["notifications"] })), [client]);
}

/** Opens what happened lately; its number is what nobody has read. */
export function Bell({ wide, side }: { wide: string; side: "right" | "below" }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { data } = useQuery(inboxQuery);
  const unread = data?.unread ?? 0;

  useEffect(() => {
    if (!isOpen) return;
    const onDown = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onDown);
    return () => document.removeEventListener("pointerdown", onDown);
  }, [isOpen]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what the button opened, wherever in it one is
    <div
      ref={root}
      className={side === "below" ? "" : "relative"}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        title={words.nav.notifications}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className={`tap row relative rounded-md text-dim hover:bg-paper/70 hover:text-ink [&_svg]:size-4.5 [&_svg]:shrink-0 ${side === "below" ? "size-10 justify-center" : "h-9 w-full px-2.5"}`}
      >
        <BellIcon />
        <span
          className={`grow text-left ${side === "below" ? "sr-only" : wide.replace("hidden", "sr-only")}`}
        >
          {words.nav.notifications}
        </span>
        {unread > 0 ? (
          <span
            className={`grid h-5 min-w-5 place-items-center rounded-full bg-accent px-1.5 font-semibold text-12 text-on-accent ${side === "below" ? "absolute top-0 right-0" : wide === "hidden" ? "absolute -top-1 -right-1" : "max-lg:absolute max-lg:-top-1 max-lg:-right-1"}`}
          >
            {unread > 99 ? "99+" : unread}
            <span className="sr-only">{words.notifications.unread}</span>
          </span>
        ) : null}
      </button>
      {isOpen ? (
        <Suspense>
          <BellPanel
            className={
              side === "below"
                ? "fixed inset-x-2 top-14 max-h-[calc(100dvh-8.5rem)]"
                : "absolute bottom-0 left-full ml-3 max-h-[calc(100dvh-8rem)] w-96"
            }
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </div>
  );
}
