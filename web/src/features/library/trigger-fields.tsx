import { useState } from "react";
import type { Json, Schema } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { ApiError } from "@/shared/api/client";
import type { TriggerAnswer } from "@/shared/api/schema";
import { SchemaForm } from "@/shared/form/schema-form";
import { useWords } from "@/shared/settings";
import { Field, Input, Select } from "@/shared/ui/field";

/** What a preset says of its trigger, as the API has it. */
export interface TriggerGiven {
  node: string | null;
  config: Record<string, Json>;
  sender: string | null;
  signature: Record<string, Json> | null;
}

const KNOWN_SENDERS = ["github", "slack", "stripe", "exa", "standard_webhooks"];

export function useTriggerForm(
  triggers: TriggerAnswer[] | undefined,
  given: TriggerGiven | null | undefined,
) {
  const [node, setNode] = useState(given?.node ?? triggers?.[0]?.node);
  const trigger = triggers?.find((one) => one.node === node) ?? triggers?.[0];
  const [config, setConfig] = useState<Record<string, Json>>(given?.config ?? {});
  const [sender, setSender] = useState(given?.sender ?? "");
  const [secret, setSecret] = useState("");
  return {
    trigger,
    choose: (chosen: string) => {
      setNode(chosen);
      setConfig({});
    },
    config,
    sender,
    secret,
    setSender,
    setSecret,
    change: (name: string, value: Json) =>
      setConfig(({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value })),
    body: () => ({
      ...(trigger && (given?.node || (triggers?.length ?? 0) > 1) ? { node: trigger.node } : {}),
      config,
      ...(sender ? { sender } : {}),
      // A way to sign that was described by hand stays, unless a sender is named in its place.
      ...(given?.signature && !sender ? { signature: given.signature } : {}),
      ...(secret && !trigger?.is_automatic ? { secret } : {}),
    }),
  };
}

/** What a trigger listens to; for one that is set up by hand, whose signatures it proves. */
export function TriggerFields({
  form,
  trigger,
  triggers,
  error,
  onTouched,
}: {
  form: ReturnType<typeof useTriggerForm>;
  trigger: TriggerAnswer;
  triggers: TriggerAnswer[];
  error: unknown;
  onTouched: () => void;
}) {
  const words = useWords();
  const schema = trigger.config_schema as Schema;
  return (
    <fieldset className="stack gap-4 border-line border-t pt-4">
      <legend className="sr-only">{words.triggers.listensTo}</legend>
      <TriggerChoice
        triggers={triggers}
        value={trigger.node}
        onChoose={(chosen) => {
          form.choose(chosen);
          onTouched();
        }}
      />
      <SchemaForm
        schema={schema}
        values={{ ...defaultsOf(schema), ...form.config }}
        errors={error instanceof ApiError ? error.fields : {}}
        onChange={(name, value) => {
          form.change(name, value);
          onTouched();
        }}
      />
      {trigger.is_automatic ? null : (
        <>
          <Field label={words.triggers.sender} hint={words.triggers.senderText}>
            {(field) => (
              <>
                <Input
                  list="known-senders"
                  value={form.sender}
                  maxLength={64}
                  onChange={(event) => form.setSender(event.target.value)}
                  {...field}
                />
                <datalist id="known-senders">
                  {KNOWN_SENDERS.map((one) => (
                    <option key={one} value={one} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
          {form.sender ? (
            <Field label={words.triggers.secret} hint={words.triggers.secretText}>
              {(field) => (
                <Input
                  type="password"
                  autoComplete="off"
                  value={form.secret}
                  maxLength={1000}
                  onChange={(event) => form.setSecret(event.target.value)}
                  {...field}
                />
              )}
            </Field>
          ) : null}
        </>
      )}
    </fieldset>
  );
}

/** Which of an agent's triggers is meant; where there is one, nothing is asked. */
export function TriggerChoice({
  triggers,
  value,
  onChoose,
}: {
  triggers: TriggerAnswer[];
  value: string | undefined;
  onChoose: (node: string) => void;
}) {
  const words = useWords();
  if (triggers.length < 2) return null;
  return (
    <Field label={words.triggers.which}>
      {(field) => (
        <Select value={value} onChange={(event) => onChoose(event.target.value)} {...field}>
          {triggers.map((one, place) => (
            <option key={one.node} value={one.node}>
              {`${place + 1}. ${one.name ?? spaced(one.block)}`}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function defaultsOf(schema: Schema): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([, pin]) => pin.default !== undefined && pin.default !== null)
      .map(([name, pin]) => [name, pin.default as Json]),
  );
}
