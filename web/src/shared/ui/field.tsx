import { type ComponentProps, type ReactNode, useId } from "react";

interface Given {
  id: string;
  "aria-invalid"?: true;
  "aria-describedby"?: string;
}

/** A label, what is under it, and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  isRequired,
  aside,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  isRequired?: boolean;
  aside?: ReactNode;
  children: (given: Given) => ReactNode;
}) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="stack gap-1">
      <div className="row justify-between">
        <label htmlFor={id} className="font-medium text-13">
          {label}
          {isRequired ? (
            <span className="text-bad" aria-hidden="true">
              {" *"}
            </span>
          ) : null}
        </label>
        {aside}
      </div>
      {children({
        id,
        ...(error ? { "aria-invalid": true as const } : {}),
        ...(described ? { "aria-describedby": described } : {}),
      })}
      {hint ? (
        <p id={`${id}-hint`} className="text-12 text-dim">
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className="text-13 text-bad">
          {error}
        </p>
      ) : null}
    </div>
  );
}

export function Input({ className = "", ...rest }: ComponentProps<"input">) {
  return <input className={`field ${className}`} {...rest} />;
}

export function Textarea({ className = "", ...rest }: ComponentProps<"textarea">) {
  return <textarea className={`field resize-y ${className}`} rows={4} {...rest} />;
}

export function Select({ className = "", children, ...rest }: ComponentProps<"select">) {
  return (
    <select className={`field pr-8 ${className}`} {...rest}>
      {children}
    </select>
  );
}

export function Switch({
  isOn,
  onChange,
  label,
  ...rest
}: Omit<ComponentProps<"button">, "onChange"> & {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label?: string;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      onClick={() => onChange(!isOn)}
      className={`tap relative h-5 w-9 shrink-0 rounded-full border ${isOn ? "border-accent bg-accent" : "border-edge bg-sunken"}`}
      {...rest}
    >
      <span
        className={`absolute top-0.5 size-3.5 rounded-full transition-[left] ${isOn ? "left-[1.125rem] bg-on-accent" : "left-0.5 bg-dim"}`}
      />
    </button>
  );
}
