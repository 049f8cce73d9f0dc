import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useEffect, useState } from "react";
import { feedbackQuery } from "@/features/runs/queries";
import { api } from "@/shared/api/client";
import type { Verdict } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Textarea } from "@/shared/ui/field";
import { FormProblem } from "@/shared/ui/state";

/** Whether a run did what its person wanted, and why: two buttons, and words for whoever has some. */
export function Feedback({ runId }: { runId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const { queryKey } = feedbackQuery(runId);
  const { data } = useQuery(feedbackQuery(runId));
  const said = data?.feedback;
  const [text, setText] = useState("");
  const [isWriting, setWriting] = useState(false);
  useEffect(() => setText(said?.words ?? ""), [said?.words]);
  const giving = useMutation({
    mutationFn: (body: { verdict: Verdict; words: string }) =>
      api("PUT /api/v1/runs/{run_id}/feedback", { path: { run_id: runId }, body }),
    onSuccess: (feedback) => client.setQueryData(queryKey, { feedback }),
  });
  const taking = useMutation({
    mutationFn: () => api("DELETE /api/v1/runs/{run_id}/feedback", { path: { run_id: runId } }),
    onSuccess: () => {
      setWriting(false);
      client.setQueryData(queryKey, { feedback: null });
    },
  });
  if (!data) return <div className="h-8" />; // its place
  function judge(verdict: Verdict) {
    if (said?.verdict === verdict) taking.mutate();
    else {
      giving.mutate({ verdict, words: text });
      setWriting(true);
    }
  }
  return (
    <section aria-label={words.feedback.title} className="stack gap-3">
      <div className="row flex-wrap text-13 text-dim">
        {words.feedback.question}
        {(["good", "bad"] as const).map((verdict) => (
          <Button
            key={verdict}
            small
            aria-pressed={said?.verdict === verdict}
            className={
              said?.verdict === verdict
                ? verdict === "good"
                  ? "border-good! bg-good-wash! text-good!"
                  : "border-bad! bg-bad-wash! text-bad!"
                : ""
            }
            onClick={() => judge(verdict)}
          >
            {verdict === "good" ? <ThumbsUp className="size-4" /> : <ThumbsDown className="size-4" />}
            {words.feedback.verdicts[verdict]}
          </Button>
        ))}
        {said && !isWriting ? (
          <Button small look="quiet" onClick={() => setWriting(true)}>
            {said.words ? words.feedback.change : words.feedback.sayWhy}
          </Button>
        ) : null}
      </div>
      {said && !isWriting && said.words ? (
        <p className="max-w-prose whitespace-pre-wrap border-l-2 pl-3 text-13">{said.words}</p>
      ) : null}
      {said && isWriting ? (
        <form
          className="stack max-w-lg gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            giving.mutate({ verdict: said.verdict, words: text }, { onSuccess: () => setWriting(false) });
          }}
        >
          <Textarea
            rows={2}
            aria-label={words.feedback.why}
            placeholder={words.feedback.why}
            maxLength={10_000}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="row">
            <Button small look="do" type="submit" isBusy={giving.isPending}>
              {words.save}
            </Button>
            <Button
              small
              onClick={() => {
                setText(said.words);
                setWriting(false);
              }}
            >
              {words.close}
            </Button>
          </div>
        </form>
      ) : null}
      <FormProblem error={giving.error ?? taking.error} />
    </section>
  );
}

/** What was said of an agent's runs, in numbers; nothing while nobody said anything. */
export function FeedbackOfAgent({ agentId }: { agentId: string }) {
  const words = useWords();
  const { data } = useQuery({
    queryKey: ["feedback", "agent", agentId],
    queryFn: () =>
      api("GET /api/v1/graphs/{graph_id}/feedback", { path: { graph_id: agentId }, query: { limit: 5 } }),
  });
  if (!data || data.good + data.bad === 0) return null;
  return (
    <section aria-label={words.feedback.title} className="card stack gap-2 p-4">
      <h2 className="text-13 text-dim">{words.feedback.title}</h2>
      <p className="row text-13 text-dim">
        <ThumbsUp className="size-4 text-good" />
        {words.feedback.good(data.good)}
        <ThumbsDown className="ml-3 size-4 text-bad" />
        {words.feedback.bad(data.bad)}
      </p>
      <ul className="stack gap-1.5">
        {data.feedback
          .filter((one) => one.words)
          .map((one) => (
            <li key={one.run_id} className="row items-start text-13">
              {one.verdict === "good" ? (
                <ThumbsUp className="mt-0.5 size-3.5 shrink-0 text-good" />
              ) : (
                <ThumbsDown className="mt-0.5 size-3.5 shrink-0 text-bad" />
              )}
              <Link
                to="/runs/$runId"
                params={{ runId: one.run_id }}
                className="line-clamp-2 hover:text-accent"
              >
                {one.words}
              </Link>
            </li>
          ))}
      </ul>
    </section>
  );
}
