// A long list of rows of one height: only those in view are in the page.

import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

const SPARE = 8;

export function Rows({
  count,
  height,
  label,
  header,
  isFollowing = false,
  onRange,
  className = "max-h-96",
  children,
}: {
  count: number;
  /** Of a row, in pixels. */
  height: number;
  label: string;
  header?: ReactNode;
  /** Stay at the end while rows are added, as long as whoever reads is there. */
  isFollowing?: boolean;
  onRange?: (first: number, end: number) => void;
  className?: string;
  children: (index: number) => ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const isAtEnd = useRef(true);
  const first = Math.max(0, Math.floor(view.top / height) - SPARE);
  const isLong = count * height > view.height;
  const end = Math.min(count, Math.ceil((view.top + view.height) / height) + SPARE);

  useEffect(() => {
    const place = ref.current;
    if (!place) return;
    const look = () => setView({ top: place.scrollTop, height: place.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(place);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever rows were added
  useLayoutEffect(() => {
    // To ask how high it is costs a layout of the page: only where there is something to scroll.
    if (isFollowing && isLong && isAtEnd.current && ref.current)
      ref.current.scrollTop = ref.current.scrollHeight;
  }, [count, isFollowing, isLong]);
  useEffect(() => onRange?.(first, end), [first, end, onRange]);

  return (
    <section
      ref={ref}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      onScroll={({ currentTarget: place }) => {
        isAtEnd.current = place.scrollTop + place.clientHeight >= place.scrollHeight - height;
        setView({ top: place.scrollTop, height: place.clientHeight });
      }}
      className={`overflow-y-auto overscroll-contain focus-visible:-outline-offset-2 ${className}`}
    >
      {header}
      <ol aria-label={label} style={{ paddingTop: first * height, paddingBottom: (count - end) * height }}>
        {Array.from({ length: Math.max(0, end - first) }, (_, place) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the list
            key={first + place}
            aria-setsize={count}
            aria-posinset={first + place + 1}
            className="overflow-hidden"
            style={{ height }}
          >
            {children(first + place)}
          </li>
        ))}
      </ol>
    </section>
  );
}
