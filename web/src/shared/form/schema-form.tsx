// A form made from a JSON Schema: a widget for every type. Used by the run dialog, reviews and the canvas.

import { FileUp, Plus, Trash2, X } from "lucide-react";
import { type ReactNode, useId, useRef, useState } from "react";
import { typesOf } from "@/graph-core/coerce";
import { isList, isObject, type Json, type Schema } from "@/graph-core/model";
import { ask } from "@/shared/api/client";
import type { FileAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Field, Input, Select, Switch, Textarea } from "@/shared/ui/field";
import { messageOf } from "@/shared/ui/toast";

export interface WidgetProps {
  schema: Schema;
  value: Json;
  onChange: (value: Json) => void;
  given?: { id?: string; "aria-invalid"?: true; "aria-describedby"?: string };
  placeholder?: string | undefined;
}

/** How a value of a schema is asked for. */
export type WidgetKind =
  | "switch"
  | "choice"
  | "number"
  | "long-text"
  | "text"
  | "secret"
  | "date"
  | "time"
  | "date-time"
  | "file"
  | "list"
  | "table"
  | "fields"
  | "pairs"
  | "json";

/** The schema that remains when null is taken out of a choice of two. */
export function withoutNull(schema: Schema): Schema {
  const members = (schema.anyOf ?? schema.oneOf)?.filter((one) => one.type !== "null");
  if (members?.length !== 1 || !members[0]) return schema;
  const { anyOf: _, oneOf: __, ...rest } = schema;
  return { ...rest, ...members[0], title: schema.title ?? members[0].title ?? "" };
}

export function widgetOf(given: Schema): WidgetKind {
  const schema = withoutNull(given);
  if (schema.enum) return "choice";
  const types = [...typesOf(schema)].filter((one) => one !== "null");
  const type = types.length === 1 ? types[0] : undefined;
  switch (type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "array":
      if (schema.format === "table") return "table";
      return schema.items &&
        typesOf(schema.items).size === 1 &&
        !["object", "array"].includes([...typesOf(schema.items)][0] ?? "")
        ? "list"
        : "json";
    case "object":
      if (schema.properties && Object.keys(schema.properties).length > 0) return "fields";
      return isObject(schema.additionalProperties) &&
        typesOf(schema.additionalProperties as Schema).has("string")
        ? "pairs"
        : "json";
    case "string":
      if (schema.secret) return "secret";
      if (schema.format === "long-text") return "long-text";
      if (schema.format === "file") return "file";
      if (schema.format === "date" || schema.format === "time" || schema.format === "date-time")
        return schema.format;
      return "text";
    default:
      if (types.every((one) => ["string", "number", "integer", "boolean"].includes(one))) return "text";
      return "json";
  }
}

export function Widget(props: WidgetProps) {
  const kind = widgetOf(props.schema);
  const schema = withoutNull(props.schema);
  const all = { ...props, schema };
  switch (kind) {
    case "switch":
      return <Switch isOn={props.value === true} onChange={props.onChange} {...props.given} />;
    case "choice":
      return <Choice {...all} />;
    case "number":
      return <NumberBox {...all} />;
    case "long-text":
      return <LongText {...all} />;
    case "date":
    case "time":
    case "date-time":
      return (
        <Input
          type={kind === "date-time" ? "datetime-local" : kind}
          value={textOf(props.value)}
          onChange={(event) => props.onChange(event.target.value || undefined)}
          {...props.given}
        />
      );
    case "file":
      return <FileBox {...all} />;
    case "list":
      return <ListBox {...all} />;
    case "pairs":
      return <Pairs {...all} />;
    case "fields":
      return <Fields {...all} />;
    case "table":
      return <Table {...all} />;
    case "json":
      return <JsonBox {...all} />;
    default:
      return (
        <Input
          type={kind === "secret" ? "password" : "text"}
          autoComplete="off"
          value={textOf(props.value)}
          placeholder={props.placeholder ?? schema.placeholder ?? placeholderOf(schema)}
          onChange={(event) => props.onChange(event.target.value === "" ? undefined : event.target.value)}
          {...props.given}
        />
      );
  }
}

function placeholderOf(schema: Schema): string {
  return schema.default === undefined ||
    schema.default === null ||
    isObject(schema.default) ||
    isList(schema.default)
    ? ""
    : String(schema.default);
}

