import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, MoreHorizontal, Pencil, Play, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { PresetDialog } from "@/features/library/preset-dialog";
import { presetsQuery } from "@/features/library/queries";
import type { Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { PresetAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Menu } from "@/shared/ui/menu";
import { Empty, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";
import { textOfValue } from "@/shared/value/kinds";

const SHOWN_CHARACTERS = 80;

/** What an agent is run with, again and again. */
export function Presets({ agentId }: { agentId: string }) {
  const words = useWords();
  const presets = useQuery(presetsQuery(agentId));
  const [edited, setEdited] = useState<PresetAnswer | "new" | null>(null);
  const [deleted, setDeleted] = useState<PresetAnswer | null>(null);
  const all = presets.data?.filter((one) => one.trigger === null) ?? [];
  const add = (
    <Button look={all.length === 0 ? "do" : "plain"} onClick={() => setEdited("new")}>
      <Plus className="size-4" />
      {words.presets.add}
    </Button>
  );
  return (
    <section aria-label={words.library.tabs.presets}>
      {presets.isPending ? <Skeletons /> : null}
      {presets.isError ? <Problem error={presets.error} onRetry={() => presets.refetch()} /> : null}
      {presets.isSuccess && all.length === 0 ? (
        <Empty icon={<Bookmark />} title={words.presets.noneYet} text={words.presets.noneYetText}>
          {add}
        </Empty>
      ) : null}
      {all.length > 0 ? (
        <>
          <div className="mb-3 flex justify-end">{add}</div>
          <ul className="stack gap-3">
            {all.map((preset) => (
              <Row
                key={preset.id}
                preset={preset}
                onEdit={() => setEdited(preset)}
                onDelete={() => setDeleted(preset)}
              />
            ))}
          </ul>
        </>
      ) : null}
      {edited ? (
        <PresetDialog
          agentId={agentId}
          preset={edited === "new" ? undefined : edited}
          onClose={() => setEdited(null)}
        />
      ) : null}
      {deleted ? <PresetDeletion preset={deleted} onClose={() => setDeleted(null)} /> : null}
    </section>
  );
}

function Row({
  preset,
  onEdit,
  onDelete,
}: {
  preset: PresetAnswer;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const starting = useMutation({
    mutationFn: () =>
      api("POST /api/v1/presets/{preset_id}/execute", {
        path: { preset_id: preset.id },
        body: {},
        headers: { "idempotency-key": crypto.randomUUID() },
      }),
    onSuccess: (run) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      navigate({ to: "/runs/$runId", params: { runId: run.id } });
    },
    onError: tellError,
  });
  const inputs = Object.entries(preset.inputs);
  return (
    <li className="card flex items-start gap-4 p-4">
      <div className="min-w-0 grow">
        <h2 className="text-14">{preset.name}</h2>
        {preset.description ? <p className="text-dim">{preset.description}</p> : null}
        {inputs.length > 0 ? (
          <dl className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-13">
            {inputs.map(([name, value]) => (
              <div key={name} className="flex max-w-full gap-1.5">
                <dt className="text-dim">{name}</dt>
                <dd className="truncate font-mono text-12 leading-5">{shown(value as Json)}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <p className="text-13 text-dim">{words.presets.noInputs}</p>
        )}
        {preset.version === null ? null : (
          <p className="text-13 text-dim">{words.library.version(preset.version)}</p>
        )}
      </div>
      <div className="row shrink-0">
        <Button
          small
          aria-label={words.runs.runNamed(preset.name)}
          isBusy={starting.isPending}
          onClick={() => starting.mutate()}
        >
          <Play className="size-4" />
          {words.runs.run}
        </Button>
        <Menu
          label={words.library.moreOf(preset.name)}
          trigger={<MoreHorizontal />}
          items={[
            { label: words.presets.change, icon: <Pencil />, onSelect: onEdit },
            "line",
            { label: words.presets.delete, icon: <Trash2 />, isDanger: true, onSelect: onDelete },
          ]}
        />
      </div>
    </li>
  );
}

function shown(value: Json): string {
  const text = textOfValue(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)} …` : text;
}

export function PresetDeletion({ preset, onClose }: { preset: PresetAnswer; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => api("DELETE /api/v1/presets/{preset_id}", { path: { preset_id: preset.id } }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: presetsQuery(preset.graph_id).queryKey });
      client.invalidateQueries({ queryKey: ["agents", "library"] });
      tell(words.library.deleted(preset.name));
      onClose();
    },
    onError: tellError,
  });
  return (
    <Confirm
      title={words.library.deleteNamed(preset.name)}
      text={preset.trigger ? words.triggers.deleteText : words.presets.deleteText}
      act={words.library.delete}
      isBusy={deleting.isPending}
      onDo={() => deleting.mutate()}
      onClose={onClose}
    />
  );
}
