import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, Pencil, X } from "lucide-react";
import { useState } from "react";
import type { Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { Decision, ReviewAnswer } from "@/shared/api/schema";
import { dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Field, Input, Textarea } from "@/shared/ui/field";
import { Ago, FormProblem } from "@/shared/ui/state";
import { ValueView } from "@/shared/value/value-view";

/** A question a run asks, and its answer: as it is, as edited, or no. */
export function ReviewCard({
  review,
  name,
  isFocused = false,
}: {
  review: ReviewAnswer;
  name?: string;
  isFocused?: boolean;
}) {
  const words = useWords();
  const client = useQueryClient();
  const [edited, setEdited] = useState<string | null>(null);
  const [why, setWhy] = useState("");
  const deciding = useMutation({
    mutationFn: (decision: Decision) =>
      api("POST /api/v1/reviews/{review_id}", { path: { review_id: review.id }, body: decision }),
    onSettled: () => {
      client.invalidateQueries({ queryKey: ["reviews"] });
      client.invalidateQueries({ queryKey: ["runs"] });
    },
  });
  const isText = typeof review.payload === "string";
  const problem = edited === null || isText ? null : jsonProblem(edited, words.form.noJson);
  function approve() {
    const data = edited === null ? {} : { data: isText ? edited : (JSON.parse(edited) as Json) };
    deciding.mutate({ decision: "approve", message: why, ...data });
  }
  return (
    <article
      data-review={review.id}
      className={`card border-wait/50 ${isFocused ? "ring-2 ring-accent" : ""}`}
      aria-label={review.title || name || words.reviews.kinds[review.kind]}
    >
      <header className="flex flex-wrap items-baseline gap-x-3 border-b px-5 py-3">
        <h2 className="text-16">{review.title || words.reviews.kinds[review.kind]}</h2>
        <p className="text-13 text-dim">
          {name ? `${name} · ` : ""}
          <Ago at={review.created_at} />
          {review.due_at ? ` · ${words.reviews.until(dateTime(review.due_at))}` : ""}
        </p>
      </header>
      <div className="px-5 py-4">
        <p className="mb-3 text-dim">{words.reviews.questions[review.kind]}</p>
        {edited === null ? (
          <div className="max-h-96 overflow-auto rounded-md bg-sunken p-3">
            <ValueView value={review.payload} />
          </div>
        ) : (
          <Field label={words.reviews.edit} error={problem ?? undefined}>
            {(given) => (
              <Textarea
                rows={8}
                spellCheck={isText}
                className={isText ? "" : "font-mono text-13"}
                value={edited}
                onChange={(event) => setEdited(event.target.value)}
                {...given}
              />
            )}
          </Field>
        )}
        <div className="mt-3 max-w-md">
          <Input
            aria-label={words.reviews.why}
            placeholder={words.reviews.why}
            value={why}
            onChange={(event) => setWhy(event.target.value)}
          />
        </div>
        <div className="mt-3">
          <FormProblem error={deciding.error} />
        </div>
      </div>
      <footer className="row flex-wrap border-t px-5 py-3 max-sm:[&>button]:grow">
        <Button
          look="do"
          data-act="approve"
          isBusy={deciding.isPending}
          disabled={problem !== null}
          onClick={approve}
        >
          <Check className="size-4" />
          {edited === null ? words.reviews.approve : words.reviews.approveEdited}
        </Button>
        <Button
          look="danger"
          data-act="reject"
          isBusy={deciding.isPending}
          onClick={() => deciding.mutate({ decision: "reject", message: why })}
        >
          <X className="size-4" />
          {words.reviews.reject}
        </Button>
        {review.is_editable && edited === null ? (
          <Button look="quiet" onClick={() => setEdited(asText(review.payload))}>
            <Pencil className="size-4" />
            {words.reviews.edit}
          </Button>
        ) : null}
      </footer>
    </article>
  );
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function jsonProblem(text: string, message: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return message;
  }
}
