import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Play, SquarePen, StepForward } from "lucide-react";
import { type FormEvent, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { useKeys } from "@/features/builder/keys";
import { useBuilder } from "@/features/builder/store";
import type { Graph, GraphNode, Json, Schema } from "@/graph-core/model";
import type { Overlay } from "@/graph-core/overlay";
import { inputPins, isCredential } from "@/graph-core/schemas";
import { ApiError, api } from "@/shared/api/client";
import type { BreakItem } from "@/shared/api/schema";
import { SchemaForm } from "@/shared/form/schema-form";
import { listed } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { FormProblem, Kbd } from "@/shared/ui/state";
import { tellError } from "@/shared/ui/toast";
import { textOfValue } from "@/shared/value/kinds";

const LOOKS_INSIDE_EVERY_MS = 800;

/** What waits at breakpoints in a run, and in the runs inside it. */
function useBreaks(runId: string, overlay: Overlay): BreakItem[] {
  const waiting = [...overlay.byNode.values()].filter((step) => step.state === "waiting");
  const isPaused = waiting.some((step) => step.wait === "breakpoint");
  const isInside = waiting.some((step) => step.wait === "child");
  const isOver = overlay.endedAt !== null;
  const found = useQuery({
    queryKey: ["runs", runId, "breaks", overlay.seq],
    queryFn: () => api("GET /api/v1/runs/{run_id}", { path: { run_id: runId } }),
    enabled: !isOver && (isPaused || isInside),
    refetchInterval: isInside ? LOOKS_INSIDE_EVERY_MS : false,
    placeholderData: (before) => before,
  });
  return isOver || !(isPaused || isInside) ? [] : (found.data?.breaks ?? []);
}

/** The run waits at breakpoints: go on, go one node on, or go on with other values. */
export function Paused({ runId, overlay, graph }: { runId: string; overlay: Overlay; graph: Graph }) {
  const words = useWords();
  const client = useQueryClient();
  const specs = useBuilder((builder) => builder.specs);
  const [editing, setEditing] = useState<BreakItem | null>(null);
  const breaks = useBreaks(runId, overlay);
  const going = useMutation({
    mutationFn: (step: boolean) =>
      api("POST /api/v1/runs/{run_id}/continue", { path: { run_id: runId }, body: { step } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs", runId] }),
    onError: tellError,
  });
  const act = (step: boolean) => breaks.length > 0 && !going.isPending && going.mutate(step);
  useKeys(breaks.length > 0 ? { f8: () => act(false), f10: () => act(true) } : {});
  if (breaks.length === 0) return null;
  const nodes = new Map(
    [graph, ...(graph.sub_graphs ?? [])].flatMap((one) => one.nodes.map((n) => [n.id, n])),
  );
  const name = (node: string) => {
    const found = nodes.get(node);
    return found ? titleOf(found, specs.get(found.block_id)) : node;
  };
  return (
    <div className="border-t bg-bad-wash">
      <div role="status" className="row flex-wrap gap-2 px-3 py-2">
        <b className="min-w-0 grow truncate font-medium text-13">
          {words.debug.pausedAt(listed(breaks.map((one) => name(one.node))))}
        </b>
        <Button small look="do" isBusy={going.isPending} onClick={() => act(false)}>
          <Play className="size-3.5" />
          {words.debug.goOn}
          <span className="max-md:hidden">
            <Kbd>F8</Kbd>
          </span>
        </Button>
        <Button small isBusy={going.isPending} onClick={() => act(true)} title={words.debug.stepText}>
          <StepForward className="size-3.5" />
          {words.debug.step}
          <span className="max-md:hidden">
            <Kbd>F10</Kbd>
          </span>
        </Button>
      </div>
      <ul className="max-h-28 divide-y overflow-y-auto border-t bg-paper">
        {breaks.map((one) => (
          <li key={one.id} className="row py-1 pr-2 pl-3">
            <span className="shrink-0 text-13">{name(one.node)}</span>
            <code className="min-w-0 grow truncate text-12 text-dim">{textOfValue(one.inputs, 0)}</code>
            <Button small look="quiet" onClick={() => setEditing(one)}>
              <SquarePen className="size-3.5" />
              {words.debug.editInputs}
            </Button>
          </li>
        ))}
      </ul>
      {editing ? (
        <EditInputs
          runId={runId}
          found={editing}
          node={nodes.get(editing.node)}
          title={words.debug.editTitle(name(editing.node))}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </div>
  );
}

/** Change what a node is about to get, and let it go on. */
function EditInputs({
  runId,
  found,
  node,
  title,
  onClose,
}: {
  runId: string;
  found: BreakItem;
  node: GraphNode | undefined;
  title: string;
  onClose: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const specs = useBuilder((builder) => builder.specs);
  const [values, setValues] = useState<Record<string, Json>>(found.inputs);
  const spec = node && specs.get(node.block_id);
  const pins: Record<string, Schema> = node && spec ? inputPins(node, spec) : {};
  const schema: Schema = { type: "object", ...spec?.input_schema, properties: pins };
  const sending = useMutation({
    mutationFn: (step: boolean) =>
      api("POST /api/v1/runs/{run_id}/continue", {
        path: { run_id: runId },
        body: { break_id: found.id, step, inputs: changed(found.inputs, values) },
      }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["runs", runId] });
      onClose();
    },
  });
  const fields = sending.error instanceof ApiError ? sending.error.fields : {};
  const errors = Object.fromEntries(
    Object.entries(fields).map(([field, message]) => [field.replace(/^inputs\./, ""), message]),
  );
  return (
    <Dialog
      title={title}
      about={words.debug.editText}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button isBusy={sending.isPending} onClick={() => sending.mutate(true)}>
            <StepForward className="size-4" />
            {words.debug.step}
          </Button>
          <Button look="do" type="submit" form="break-form" isBusy={sending.isPending}>
            <Play className="size-4" />
            {words.debug.goOn}
          </Button>
        </>
      }
    >
      <form
        id="break-form"
        className="stack gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          sending.mutate(false);
        }}
      >
        <SchemaForm
          schema={schema}
          values={values}
          errors={errors}
          hidden={(_, one) => isCredential(one)}
          onChange={(name, value) => setValues({ ...values, [name]: value })}
        />
        <FormProblem error={sending.error} />
      </form>
    </Dialog>
  );
}

/** The values that are others; one that was emptied is null. */
function changed(before: Record<string, Json>, after: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(after)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]))
      .map(([name, value]) => [name, value ?? null]),
  );
}