function textOf(value: Json): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Choice({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const options = schema.enum ?? [];
  const at = options.findIndex((one) => JSON.stringify(one) === JSON.stringify(value ?? schema.default));
  return (
    <Select
      value={at}
      onChange={(event) =>
        onChange(Number(event.target.value) < 0 ? undefined : options[Number(event.target.value)])
      }
      {...given}
    >
      {at < 0 ? <option value={-1}>{words.form.choose}</option> : null}
      {options.map((one, index) => (
        <option key={JSON.stringify(one)} value={index}>
          {textOf(one)}
        </option>
      ))}
    </Select>
  );
}

/** Keeps what was typed while it is no number yet: the message says what is wrong, the text stays. */
function NumberBox({ schema, value, onChange, given, placeholder }: WidgetProps) {
  return (
    <Input
      inputMode={schema.type === "integer" ? "numeric" : "decimal"}
      value={textOf(value)}
      placeholder={placeholder ?? placeholderOf(schema)}
      onChange={(event) => {
        const text = event.target.value;
        const isNumber = /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(text);
        onChange(text === "" ? undefined : isNumber ? Number(text) : text);
      }}
      {...given}
    />
  );
}

function LongText({ schema, value, onChange, given, placeholder }: WidgetProps) {
  return (
    <Textarea
      value={textOf(value)}
      placeholder={placeholder ?? schema.placeholder ?? placeholderOf(schema)}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
      {...given}
    />
  );
}

function FileBox({ value, onChange, given }: WidgetProps) {
  const words = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<{ name: string } | { error: string } | "busy" | null>(null);
  async function take(file: File | undefined) {
    if (!file) return;
    setState("busy");
    try {
      const body = new FormData();
      body.set("file", file);
      const made = (await (await ask("/api/v1/files", { method: "POST", body })).json()) as FileAnswer;
      setState({ name: made.name });
      onChange(made.reference);
    } catch (error) {
      setState({ error: messageOf(error) });
    }
  }
  return (
    <section
      aria-label={words.form.dropFile}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer.files[0]);
      }}
      className="stack gap-2"
    >
      <div className="row">
        <Input
          value={textOf(value)}
          placeholder={words.form.fileOrAddress}
          onChange={(event) => onChange(event.target.value || undefined)}
          {...given}
        />
        <Button onClick={() => input.current?.click()} isBusy={state === "busy"}>
          <FileUp className="size-4" />
          {words.form.upload}
        </Button>
      </div>
      <input ref={input} type="file" hidden onChange={(event) => take(event.target.files?.[0])} />
      {typeof state === "object" && state && "name" in state ? (
        <p className="text-13 text-dim">{state.name}</p>
      ) : null}
      {typeof state === "object" && state && "error" in state ? (
        <p className="text-13 text-bad">{state.error}</p>
      ) : null}
    </section>
  );
}

function ListBox({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const items = isList(value) ? value : value === undefined || value === null ? [] : [value];
  const item = schema.items ?? {};
  const put = (index: number, one: Json) => onChange(items.map((old, at) => (at === index ? one : old)));
  return (
    <fieldset className="stack gap-1.5" {...given}>
      {items.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no name but their place
        <div key={index} className="row">
          <div className="grow">
            <Widget
              schema={item}
              value={one}
              onChange={(changed) => put(index, changed ?? "")}
              given={{ "aria-label": words.form.item(index + 1) } as WidgetProps["given"] & object}
            />
          </div>
          <IconButton label={words.remove} onClick={() => onChange(items.filter((_, at) => at !== index))}>
            <X />
          </IconButton>
        </div>
      ))}
      <Button
        small
        className="self-start"
        onClick={() => onChange([...items, item.default ?? (typesOf(item).has("string") ? "" : 0)])}
      >
        <Plus className="size-4" />
        {words.form.addItem}
      </Button>
    </fieldset>
  );
}

function Pairs({ value, onChange, given }: WidgetProps) {
  const words = useWords();
  const [rows, setRows] = useState<Array<[string, Json]>>(() => Object.entries(isObject(value) ? value : {}));
  const change = (next: Array<[string, Json]>) => {
    setRows(next);
    onChange(next.length === 0 ? undefined : Object.fromEntries(next.filter(([key]) => key !== "")));
  };
  return (
    <fieldset className="stack gap-1.5" {...given}>
      {rows.map(([key, one], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being typed
        <div key={index} className="row">
          <Input
            aria-label={words.form.name}
            placeholder={words.form.name}
            value={key}
            onChange={(event) =>
              change(rows.map((row, at) => (at === index ? [event.target.value, row[1]] : row)))
            }
          />
          <Input
            aria-label={words.form.value}
            placeholder={words.form.value}
            value={textOf(one)}
            onChange={(event) =>
              change(rows.map((row, at) => (at === index ? [row[0], event.target.value] : row)))
            }
          />
          <IconButton label={words.remove} onClick={() => change(rows.filter((_, at) => at !== index))}>
            <X />
          </IconButton>
        </div>
      ))}
      <Button small className="self-start" onClick={() => setRows([...rows, ["", ""]])}>
        <Plus className="size-4" />
        {words.form.addPair}
      </Button>
    </fieldset>
  );
}

