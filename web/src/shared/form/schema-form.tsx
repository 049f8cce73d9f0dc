// A form made from a JSON Schema: a widget for every type. Used by the run dialog, reviews and the canvas.

import { Plus, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { isList, isObject, type Json, type Schema } from "@/graph-core/model";
import {
  Choice,
  CodeBox,
  DriveBox,
  FileBox,
  JsonBox,
  LongText,
  NumberBox,
  placeholderOf,
  textOf,
  type WidgetProps,
} from "@/shared/form/boxes";
import { ANY, blankOf, memberOf, membersOf, takesNull, widgetOf, withoutNull } from "@/shared/form/kinds";
import { ModelBox } from "@/shared/form/model-box";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Field, Input, Select, Switch } from "@/shared/ui/field";

export function Widget(props: WidgetProps) {
  const words = useWords();
  if (!takesNull(props.schema)) return <Plain {...props} />;
  // Left alone it has its default; nothing at all is another choice.
  const isNull = props.value === null;
  return (
    <div className="stack gap-1">
      {isNull ? null : <Plain {...props} />}
      <label className="row gap-1.5 text-12 text-dim">
        <input
          type="checkbox"
          checked={isNull}
          onChange={(event) => props.onChange(event.target.checked ? null : undefined)}
          className="accent-(--accent)"
          {...(isNull ? props.given : {})}
        />
        {words.editing.noValue}
      </label>
    </div>
  );
}

function Plain(props: WidgetProps) {
  const kind = widgetOf(props.schema);
  const schema = withoutNull(props.schema);
  const all = { ...props, schema };
  switch (kind) {
    case "switch":
      return <Switch isOn={props.value === true} onChange={props.onChange} {...props.given} />;
    case "choice":
      return <Choice {...all} />;
    case "choices":
      return <Choices {...all} />;
    case "number":
      return <NumberBox {...all} />;
    case "long-text":
      return <LongText {...all} />;
    case "code":
      return <CodeBox {...all} />;
    case "model":
      return <ModelBox {...all} />;
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
    case "drive-file":
      return <DriveBox {...all} />;
    case "list":
      return <ListBox {...all} />;
    case "pairs":
      return <Pairs {...all} />;
    case "fields":
      return <Fields {...all} />;
    case "table":
      return <Table {...all} />;
    case "union":
      return <Union {...all} />;
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

/** What a widget that holds others is called, for who cannot see it: a label cannot name a group. */
function named(schema: Schema, given: WidgetProps["given"]) {
  const { "aria-label": label, ...rest } = (given ?? {}) as WidgetProps["given"] & { "aria-label"?: string };
  return { ...rest, "aria-label": label ?? (schema.title || undefined) };
}

function labelled(label: string): NonNullable<WidgetProps["given"]> {
  return { "aria-label": label } as WidgetProps["given"] & object;
}

/** Any of several values of a list of choices. */
function Choices({ schema, value, onChange, given }: WidgetProps) {
  const options = schema.items?.enum ?? [];
  const chosen = isList(value) ? value : isList(schema.default) ? schema.default : [];
  const has = (one: Json) => chosen.some((other) => JSON.stringify(other) === JSON.stringify(one));
  return (
    <fieldset className="flex flex-wrap gap-1.5" {...named(schema, given)}>
      {options.map((one) => (
        <label
          key={JSON.stringify(one)}
          className="row cursor-pointer gap-1.5 rounded-full border px-2.5 py-0.5 text-13 has-checked:border-accent has-checked:bg-wash"
        >
          <input
            type="checkbox"
            checked={has(one)}
            // In the order of the choices, whichever was ticked first.
            onChange={(event) =>
              onChange(options.filter((other) => (other === one ? event.target.checked : has(other))))
            }
            className="accent-(--accent)"
          />
          {textOf(one)}
        </label>
      ))}
    </fieldset>
  );
}

/** A value of one of several kinds: which, then the value. */
function Union({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const known = membersOf(schema);
  const members = known.length > 0 ? known : ANY;
  const [chosen, setChosen] = useState<number | null>(null);
  const at = chosen ?? memberOf(members, value === undefined ? schema.default : value);
  const member = members[at] ?? {};
  const title = (one: Schema) => {
    const type = one.format === "json" ? "json" : typeof one.type === "string" ? one.type : "any";
    const named = one.properties?.discriminator?.const ?? one.title;
    return String(named || words.editing.types[type as keyof typeof words.editing.types] || type);
  };
  const label = named(schema, given)["aria-label"] ?? words.form.value;
  // The field's label is the value's; a value of no field has one of its own.
  const own = given?.id ? given : { ...given, ...labelled(label) };
  const isShort = ["text", "number", "switch", "secret"].includes(widgetOf(member));
  return (
    <fieldset
      className={
        isShort
          ? "grid grid-cols-[repeat(auto-fit,minmax(6.5rem,1fr))] items-center gap-1.5"
          : "stack gap-1.5"
      }
    >
      <Select
        {...(member.type === "null" ? given : {})}
        aria-label={words.editing.kindOf(label)}
        value={at}
        onChange={(event) => {
          const next = members[Number(event.target.value)];
          setChosen(Number(event.target.value));
          if (next) onChange(blankOf(next));
        }}
      >
        {members.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: kinds have no name but their place
          <option key={index} value={index}>
            {title(one)}
          </option>
        ))}
      </Select>
      {member.type === "null" ? null : (
        <Widget
          key={at}
          schema={{ ...member, title: schema.title ?? "" }}
          value={value}
          onChange={onChange}
          given={own}
        />
      )}
    </fieldset>
  );
}

function ListBox({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const items = isList(value) ? value : value === undefined || value === null ? [] : [value];
  const item: Schema = { ...(schema.format === "file" ? { format: "file" } : {}), ...schema.items };
  const put = (index: number, one: Json) => onChange(items.map((old, at) => (at === index ? one : old)));
  return (
    <fieldset className="stack gap-1.5" {...named(schema, given)}>
      {items.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no name but their place
        <div key={index} className="flex items-start gap-2">
          <div className="min-w-0 grow">
            <Widget
              schema={item}
              value={one}
              onChange={(changed) => put(index, changed ?? blankOf(item))}
              given={labelled(words.form.item(index + 1))}
            />
          </div>
          <IconButton label={words.remove} onClick={() => onChange(items.filter((_, at) => at !== index))}>
            <X />
          </IconButton>
        </div>
      ))}
      <Button small className="self-start" onClick={() => onChange([...items, blankOf(item)])}>
        <Plus className="size-4" />
        {words.form.addItem}
      </Button>
    </fieldset>
  );
}

