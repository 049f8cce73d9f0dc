import type { ReactNode } from "react";

export function Section({
  title,
  about,
  aside,
  children,
}: {
  title: string;
  about?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card p-5">
      <header className="mb-4 flex items-start justify-between gap-4">
        <div>
          <h2 className="text-16">{title}</h2>
          {about ? <p className="mt-0.5 text-dim">{about}</p> : null}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}
