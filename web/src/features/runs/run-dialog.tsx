import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { BookmarkPlus, FlaskConical, Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { AgentFields, useAgentForm } from "@/features/library/agent-form";
import { PresetDialog } from "@/features/library/preset-dialog";
import { presetsQuery, triggersQuery } from "@/features/library/queries";
import { TriggerChoice } from "@/features/library/trigger-fields";
import { type Graph, isObject, type Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { ExecuteRequest, RunAnswer } from "@/shared/api/schema";
import { Widget } from "@/shared/form/schema-form";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Select } from "@/shared/ui/field";
import { FormProblem } from "@/shared/ui/state";

/** Ask what an agent needs, and start it; presets fill the form, and what was filled in can be kept as one. */
export function RunDialog({
  agentId,
  version,
  given = {},
  told = {},
  onStarted,
  onClose,
}: {
  agentId: string;
  version?: number;
  given?: Record<string, Json>;
  /** Where it ends early, what is pinned, where it waits. */
  told?: Pick<ExecuteRequest, "until" | "pinned" | "breakpoints">;
  onStarted?: (run: RunAnswer) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const form = useAgentForm(agentId, version, { inputs: given });
  const triggers = useQuery(triggersQuery(agentId)).data ?? [];
  const [chosen, setChosen] = useState<string>();
  const cameTo = chosen ?? triggers[0]?.node;
  const [payload, setPayload] = useState<Json>({});
  const [isKeeping, setKeeping] = useState(false);
  const starting = useMutation({
    mutationFn: (dryRun: boolean) => {
      const { inputs, credentials } = form.filled();
      return api("POST /api/v1/graphs/{graph_id}/execute", {
        path: { graph_id: agentId },
        body: {
          inputs,
          credentials_inputs: credentials,
          ...(version === undefined ? {} : { version }),
          ...(cameTo ? { payload: isObject(payload) ? payload : {} } : {}),
          ...(triggers.length > 1 && cameTo ? { trigger: cameTo } : {}),
          ...(dryRun ? { dry_run: true } : {}),
          ...told,
        },
        headers: { "idempotency-key": crypto.randomUUID() },
      });
    },
    onSuccess: async (run) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      client.invalidateQueries({ queryKey: ["agents", "library"] });
      onClose();
      if (onStarted) onStarted(run);
      else await navigate({ to: "/runs/$runId", params: { runId: run.id } });
    },
  });
  const isReady = Boolean(form.agent.data);
  if (isKeeping)
    return (
      <PresetDialog
        agentId={agentId}
        given={{ ...form.filled(), version }}
        onClose={() => setKeeping(false)}
      />
    );
  return (
    <Dialog
      title={form.agent.data?.name || words.runs.run}
      about={form.agent.data?.description}
      onClose={onClose}
      footer={
        <>
          <Button look="quiet" className="mr-auto" disabled={!isReady} onClick={() => setKeeping(true)}>
            <BookmarkPlus className="size-4" />
            {words.presets.keep}
          </Button>
          <Button
            title={words.runs.dryRunText}
            isBusy={starting.isPending}
            disabled={!isReady}
            onClick={() => starting.mutate(true)}
          >
            <FlaskConical className="size-4" />
            {words.runs.dryRun}
          </Button>
          <Button look="do" type="submit" form="run-form" isBusy={starting.isPending} disabled={!isReady}>
            <Play className="size-4" />
            {words.runs.run}
          </Button>
        </>
      }
    >
      <form
        id="run-form"
        className="stack gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          starting.mutate(false);
        }}
      >
        <Told told={told} agent={form.agent.data?.graph as unknown as Graph | undefined} />
        <PresetChoice agentId={agentId} onChoose={form.fill} />
        <AgentFields
          form={form}
          error={starting.error}
          onTouched={() => starting.isError && starting.reset()}
        />
        <TriggerChoice triggers={triggers} value={cameTo} onChoose={setChosen} />
        {cameTo ? (
          <Field label={words.presets.payload} hint={words.presets.payloadText}>
            {(field) => (
              <Widget schema={{ type: "object" }} value={payload} onChange={setPayload} given={field} />
            )}
          </Field>
        ) : null}
        <FormProblem error={starting.error} />
      </form>
    </Dialog>
  );
}

/** What is otherwise in this run than in one from elsewhere. */
function Told({
  told,
  agent,
}: {
  told: Pick<ExecuteRequest, "until" | "pinned" | "breakpoints">;
  agent: Graph | undefined;
}) {
  const words = useWords();
  const name = (id: string) => {
    const node = agent?.nodes.find((one) => one.id === id);
    return node?.name ?? node?.constants?.title ?? node?.constants?.name ?? words.debug.theNode;
  };
  const pinned = Object.keys(told.pinned ?? {}).length;
  const breaks = told.breakpoints?.length ?? 0;
  const sentences = [
    told.until ? words.debug.runsTo(told.until.map(name).join(", ")) : "",
    pinned > 0 ? words.debug.pinnedCount(pinned) : "",
    breaks > 0 ? words.debug.breakCount(breaks) : "",
  ].filter(Boolean);
  if (sentences.length === 0) return null;
  return <p className="rounded-md bg-wash px-3 py-2 text-13">{sentences.join(" ")}</p>;
}

/** Presets of the agent, where it has any: one that is chosen fills the form. */
function PresetChoice({
  agentId,
  onChoose,
}: {
  agentId: string;
  onChoose: (filled: { inputs: Record<string, Json>; credentials: Record<string, string> }) => void;
}) {
  const words = useWords();
  const { data: presets = [] } = useQuery(presetsQuery(agentId));
  const [chosen, setChosen] = useState("");
  if (presets.length === 0) return null;
  return (
    <Field label={words.presets.one}>
      {(field) => (
        <Select
          value={chosen}
          onChange={(event) => {
            setChosen(event.target.value);
            const preset = presets.find((one) => one.id === event.target.value);
            if (preset)
              onChoose({
                inputs: preset.inputs as Record<string, Json>,
                credentials: preset.credentials,
              });
          }}
          {...field}
        >
          <option value="">{words.presets.none}</option>
          {presets.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
