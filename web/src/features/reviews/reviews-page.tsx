import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { useEffect, useState } from "react";
import { isTyping } from "@/app/shell";
import { openReviewsQuery } from "@/features/reviews/queries";
import { ReviewCard } from "@/features/reviews/review-card";
import { useWords } from "@/shared/settings";
import { Empty, Page, Problem, Skeletons } from "@/shared/ui/state";

/** Everything that waits for a person, the oldest first, one keystroke each. */
export function ReviewsPage() {
  const words = useWords();
  const reviews = useQuery(openReviewsQuery);
  const all = [...(reviews.data?.reviews ?? [])].reverse();
  const [at, setAt] = useState(0);
  const focused = Math.min(at, all.length - 1);
  useKeys(all.length, focused, setAt);
  return (
    <Page title={words.nav.reviews} isNarrow>
      {reviews.isPending ? <Skeletons count={2} className="h-56" /> : null}
      {reviews.isError ? <Problem error={reviews.error} onRetry={() => reviews.refetch()} /> : null}
      {reviews.isSuccess && all.length === 0 ? (
        <Empty icon={<Inbox />} title={words.reviews.none} text={words.reviews.noneText} />
      ) : null}
      <ul className="stack gap-5">
        {all.map((review, index) => (
          <li key={review.id}>
            <ReviewCard review={review} isFocused={index === focused} />
            <Link
              to="/runs/$runId"
              params={{ runId: review.run_id }}
              className="mt-1.5 ml-5 inline-block text-13 text-dim underline underline-offset-2 hover:text-ink"
            >
              {words.reviews.toRun}
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}

function useKeys(count: number, at: number, setAt: (at: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || count === 0) return;
      const card = document.querySelectorAll("[data-review]")[at];
      const acts: Record<string, () => void> = {
        j: () => setAt(Math.min(at + 1, count - 1)),
        k: () => setAt(Math.max(at - 1, 0)),
        a: () => card?.querySelector<HTMLElement>("[data-act=approve]")?.click(),
        r: () => card?.querySelector<HTMLElement>("[data-act=reject]")?.click(),
      };
      acts[event.key]?.();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [count, at, setAt]);
  useEffect(() => {
    document.querySelectorAll("[data-review]")[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
}
