import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FlaskConical, Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { agentQuery, needsQuery } from "@/features/library/queries";
import { coercerOf, misfit } from "@/graph-core/coerce";
import type { Graph, Json, Schema } from "@/graph-core/model";
import { ApiError, api } from "@/shared/api/client";
import type { ExecuteRequest, NeedAnswer, RunAnswer } from "@/shared/api/schema";
import { SchemaForm } from "@/shared/form/schema-form";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Select } from "@/shared/ui/field";
import { FormProblem, Problem, Skeletons } from "@/shared/ui/state";

/** Ask what an agent needs, and start it. */
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
  const agent = useQuery(agentQuery(agentId, version));
  const needs = useQuery(needsQuery(agentId, version));
  const [values, setValues] = useState<Record<string, Json>>(given);
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [touched, setTouched] = useState<Record<string, string>>({});
  const starting = useMutation({
    mutationFn: (dryRun: boolean) =>
      api("POST /api/v1/graphs/{graph_id}/execute", {
        path: { graph_id: agentId },
        body: {
          inputs: fitted(values, agent.data?.input_schema as Schema | undefined),
          credentials_inputs: Object.fromEntries(Object.entries(chosen).filter(([, id]) => id)),
          ...(version === undefined ? {} : { version }),
          ...(dryRun ? { dry_run: true } : {}),
          ...told,
        },
        headers: { "idempotency-key": crypto.randomUUID() },
      }),
    onSuccess: async (run) => {
      client.invalidateQueries({ queryKey: ["runs"] });
      onClose();
      if (onStarted) onStarted(run);
      else await navigate({ to: "/runs/$runId", params: { runId: run.id } });
    },
  });
  const schema = agent.data?.input_schema as Schema | undefined;
  const errors = { ...(starting.error instanceof ApiError ? starting.error.fields : {}), ...touched };
  const hasNothing =
    schema && Object.keys(schema.properties ?? {}).length === 0 && needs.data?.needs.length === 0;

  function change(name: string, value: Json) {
    setValues(({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }));
    const message = value === undefined ? null : misfit(schema?.properties?.[name] ?? {}, value);
    setTouched(({ [name]: _, ...rest }) => (message === null ? rest : { ...rest, [name]: message }));
    if (starting.isError) starting.reset();
  }

  return (
    <Dialog
      title={agent.data?.name || words.runs.run}
      about={agent.data?.description}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button
            title={words.runs.dryRunText}
            isBusy={starting.isPending}
            disabled={!agent.data}
            onClick={() => starting.mutate(true)}
          >
            <FlaskConical className="size-4" />
            {words.runs.dryRun}
          </Button>
          <Button look="do" type="submit" form="run-form" isBusy={starting.isPending} disabled={!agent.data}>
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
        <Told told={told} agent={agent.data?.graph as unknown as Graph | undefined} />
        {agent.isError ? <Problem error={agent.error} onRetry={() => agent.refetch()} /> : null}
        {agent.isPending ? <Skeletons count={2} className="h-14" /> : null}
        {needs.data?.needs.map((need) => (
          <Need
            key={need.name}
            need={need}
            value={chosen[need.name] ?? ""}
            onChange={(id) => setChosen({ ...chosen, [need.name]: id })}
          />
        ))}
        {schema ? <SchemaForm schema={schema} values={values} errors={errors} onChange={change} /> : null}
        {hasNothing ? <p className="text-dim">{words.runs.noInputs}</p> : null}
        <FormProblem error={starting.error} />
      </form>
    </Dialog>
  );
}

/** Inputs as the agent takes them where they fit; as typed where they do not, so that the server says why. */
function fitted(values: Record<string, Json>, schema: Schema | undefined): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      try {
        return [name, coercerOf(schema?.properties?.[name] ?? {})?.(value) ?? value];
      } catch {
        return [name, value];
      }
    }),
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

function Need({
  need,
  value,
  onChange,
}: {
  need: NeedAnswer;
  value: string;
  onChange: (id: string) => void;
}) {
  const words = useWords();
  const isUnmet = need.is_required && need.matches.length === 0;
  return (
    <Field
      label={words.connections.access(need.providers.join(", "))}
      isRequired={need.is_required}
      error={isUnmet ? words.connections.none : undefined}
      hint={
        isUnmet ? (
          <Link to="/connections" className="text-accent underline">
            {words.connections.add}
          </Link>
        ) : undefined
      }
    >
      {(given) => (
        <Select value={value} onChange={(event) => onChange(event.target.value)} {...given}>
          <option value="">{words.connections.asBuilt}</option>
          {need.matches.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title}
              {one.account ? ` (${one.account})` : ""}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
