// What an agent is run with: its inputs, and the credentials it needs. Filled for a run, or kept as a preset.

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createPortal } from "react-dom";
import { AddConnection, type Wanted } from "@/features/connections/add-connection";
import { useProviderNames } from "@/features/connections/queries";
import { agentQuery, needsQuery } from "@/features/library/queries";
import { type CoercionError, coercerOf, misfit } from "@/graph-core/coerce";
import type { Json, Schema } from "@/graph-core/model";
import { show } from "@/graph-core/text";
import { ApiError } from "@/shared/api/client";
import type { NeedAnswer } from "@/shared/api/schema";
import { SchemaForm } from "@/shared/form/schema-form";
import { fieldSentence } from "@/shared/i18n/problems";
import { useWords } from "@/shared/settings";
import { Field, Select } from "@/shared/ui/field";
import { Problem, Skeletons } from "@/shared/ui/state";

export interface Filled {
  inputs: Record<string, Json>;
  credentials: Record<string, string>;
}

/** The state of such a form. */
export function useAgentForm(agentId: string, version: number | undefined, given: Partial<Filled>) {
  const agent = useQuery(agentQuery(agentId, version));
  const needs = useQuery(needsQuery(agentId, version));
  const [values, setValues] = useState<Record<string, Json>>(given.inputs ?? {});
  const [chosen, setChosen] = useState<Record<string, string>>(given.credentials ?? {});
  const [misfits, setMisfits] = useState<Record<string, string>>({});
  const schema = agent.data?.input_schema as Schema | undefined;
  return {
    agent,
    needs,
    schema,
    values,
    chosen,
    misfits,
    change(name: string, value: Json) {
      setValues(({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }));
      const found = value === undefined ? null : misfit(schema?.properties?.[name] ?? {}, value);
      setMisfits(({ [name]: _, ...rest }) => (found === null ? rest : { ...rest, [name]: said(found) }));
    },
    choose: (name: string, id: string) => setChosen((old) => ({ ...old, [name]: id })),
    fill({ inputs, credentials }: Filled) {
      setValues(inputs);
      setChosen(credentials);
      setMisfits({});
    },
    /** What it says: inputs as the agent takes them where they fit; as typed where not, so that the server says why. */
    filled(): Filled {
      return {
        inputs: fitted(values, schema),
        credentials: Object.fromEntries(Object.entries(chosen).filter(([, id]) => id)),
      };
    },
  };
}

export type AgentForm = ReturnType<typeof useAgentForm>;

export function AgentFields({
  form,
  error,
  onTouched,
  mayBeIncomplete = false,
}: {
  form: AgentForm;
  error: unknown;
  onTouched?: () => void;
  mayBeIncomplete?: boolean;
}) {
  const words = useWords();
  const { agent, needs, schema } = form;
  const errors = { ...(error instanceof ApiError ? error.fields : {}), ...form.misfits };
  const hasNothing =
    schema && Object.keys(schema.properties ?? {}).length === 0 && needs.data?.needs.length === 0;
  return (
    <>
      {agent.isError ? <Problem error={agent.error} onRetry={() => agent.refetch()} /> : null}
      {agent.isPending ? <Skeletons count={2} className="h-14" /> : null}
      {needs.data?.needs.map((need) => (
        <Need
          key={need.name}
          need={need}
          error={errors[need.name]}
          value={form.chosen[need.name] ?? ""}
          onChange={(id) => {
            form.choose(need.name, id);
            onTouched?.();
          }}
        />
      ))}
      {schema ? (
        <SchemaForm
          schema={mayBeIncomplete ? { ...schema, required: [] } : schema}
          values={form.values}
          errors={errors}
          onChange={(name, value) => {
            form.change(name, value);
            onTouched?.();
          }}
        />
      ) : null}
      {hasNothing ? <p className="text-dim">{words.runs.noInputs}</p> : null}
    </>
  );
}

function said({ message, expected, value }: CoercionError): string {
  return fieldSentence({ kind: "misfit", expected, got: show(value) }, message);
}

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

function Need({
  need,
  value,
  error,
  onChange,
}: {
  need: NeedAnswer;
  value: string;
  error: string | undefined;
  onChange: (id: string) => void;
}) {
  const words = useWords();
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const { providers, types, scopes } = need;
  const names = useProviderNames(providers, words.connections.others);
  const isUnmet = need.is_required && need.matches.length === 0;
  const chosen = need.matches.find((one) => one.id === value);
  const lacks = chosen ? (need.missing_scopes[chosen.id] ?? []).length > 0 : false;
  return (
    <>
      <Field
        label={words.connections.access(names)}
        isRequired={need.is_required}
        error={isUnmet ? words.connections.none : error}
        hint={
          <button
            type="button"
            className="text-accent underline"
            onClick={() =>
              setWanted({ providers, types, scopes, ...(lacks && chosen ? { credential: chosen } : {}) })
            }
          >
            {lacks ? words.connections.allowMore : words.connections.add}
          </button>
        }
      >
        {(given) => (
          <Select value={value} onChange={(event) => onChange(event.target.value)} {...given}>
            <option value="">{words.connections.asBuilt}</option>
            {need.matches.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
                {one.account && !one.title.includes(one.account) ? ` (${one.account})` : ""}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {/* Not inside this form: its own would be a form in a form. */}
      {wanted
        ? createPortal(
            <AddConnection
              wanted={wanted}
              onAdded={({ id }) => onChange(id)}
              onClose={() => setWanted(null)}
            />,
            document.body,
          )
        : null}
    </>
  );
}
