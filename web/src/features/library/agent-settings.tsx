import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { agentSettingsQuery, storageQuery } from "@/features/library/queries";
import { api } from "@/shared/api/client";
import type { GraphSettingsBody, GraphSettingsChange } from "@/shared/api/schema";
import { bytes, number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Field, Input, Switch, Textarea } from "@/shared/ui/field";
import { FormProblem, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

/** How the runs of an agent are held back, and what all runs keep. */
export function AgentSettings({ agentId }: { agentId: string }) {
  const words = useWords();
  const settings = useQuery(agentSettingsQuery(agentId));
  if (settings.isPending) return <Skeletons />;
  if (settings.isError) return <Problem error={settings.error} onRetry={() => settings.refetch()} />;
  return (
    <div className="stack max-w-2xl gap-5">
      <Section title={words.library.safety}>
        <Safety agentId={agentId} settings={settings.data} />
      </Section>
      <Section title={words.library.limits}>
        <Limits agentId={agentId} settings={settings.data} />
      </Section>
      <Section title={words.library.storage}>
        <Storage />
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="card p-5">
      <h2 id={id} className="mb-3 text-16">
        {title}
      </h2>
      {children}
    </section>
  );
}

function useChange(agentId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: GraphSettingsChange) =>
      api("PATCH /api/v1/graphs/{graph_id}/settings", { path: { graph_id: agentId }, body }),
    onSuccess: (settings) => client.setQueryData(agentSettingsQuery(agentId).queryKey, settings),
  });
}

function Safety({ agentId, settings }: { agentId: string; settings: GraphSettingsBody }) {
  const words = useWords();
  const changing = useChange(agentId);
  const switches = [
    ["human_in_the_loop_safe_mode", words.library.asksReviews, words.library.asksReviewsText],
    ["sensitive_action_safe_mode", words.library.asksSensitive, words.library.asksSensitiveText],
  ] as const;
  return (
    <ul className="stack gap-4">
      {switches.map(([name, label, text]) => (
        <li key={name} className="flex items-start justify-between gap-4">
          <span>
            <span className="font-medium">{label}</span>
            <br />
            <span className="text-13 text-dim">{text}</span>
          </span>
          <Switch
            label={label}
            isOn={settings[name]}
            disabled={changing.isPending}
            onChange={(isOn) => changing.mutate({ [name]: isOn }, { onError: tellError })}
          />
        </li>
      ))}
    </ul>
  );
}

function Limits({ agentId, settings }: { agentId: string; settings: GraphSettingsBody }) {
  const words = useWords();
  const changing = useChange(agentId);
  const [most, setMost] = useState(settings.max_runs === null ? "" : String(settings.max_runs));
  const [hosts, setHosts] = useState(settings.egress_hosts?.join("\n") ?? "");
  return (
    <form
      className="stack gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        const named = hosts.split(/\s+/).filter(Boolean);
        changing.mutate(
          { max_runs: most === "" ? null : Number(most), egress_hosts: named.length > 0 ? named : null },
          { onSuccess: () => tell(words.library.settingsKept) },
        );
      }}
    >
      <Field label={words.library.maxRuns} hint={words.library.maxRunsText}>
        {(field) => (
          <Input
            type="number"
            min={1}
            className="max-w-32"
            value={most}
            onChange={(event) => setMost(event.target.value)}
            {...field}
          />
        )}
      </Field>
      <Field label={words.library.hosts} hint={words.library.hostsText}>
        {(field) => (
          <Textarea
            rows={3}
            className="font-mono text-13"
            spellCheck={false}
            value={hosts}
            onChange={(event) => setHosts(event.target.value)}
            {...field}
          />
        )}
      </Field>
      <FormProblem error={changing.error} />
      <div>
        <Button type="submit" isBusy={changing.isPending}>
          {words.save}
        </Button>
      </div>
    </form>
  );
}

/** What runs and files keep: of all agents, as that is what limits are set for. */
function Storage() {
  const words = useWords();
  const storage = useQuery(storageQuery);
  if (storage.isPending) return <Skeletons count={1} className="h-12" />;
  if (storage.isError) return <Problem error={storage.error} onRetry={() => storage.refetch()} />;
  const { data } = storage;
  return (
    <ul className="stack gap-4">
      <Used
        label={words.library.keptByRuns(number(data.runs))}
        used={data.stored_bytes}
        most={data.max_bytes}
      />
      <Used
        label={words.library.keptByFiles(number(data.files))}
        used={data.file_bytes}
        most={data.max_file_bytes}
      />
    </ul>
  );
}

function Used({ label, used, most }: { label: string; used: number; most: number | null }) {
  const words = useWords();
  return (
    <li>
      <div className="flex justify-between gap-4">
        <span>{label}</span>
        <span className="text-dim">
          {most === null ? bytes(used) : words.library.usedOf(bytes(used), bytes(most))}
        </span>
      </div>
      {most === null ? null : (
        <meter
          className="mt-1.5 w-full"
          aria-label={label}
          min={0}
          max={most}
          high={most * 0.9}
          value={used}
        />
      )}
    </li>
  );
}
