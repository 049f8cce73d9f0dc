import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  isDanger?: boolean;
  isChecked?: boolean;
}

/** A button that opens a list of actions; arrows walk it, Escape closes it. */
export function Menu({
  trigger,
  items,
  label,
  align = "end",
  side = "bottom",
  triggerClass,
}: {
  trigger: ReactNode;
  items: ReadonlyArray<MenuItem | "line">;
  label: string;
  align?: "start" | "end";
  side?: "bottom" | "top";
  triggerClass?: string;
}) {
  const [isOpen, setOpen] = useState(false);
  /** It would not be seen whole where it belongs. */
  const [isFlipped, setFlipped] = useState({ x: false, y: false });
  const list = useRef<HTMLDivElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const onDown = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onDown);
    return () => document.removeEventListener("pointerdown", onDown);
  }, [isOpen]);

  useLayoutEffect(() => {
    const box = list.current?.getBoundingClientRect();
    if (!isOpen || !box) return setFlipped({ x: false, y: false });
    const { clientWidth } = document.documentElement;
    setFlipped({
      x: box.left < 0 || box.right > clientWidth,
      y: side === "bottom" && box.bottom > innerHeight && box.top > 2 * box.height,
    });
  }, [isOpen, side]);

  function onKeyDown(event: KeyboardEvent) {
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const goTo: Record<string, number> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    const next = goTo[event.key];
    if (next !== undefined) {
      event.preventDefault();
      all[next]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      setOpen(false);
      button.current?.focus();
    }
  }

  return (
    <div ref={root} className="relative">
      <button
        ref={button}
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className={
          triggerClass ??
          "tap grid size-8 place-items-center rounded-md text-dim hover:bg-sunken hover:text-ink [&_svg]:size-4"
        }
      >
        {trigger}
      </button>
      {isOpen ? (
        <div
          ref={list}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          onKeyDown={onKeyDown}
          className={`absolute z-40 min-w-48 animate-rise rounded-lg border bg-paper p-1 shadow-float ${(align === "end") !== isFlipped.x ? "right-0" : "left-0"} ${(side === "bottom") !== isFlipped.y ? "top-full mt-1" : "bottom-full mb-1"}`}
        >
          {items.map((item, index) =>
            item === "line" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else
              <hr key={`line-${index}`} className="my-1" />
            ) : (
              <button
                key={item.label}
                type="button"
                role={item.isChecked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={item.isChecked}
                tabIndex={-1}
                onClick={() => {
                  setOpen(false);
                  button.current?.focus();
                  item.onSelect();
                }}
                className={`row h-8 w-full rounded-md px-2 text-left hover:bg-sunken focus-visible:bg-sunken focus-visible:outline-none [&_svg]:size-4 ${item.isDanger ? "text-bad" : ""}`}
              >
                {item.icon}
                <span className="grow">{item.label}</span>
                {item.isChecked ? <span aria-hidden="true">✓</span> : null}
              </button>
            ),
          )}
        </div>
      ) : null}
    </div>
  );
}
