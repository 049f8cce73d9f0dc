import { X } from "lucide-react";
import { create } from "zustand";
import { ApiError } from "@/shared/api/client";
import { useWords, words } from "@/shared/settings";

interface Toast {
  id: number;
  text: string;
  isBad: boolean;
  action?: { label: string; act: () => void };
}

const SHOWN_MS = 6_000;
let last = 0;
const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

function drop(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));
}

/** Tell about something that is not in view. */
export function tell(text: string, action?: Toast["action"]): void {
  show({ id: ++last, text, isBad: false, ...(action ? { action } : {}) });
}

/** Tell what went wrong with something that is not in view. */
export function tellError(error: unknown): void {
  show({ id: ++last, text: messageOf(error), isBad: true });
}

function show(toast: Toast): void {
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), toast] }));
  setTimeout(() => drop(toast.id), SHOWN_MS);
}

/** The sentence of an error. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return words().errors.ours;
}

export function Toasts() {
  const { toasts } = useToasts();
  const m = useWords();
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-50 stack items-center gap-2 px-4 max-md:bottom-20"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="row pointer-events-auto max-w-md animate-rise rounded-lg border bg-paper py-1.5 pr-1.5 pl-4 shadow-float"
        >
          <span className={`grow ${toast.isBad ? "text-bad" : ""}`}>{toast.text}</span>
          {toast.action ? (
            <button
              type="button"
              onClick={() => {
                drop(toast.id);
                toast.action?.act();
              }}
              className="rounded-md px-2 py-1.5 font-medium text-accent hover:bg-sunken"
            >
              {toast.action.label}
            </button>
          ) : null}
          <button
            type="button"
            aria-label={m.close}
            onClick={() => drop(toast.id)}
            className="grid size-8 place-items-center rounded-md text-dim hover:bg-sunken"
          >
            <X className="size-4" />
          </button>
        </div>
      ))}
    </div>
  );
}
