import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Columns2, MoreHorizontal, Pencil, RotateCcw, Share2, Square, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { api } from "@/shared/api/client";
import type { RunAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Menu } from "@/shared/ui/menu";
import { tell, tellError } from "@/shared/ui/toast";

const RunDialog = lazy(() =>
  import("@/features/runs/run-dialog").then((module) => ({ default: module.RunDialog })),
);
const ShareDialog = lazy(() =>
  import("@/features/runs/share-dialog").then((module) => ({ default: module.ShareDialog })),
);
const CompareWith = lazy(() =>
  import("@/features/runs/compare-with").then((module) => ({ default: module.CompareWith })),
);

/** What can be done with a run. */
export function RunActions({ run, isOver }: { run: RunAnswer; isOver: boolean }) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [asked, setAsked] = useState<"again" | "share" | "compare" | "delete" | null>(null);
  const close = () => setAsked(null);
  const cancelling = useMutation({
    mutationFn: () => api("POST /api/v1/runs/{run_id}/cancel", { path: { run_id: run.id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
    onError: tellError,
  });
  const deleting = useMutation({
    mutationFn: () => api("DELETE /api/v1/runs/{run_id}", { path: { run_id: run.id } }),
    onSuccess: async () => {
      await navigate({ to: "/runs" });
      client.invalidateQueries({ queryKey: ["runs"] });
      tell(words.runs.deleted);
    },
    onError: tellError,
  });
  return (
    <>
      {isOver ? (
        <Button look="do" onClick={() => setAsked("again")}>
          <RotateCcw className="size-4" />
          {words.runs.again}
        </Button>
      ) : (
        <Button look="danger" onClick={() => cancelling.mutate()} isBusy={cancelling.isPending}>
          <Square className="size-3.5 fill-current" />
          {words.runs.stop}
        </Button>
      )}
      <Button onClick={() => setAsked("share")}>
        <Share2 className="size-4" />
        {words.share.share}
      </Button>
      <Link
        to="/build/$agentId"
        params={{ agentId: run.graph_id }}
        search={{ version: run.graph_version, run: run.id }}
        className={buttonClass()}
      >
        <Pencil className="size-4" />
        <span className="max-sm:sr-only">{words.runs.onGraph}</span>
      </Link>
      <Menu
        label={words.more}
        trigger={<MoreHorizontal />}
        items={[
          { label: words.compare.with, icon: <Columns2 />, onSelect: () => setAsked("compare") },
          ...(isOver
            ? [
                "line" as const,
                {
                  label: words.runs.delete,
                  icon: <Trash2 />,
                  isDanger: true,
                  onSelect: () => setAsked("delete"),
                },
              ]
            : []),
        ]}
      />
      <Suspense>
        {asked === "again" ? (
          <RunDialog agentId={run.graph_id} version={run.graph_version} given={run.inputs} onClose={close} />
        ) : null}
        {asked === "share" ? <ShareDialog run={run} onClose={close} /> : null}
        {asked === "compare" ? <CompareWith run={run} onClose={close} /> : null}
      </Suspense>
      {asked === "delete" ? (
        <Confirm
          title={words.runs.delete}
          text={words.runs.deleteText}
          act={words.runs.delete}
          isBusy={deleting.isPending}
          onDo={() => deleting.mutate()}
          onClose={close}
        />
      ) : null}
    </>
  );
}