function Pairs({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const item = isObject(schema.additionalProperties) ? (schema.additionalProperties as Schema) : {};
  const [rows, setRows] = useState<Array<[string, Json]>>(() => Object.entries(isObject(value) ? value : {}));
  const change = (next: Array<[string, Json]>) => {
    setRows(next);
    onChange(next.length === 0 ? undefined : Object.fromEntries(next.filter(([key]) => key !== "")));
  };
  return (
    <fieldset className="stack gap-1.5" {...named(schema, given)}>
      {rows.map(([key, one], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being typed
        <div key={index} className="flex items-start gap-2">
          <Input
            className="w-2/5!"
            aria-label={words.form.name}
            placeholder={words.form.name}
            value={key}
            onChange={(event) =>
              change(rows.map((row, at) => (at === index ? [event.target.value, row[1]] : row)))
            }
          />
          <div className="min-w-0 grow">
            <Widget
              schema={item}
              value={one}
              placeholder={words.form.value}
              onChange={(changed) =>
                change(rows.map((row, at) => (at === index ? [row[0], changed ?? blankOf(item)] : row)))
              }
              given={labelled(key || words.form.value)}
            />
          </div>
          <IconButton label={words.remove} onClick={() => change(rows.filter((_, at) => at !== index))}>
            <X />
          </IconButton>
        </div>
      ))}
      <Button small className="self-start" onClick={() => setRows([...rows, ["", blankOf(item)]])}>
        <Plus className="size-4" />
        {words.form.addPair}
      </Button>
    </fieldset>
  );
}

function Fields({ schema, value, onChange, given }: WidgetProps) {
  const values = isObject(value) ? value : {};
  return (
    <fieldset className="stack gap-3 rounded-md border bg-sunken/50 p-3" {...named(schema, given)}>
      <SchemaForm
        schema={schema}
        values={values}
        hidden={(name) => name === "discriminator"}
        onChange={(name, one) => {
          const { [name]: _, ...rest } = values;
          const next = one === undefined ? rest : { ...rest, [name]: one };
          onChange(Object.keys(next).length === 0 ? undefined : next);
        }}
      />
    </fieldset>
  );
}

/** Rows of one shape. Columns that a schema declares have their type; others are named here, and hold text. */
function Table({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const rows = isList(value) ? value.filter(isObject) : [];
  const declared = schema.items?.properties ?? {};
  const isOpen = Object.keys(declared).length === 0;
  const found = isOpen ? [...new Set(rows.flatMap((row) => Object.keys(row)))] : Object.keys(declared);
  const [added, setAdded] = useState<string[]>([]);
  const [column, setColumn] = useState("");
  const heads = [...new Set([...found, ...added])];
  const blank = () =>
    Object.fromEntries(heads.map((name) => [name, declared[name] ? blankOf(declared[name]) : ""]));
  const put = (index: number, name: string, cell: Json) =>
    onChange(rows.map((old, at) => (at === index ? { ...old, [name]: cell } : old)));
  return (
    <fieldset className="stack gap-1.5" {...named(schema, given)}>
      {heads.length > 0 ? (
        <div className="overflow-x-auto">
          <table className="w-full text-13">
            <thead>
              <tr>
                {heads.map((name) => (
                  <th key={name} scope="col" className="pb-1 text-left font-medium text-dim">
                    {declared[name]?.title || name}
                  </th>
                ))}
                <td />
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
                <tr key={index}>
                  {heads.map((name) => (
                    <td key={name} className="min-w-24 pr-1 pb-1">
                      <Widget
                        schema={declared[name] ?? { type: "string" }}
                        value={row[name]}
                        onChange={(cell) => put(index, name, cell ?? null)}
                        given={labelled(`${declared[name]?.title || name} ${index + 1}`)}
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
        </div>
      ) : null}
      <div className="row flex-wrap">
        <Button small disabled={heads.length === 0} onClick={() => onChange([...rows, blank()])}>
          <Plus className="size-4" />
          {words.form.addRow}
        </Button>
        {isOpen ? (
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              event.stopPropagation();
              if (column.trim()) setAdded([...added, column.trim()]);
              setColumn("");
            }}
          >
            <Input
              className="h-8 w-28! text-13"
              aria-label={words.editing.columnName}
              placeholder={words.editing.columnName}
              value={column}
              onChange={(event) => setColumn(event.target.value)}
            />
            <Button small look="quiet" type="submit" disabled={column.trim() === ""}>
              {words.form.addColumn}
            </Button>
          </form>
        ) : null}
      </div>
    </fieldset>
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
          value={values[name] === undefined && widgetOf(one) === "switch" ? one.default : values[name]}
          onChange={(value) => onChange(name, value)}
          given={given}
          siblings={values}
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