function Fields({ schema, value, onChange, given }: WidgetProps) {
  const values = isObject(value) ? value : {};
  return (
    <fieldset className="stack gap-3 rounded-md border bg-sunken/50 p-3" {...given}>
      <SchemaForm
        schema={schema}
        values={values}
        onChange={(name, one) => {
          const { [name]: _, ...rest } = values;
          const next = one === undefined ? rest : { ...rest, [name]: one };
          onChange(Object.keys(next).length === 0 ? undefined : next);
        }}
      />
    </fieldset>
  );
}

function Table({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const rows = isList(value) ? value.filter(isObject) : [];
  const declared = Object.keys(schema.items?.properties ?? {});
  const columns = declared.length > 0 ? declared : [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const [added, setAdded] = useState<string[]>([]);
  const shown = [...new Set([...columns, ...added])];
  const heads = shown.length > 0 ? shown : ["1"];
  return (
    <div className="overflow-x-auto" {...given}>
      <table className="w-full text-13">
        <thead>
          <tr>
            {heads.map((column) => (
              <th key={column} className="pb-1 text-left font-medium text-dim">
                {column}
              </th>
            ))}
            <th />
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
            <tr key={index}>
              {heads.map((column) => (
                <td key={column} className="pr-1 pb-1">
                  <Input
                    aria-label={`${column} ${index + 1}`}
                    value={textOf(row[column])}
                    onChange={(event) =>
                      onChange(
                        rows.map((old, at) =>
                          at === index ? { ...old, [column]: event.target.value } : old,
                        ),
                      )
                    }
                  />
                </td>
              ))}
              <td>
                <IconButton
                  label={words.remove}
                  onClick={() => onChange(rows.filter((_, at) => at !== index))}
                >
                  <Trash2 />
                </IconButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row">
        <Button
          small
          onClick={() => onChange([...rows, Object.fromEntries(heads.map((column) => [column, ""]))])}
        >
          <Plus className="size-4" />
          {words.form.addRow}
        </Button>
        {declared.length === 0 ? (
          <Button small look="quiet" onClick={() => setAdded([...added, String(heads.length + 1)])}>
            {words.form.addColumn}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** JSON as text; what is no JSON stays as typed, and says so. */
function JsonBox({ value, onChange, given }: WidgetProps) {
  const words = useWords();
  const id = useId();
  const [text, setText] = useState(() =>
    value === undefined || value === null
      ? ""
      : typeof value === "string"
        ? value
        : JSON.stringify(value, null, 2),
  );
  const [isBad, setBad] = useState(false);
  return (
    <>
      <Textarea
        rows={3}
        spellCheck={false}
        className="font-mono text-13"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          if (event.target.value.trim() === "") {
            setBad(false);
            onChange(undefined);
            return;
          }
          try {
            onChange(JSON.parse(event.target.value));
            setBad(false);
          } catch {
            // Text is a value too, where it looks like no JSON.
            setBad(/^\s*[[{]/.test(event.target.value));
            onChange(event.target.value);
          }
        }}
        {...given}
        aria-describedby={isBad ? `${id}-bad` : given?.["aria-describedby"]}
      />
      {isBad ? (
        <p id={`${id}-bad`} className="text-12 text-wait">
          {words.form.noJson}
        </p>
      ) : null}
    </>
  );
}

/** All fields of an object's schema; what is advanced folds away. */
export function SchemaForm({
  schema,
  values,
  errors = {},
  onChange,
  aside,
  hidden,
}: {
  schema: Schema;
  values: Record<string, Json>;
  errors?: Record<string, string>;
  onChange: (name: string, value: Json) => void;
  aside?: (name: string) => ReactNode;
  hidden?: (name: string, schema: Schema) => boolean;
}) {
  const words = useWords();
  const required = new Set(schema.required);
  const all = Object.entries(schema.properties ?? {}).filter(
    ([name, one]) => !hidden?.(name, one) && !one.hidden,
  );
  const isFolded = ([name, one]: [string, Schema]) =>
    one.advanced === true && !required.has(name) && !errors[name] && values[name] === undefined;
  const folded = all.filter(isFolded);
  const field = ([name, one]: [string, Schema]) => (
    <Field
      key={name}
      label={one.title || name}
      hint={one.description}
      error={errors[name]}
      isRequired={required.has(name)}
      aside={aside?.(name)}
    >
      {(given) => (
        <Widget
          schema={one}
          value={values[name] ?? (widgetOf(one) === "switch" ? one.default : undefined)}
          onChange={(value) => onChange(name, value)}
          given={given}
        />
      )}
    </Field>
  );
  return (
    <>
      {all.filter((one) => !isFolded(one)).map(field)}
      {folded.length > 0 ? (
        <details className="group">
          <summary className="w-fit text-13 text-dim hover:text-ink">
            {words.form.more(folded.length)}
          </summary>
          <div className="mt-3 stack gap-4">{folded.map(field)}</div>
        </details>
      ) : null}
    </>
  );
}
