import type { ComponentProps, ReactNode } from "react";

type Look = "do" | "plain" | "quiet" | "danger";
const LOOKS: Record<Look, string> = {
  do: "bg-accent text-on-accent hover:bg-accent-deep border-transparent",
  plain: "bg-paper text-ink border-edge hover:bg-sunken",
  quiet: "border-transparent text-dim hover:bg-sunken hover:text-ink",
  danger: "bg-paper text-bad border-bad/50 hover:bg-bad-wash",
};
const SHAPE =
  "tap inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none disabled:opacity-50 disabled:pointer-events-none";

interface Props extends ComponentProps<"button"> {
  look?: Look;
  small?: boolean;
  isBusy?: boolean;
}

export function buttonClass(look: Look = "plain", small = false): string {
  return `${SHAPE} ${LOOKS[look]} ${small ? "h-8 px-2.5 text-13" : "h-9 px-3.5"}`;
}

export function Button({ look, small, isBusy, className = "", disabled, children, ...rest }: Props) {
  return (
    <button
      type="button"
      className={`${buttonClass(look, small)} ${className}`}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      {...rest}
    >
      {children}
    </button>
  );
}

/** A button that is an icon; its label is read out, and shown as a tip. */
export function IconButton({
  label,
  children,
  className = "",
  look = "quiet",
  ...rest
}: ComponentProps<"button"> & { label: string; look?: Look; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`${SHAPE} ${LOOKS[look]} size-8 [&_svg]:size-4 ${className}`}
      {...rest}
    >
      {children}
    </button>
  );
}
