import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Copy, Link2, Link2Off } from "lucide-react";
import { useState } from "react";
import { shareQuery } from "@/features/runs/queries";
import { api } from "@/shared/api/client";
import type { MadeShare } from "@/shared/api/schema";
import { dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Input, Select } from "@/shared/ui/field";
import { FormProblem, Problem, Skeletons } from "@/shared/ui/state";

const DAY_MS = 86_400_000;
const SPANS = [1, 7, 30, 0] as const;

/** Show a run to whoever has a link: on, off, for how long, and the link to copy. */
export function ShareDialog({
  run,
  onClose,
}: {
  run: { id: string; graph_id: string };
  onClose: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const path = { graph_id: run.graph_id, run_id: run.id };
  const state = useQuery(shareQuery(run.graph_id, run.id));
  const [days, setDays] = useState<number>(7);
  const again = () => client.invalidateQueries({ queryKey: ["shares", run.id] });
  const sharing = useMutation({
    mutationFn: () =>
      api("POST /api/graphs/{graph_id}/executions/{run_id}/share", {
        path,
        body: days === 0 ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() },
      }),
    onSuccess: again,
  });
  const ending = useMutation({
    mutationFn: () => api("DELETE /api/graphs/{graph_id}/executions/{run_id}/share", { path }),
    onSuccess: () => {
      sharing.reset();
      again();
    },
  });
  const share = state.data?.share;
  return (
    <Dialog title={words.share.title} about={words.share.about} onClose={onClose}>
      {state.isPending ? <Skeletons count={1} className="h-16" /> : null}
      {state.isError ? <Problem error={state.error} onRetry={() => state.refetch()} /> : null}
      {state.isSuccess ? (
        <div className="stack gap-4">
          {sharing.data ? <Made share={sharing.data} /> : null}
          <p className="row text-13">
            {share ? (
              <>
                <Link2 className="size-4 shrink-0 text-good" />
                {share.expires_at
                  ? words.share.onUntil(dateTime(share.expires_at))
                  : words.share.on(dateTime(share.created_at))}
              </>
            ) : (
              <>
                <Link2Off className="size-4 shrink-0 text-dim" />
                {words.share.off}
              </>
            )}
          </p>
          <div className="row items-end">
            <div className="grow">
              <Field label={words.share.howLong}>
                {(given) => (
                  <Select value={days} onChange={(event) => setDays(Number(event.target.value))} {...given}>
                    {SPANS.map((one) => (
                      <option key={one} value={one}>
                        {one === 0 ? words.share.forEver : words.share.days(one)}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            </div>
            <Button look={share ? "plain" : "do"} isBusy={sharing.isPending} onClick={() => sharing.mutate()}>
              <Link2 className="size-4" />
              {share ? words.share.another : words.share.turnOn}
            </Button>
          </div>
          {share ? (
            <>
              <p className="text-13 text-dim">{words.share.once}</p>
              <Button
                look="danger"
                className="self-start"
                isBusy={ending.isPending}
                onClick={() => ending.mutate()}
              >
                <Link2Off className="size-4" />
                {words.share.turnOff}
              </Button>
            </>
          ) : null}
          <FormProblem error={sharing.error ?? ending.error} />
        </div>
      ) : null}
    </Dialog>
  );
}

function Made({ share }: { share: MadeShare }) {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  // Where this page was reached is where whoever is given the link reaches it.
  const link = `${location.origin}${new URL(share.share_url).pathname}`;
  return (
    <div className="row items-end rounded-md bg-good-wash p-3">
      <div className="min-w-0 grow">
        <Field label={words.share.link}>
          {(given) => (
            <Input
              readOnly
              value={link}
              className="font-mono text-12"
              onFocus={(event) => event.target.select()}
              {...given}
            />
          )}
        </Field>
      </div>
      <Button
        look="do"
        onClick={async () => {
          await navigator.clipboard.writeText(link);
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        }}
      >
        {isCopied ? <Check className="size-4" /> : <Copy className="size-4" />}
        {words.copy}
      </Button>
    </div>
  );
}
