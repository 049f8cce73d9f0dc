import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  Check,
  Copy,
  KeyRound,
  MoreHorizontal,
  Pencil,
  Plus,
  Radio,
  RefreshCw,
  RotateCcw,
  Trash2,
} from "lucide-react";
import { useState } from "react";
import { useProviderNames } from "@/features/connections/queries";
import { PresetDeletion } from "@/features/library/agent-presets";
import { PresetDialog } from "@/features/library/preset-dialog";
import { deliveriesQuery, presetsQuery, triggersQuery } from "@/features/library/queries";
import { api } from "@/shared/api/client";
import type { DeliveryAnswer, PresetAnswer, WebhookAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Switch } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { Ago, Empty, Problem, ShowMore, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

/** What starts an agent besides its person: presets that listen. */
export function Triggers({ agentId }: { agentId: string }) {
  const words = useWords();
  const presets = useQuery(presetsQuery(agentId));
  const triggers = useQuery(triggersQuery(agentId));
  const [edited, setEdited] = useState<PresetAnswer | "new" | null>(null);
  const [deleted, setDeleted] = useState<PresetAnswer | null>(null);
  const all = presets.data?.filter((one) => one.trigger !== null) ?? [];
  const failed = presets.error ?? triggers.error;
  if (failed)
    return (
      <Problem
        error={failed}
        onRetry={() => {
          presets.refetch();
          triggers.refetch();
        }}
      />
    );
  if (presets.isPending || triggers.isPending) return <Skeletons />;
  const canListen = triggers.data !== undefined && triggers.data.length > 0;
  const add = canListen ? (
    <Button look={all.length === 0 ? "do" : "plain"} onClick={() => setEdited("new")}>
      <Plus className="size-4" />
      {words.triggers.add}
    </Button>
  ) : null;
  return (
    <section aria-label={words.library.tabs.triggers}>
      {all.length === 0 && canListen ? (
        <Empty icon={<Radio />} title={words.triggers.noneYet} text={words.triggers.noneYetText}>
          {add}
        </Empty>
      ) : null}
      {all.length === 0 && !canListen ? (
        <Empty icon={<Radio />} title={words.triggers.noBlock} text={words.triggers.noBlockText}>
          <Link to="/build/$agentId" params={{ agentId }} className={buttonClass("do")}>
            <Pencil className="size-4" />
            {words.library.edit}
          </Link>
        </Empty>
      ) : null}
      {all.length > 0 ? (
        <>
          <div className="mb-3 flex justify-end">{add}</div>
          <ul className="stack gap-4">
            {all.map((preset) => (
              <TriggerCard
                key={preset.id}
                preset={preset}
                onEdit={canListen ? () => setEdited(preset) : null}
                onDelete={() => setDeleted(preset)}
              />
            ))}
          </ul>
        </>
      ) : null}
      {edited && canListen ? (
        <PresetDialog
          agentId={agentId}
          preset={edited === "new" ? undefined : edited}
          triggers={triggers.data}
          onClose={() => setEdited(null)}
        />
      ) : null}
      {deleted ? <PresetDeletion preset={deleted} onClose={() => setDeleted(null)} /> : null}
    </section>
  );
}

function TriggerCard({
  preset,
  onEdit,
  onDelete,
}: {
  preset: PresetAnswer;
  onEdit: (() => void) | null;
  onDelete: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const switching = useMutation({
    mutationFn: (isActive: boolean) =>
      api("PATCH /api/v1/presets/{preset_id}", {
        path: { preset_id: preset.id },
        body: { is_active: isActive },
      }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: presetsQuery(preset.graph_id).queryKey });
      client.invalidateQueries({ queryKey: ["agents", "library"] });
    },
    onError: tellError,
  });
  return (
    <li className="card p-4">
      <div className="flex items-start gap-4">
        <div className="min-w-0 grow [overflow-wrap:anywhere]">
          <h2 className="text-14">{preset.name}</h2>
          {preset.description ? <p className="text-dim">{preset.description}</p> : null}
        </div>
        <div className="row shrink-0">
          <span className="text-13 text-dim">
            {preset.is_active ? words.triggers.on : words.triggers.off}
          </span>
          <Switch
            label={words.triggers.startsRuns(preset.name)}
            isOn={preset.is_active}
            disabled={switching.isPending}
            onChange={(isOn) => switching.mutate(isOn)}
          />
          <Menu
            label={words.library.moreOf(preset.name)}
            trigger={<MoreHorizontal />}
            items={[
              ...(onEdit ? [{ label: words.triggers.change, icon: <Pencil />, onSelect: onEdit }] : []),
              { label: words.triggers.delete, icon: <Trash2 />, isDanger: true, onSelect: onDelete },
            ]}
          />
        </div>
      </div>
      {preset.webhook ? <Webhook webhook={preset.webhook} graphId={preset.graph_id} /> : null}
      <details className="mt-3" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="w-fit font-medium text-13 text-dim hover:text-ink">{words.triggers.came}</summary>
        {isOpen ? <Deliveries presetId={preset.id} /> : null}
      </details>
    </li>
  );
}

const HEALTH: Record<WebhookAnswer["state"], string> = {
  active: "bg-good-wash text-good",
  waiting: "bg-sunken text-dim",
  pending: "bg-wait-wash text-wait",
  failed: "bg-bad-wash text-bad",
  removing: "bg-sunken text-dim",
};

