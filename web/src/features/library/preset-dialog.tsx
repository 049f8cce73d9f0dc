import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { AgentFields, type Filled, useAgentForm } from "@/features/library/agent-form";
import { presetsQuery, versionsQuery } from "@/features/library/queries";
import { TriggerFields, type TriggerGiven, useTriggerForm } from "@/features/library/trigger-fields";
import type { Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { PresetAnswer, TriggerAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Input, Select, Textarea } from "@/shared/ui/field";
import { FormProblem } from "@/shared/ui/state";
import { tell } from "@/shared/ui/toast";

/** Make a preset, or change one; with a trigger it listens. */
export function PresetDialog({
  agentId,
  preset,
  given,
  triggers,
  onClose,
}: {
  agentId: string;
  preset?: PresetAnswer | undefined;
  given?: (Filled & { version: number | undefined }) | undefined;
  /** What can start the agent; left out for a preset that is run by a word. */
  triggers?: TriggerAnswer[] | undefined;
  onClose: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const { data: versions } = useQuery(versionsQuery(agentId));
  const [name, setName] = useState(preset?.name ?? "");
  const [description, setDescription] = useState(preset?.description ?? "");
  const [version, setVersion] = useState<number | undefined>(preset?.version ?? given?.version);
  const form = useAgentForm(agentId, version, {
    inputs: (preset?.inputs as Record<string, Json> | undefined) ?? given?.inputs ?? {},
    credentials: preset?.credentials ?? given?.credentials ?? {},
  });
  const listens = useTriggerForm(triggers, preset?.trigger as TriggerGiven | null | undefined);
  const trigger = listens.trigger;
  const saving = useMutation({
    mutationFn: () => {
      const body = {
        name,
        description,
        version: version ?? null,
        ...form.filled(),
        ...(trigger ? { trigger: listens.body() } : {}),
      };
      return preset
        ? api("PATCH /api/v1/presets/{preset_id}", { path: { preset_id: preset.id }, body })
        : api("POST /api/v1/presets", { body: { ...body, graph_id: agentId } });
    },
    onSuccess: (made) => {
      client.invalidateQueries({ queryKey: presetsQuery(agentId).queryKey });
      client.invalidateQueries({ queryKey: ["agents", "library"] });
      tell(words.presets.kept(made.name));
      onClose();
    },
  });
  const touched = () => saving.isError && saving.reset();
  const title = trigger
    ? preset
      ? words.triggers.change
      : words.triggers.add
    : preset
      ? words.presets.change
      : words.presets.add;
  return (
    <Dialog
      title={title}
      about={trigger ? words.triggers.about : words.presets.about}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" type="submit" form="preset-form" isBusy={saving.isPending}>
            {words.save}
          </Button>
        </>
      }
    >
      <form
        id="preset-form"
        className="stack gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Field label={words.presets.name} isRequired>
          {(field) => (
            <Input
              value={name}
              required
              maxLength={200}
              onChange={(event) => setName(event.target.value)}
              {...field}
            />
          )}
        </Field>
        <Field label={words.presets.description}>
          {(field) => (
            <Textarea
              rows={2}
              value={description}
              maxLength={5000}
              onChange={(event) => setDescription(event.target.value)}
              {...field}
            />
          )}
        </Field>
        <Field label={words.library.versions}>
          {(field) => (
            <Select
              value={version ?? ""}
              onChange={(event) => setVersion(Number(event.target.value) || undefined)}
              {...field}
            >
              <option value="">{words.presets.activeVersion}</option>
              {versions?.map((one) => (
                <option key={one.version} value={one.version}>
                  {words.library.version(one.version)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {trigger ? (
          <TriggerFields
            form={listens}
            trigger={trigger}
            triggers={triggers ?? []}
            error={saving.error}
            onTouched={touched}
          />
        ) : null}
        <AgentFields form={form} error={saving.error} onTouched={touched} mayBeIncomplete={!trigger} />
        <FormProblem error={saving.error} />
      </form>
    </Dialog>
  );
}