/** Where others send to, and how that is. */
function Webhook({ webhook, graphId }: { webhook: WebhookAnswer; graphId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const [isCopied, setCopied] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const checking = useMutation({
    mutationFn: () => api("POST /api/v1/webhooks/{webhook_id}/check", { path: { webhook_id: webhook.id } }),
    onSuccess: (found) => {
      client.invalidateQueries({ queryKey: presetsQuery(graphId).queryKey });
      tell(words.triggers.health[found.state]);
    },
    onError: tellError,
  });
  // Anybody's request is from no service.
  const service = useProviderNames(
    webhook.provider === "generic_webhook" ? [] : [webhook.provider],
    words.connections.others,
  );
  const showing = useMutation({
    mutationFn: () => api("POST /api/v1/webhooks/{webhook_id}/secret", { path: { webhook_id: webhook.id } }),
    onSuccess: (found) => setSecret(found.secret),
    onError: tellError,
  });
  return (
    <div className="mt-3 stack gap-2">
      <div className="row min-w-0 rounded-md bg-sunken py-1 pr-1 pl-3">
        <code className="min-w-0 grow truncate font-mono text-12">{webhook.url}</code>
        <IconButton
          label={words.triggers.copyAddress}
          onClick={async () => {
            await navigator.clipboard.writeText(webhook.url);
            setCopied(true);
            setTimeout(() => setCopied(false), 2_000);
          }}
        >
          {isCopied ? <Check /> : <Copy />}
        </IconButton>
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13 text-dim">
        <span className={`rounded-full px-2.5 py-0.5 font-medium text-12 ${HEALTH[webhook.state]}`}>
          {words.triggers.health[webhook.state]}
        </span>
        <span>{[service, webhook.resource, ...webhook.events].filter(Boolean).join(" · ")}</span>
        {webhook.last_delivery_at ? (
          <span>
            {words.triggers.lastCame} <Ago at={webhook.last_delivery_at} />
          </span>
        ) : null}
        {webhook.refused > 0 ? (
          <span className="text-wait" title={webhook.last_refused_for ?? undefined}>
            {words.triggers.refused(webhook.refused)}
          </span>
        ) : null}
        <span className="grow" />
        {webhook.is_automatic ? (
          <Button small look="quiet" isBusy={checking.isPending} onClick={() => checking.mutate()}>
            <RefreshCw className="size-4" />
            {words.triggers.check}
          </Button>
        ) : (
          <Button small look="quiet" isBusy={showing.isPending} onClick={() => showing.mutate()}>
            <KeyRound className="size-4" />
            {words.triggers.showSecret}
          </Button>
        )}
      </div>
      {webhook.message ? <p className="text-13 text-bad">{webhook.message}</p> : null}
      {webhook.guide ? <p className="text-13 text-dim">{webhook.guide}</p> : null}
      {secret === null ? null : (
        <Dialog
          title={words.triggers.secret}
          about={words.triggers.secretShown}
          onClose={() => setSecret(null)}
        >
          <code className="block break-all rounded-md bg-sunken p-3 font-mono text-13">{secret}</code>
        </Dialog>
      )}
    </div>
  );
}

/** What came, what became of it, and once more. */
function Deliveries({ presetId }: { presetId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const deliveries = useInfiniteQuery(deliveriesQuery(presetId));
  const replaying = useMutation({
    mutationFn: (id: string) =>
      api("POST /api/v1/deliveries/{delivery_id}/replay", { path: { delivery_id: id } }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["deliveries", presetId] });
      tell(words.triggers.replayed);
    },
    onError: tellError,
  });
  if (deliveries.isPending) return <Skeletons count={2} className="mt-2 h-9" />;
  if (deliveries.isError) return <Problem error={deliveries.error} onRetry={() => deliveries.refetch()} />;
  const all = deliveries.data.pages.flatMap((page) => page.deliveries);
  if (all.length === 0) return <p className="mt-2 text-13 text-dim">{words.triggers.nothingCame}</p>;
  return (
    <>
      <ul className="mt-2 divide-y rounded-md border">
        {all.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 text-13">
            <span className="w-32 text-dim">
              <Ago at={one.received_at} />
            </span>
            <span className="font-mono text-12">{one.event}</span>
            <span className="min-w-0 grow basis-40">
              <Became delivery={one} presetId={presetId} />
            </span>
            <IconButton
              label={words.triggers.replay}
              disabled={replaying.isPending}
              onClick={() => replaying.mutate(one.id)}
            >
              <RotateCcw />
            </IconButton>
          </li>
        ))}
      </ul>
      <ShowMore of={deliveries} small />
    </>
  );
}

function Became({ delivery, presetId }: { delivery: DeliveryAnswer; presetId: string }) {
  const words = useWords();
  const start = delivery.starts.find((one) => one.preset_id === presetId);
  if (!start) return null;
  const said = words.triggers.became[start.status];
  if (start.run_id)
    return (
      <Link
        to="/runs/$runId"
        params={{ runId: start.run_id }}
        className="text-accent underline underline-offset-2"
      >
        {said}
      </Link>
    );
  return (
    <span className={start.status === "failed" ? "text-bad" : "text-dim"}>
      {said}
      {start.message ? `: ${start.message}` : ""}
    </span>
  );
}
