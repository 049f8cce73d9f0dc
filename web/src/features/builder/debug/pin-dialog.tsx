import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Pins, pin, unpin, useMarks } from "@/features/builder/debug/marks";
import { nodeOf, specOf } from "@/features/builder/store";
import type { Json } from "@/graph-core/model";
import { outputPins } from "@/graph-core/schemas";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Select, Textarea } from "@/shared/ui/field";

interface Row {
  key: number;
  pin: string;
  text: string;
}

/** Write what a node gives out instead of running: values in order, each at an output. */
export function PinDialog({
  node,
  title,
  pins,
  onClose,
}: {
  node: string;
  title: string;
  pins: Pins;
  onClose: () => void;
}) {
  const words = useWords();
  const isPinned = useMarks((marks) => node in marks.pinned);
  const [rows, setRows] = useState<Row[]>(() => rowsOf(pins));
  const [found, spec] = [nodeOf(node), specOf(node)];
  const known = found && spec ? Object.keys(outputPins(found, spec)) : Object.keys(pins);
  const change = (key: number, next: Partial<Row>) =>
    setRows(rows.map((row) => (row.key === key ? { ...row, ...next } : row)));
  return (
    <Dialog
      title={title}
      about={words.debug.pinText}
      onClose={onClose}
      footer={
        <>
          {isPinned ? (
            <Button
              look="quiet"
              onClick={() => {
                unpin(node);
                onClose();
              }}
            >
              {words.debug.unpin}
            </Button>
          ) : null}
          <span className="grow" />
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button look="do" type="submit" form="pin-form">
            {words.debug.pin}
          </Button>
        </>
      }
    >
      <form
        id="pin-form"
        className="stack gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          pin(node, pinsOf(rows));
          onClose();
        }}
      >
        {rows.map((row, index) => (
          <div key={row.key} className="stack gap-1.5">
            <div className="row">
              <Select
                aria-label={words.debug.output(index + 1)}
                value={row.pin}
                onChange={(event) => change(row.key, { pin: event.target.value })}
              >
                {[...new Set([row.pin, ...known])].map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </Select>
              <IconButton
                label={words.remove}
                onClick={() => setRows(rows.filter((other) => other.key !== row.key))}
              >
                <Trash2 />
              </IconButton>
            </div>
            <Field
              label={words.debug.value(index + 1)}
              hint={isJson(row.text) || row.text === "" ? undefined : words.debug.asText}
            >
              {(given) => (
                <Textarea
                  value={row.text}
                  spellCheck={false}
                  rows={Math.min(10, row.text.split("\n").length + 1)}
                  className="font-mono text-13"
                  onChange={(event) => change(row.key, { text: event.target.value })}
                  {...given}
                />
              )}
            </Field>
          </div>
        ))}
        <Button
          small
          className="self-start"
          onClick={() =>
            setRows([
              ...rows,
              { key: (rows.at(-1)?.key ?? 0) + 1, pin: rows.at(-1)?.pin ?? known[0] ?? "", text: "" },
            ])
          }
        >
          <Plus className="size-4" />
          {words.debug.anotherValue}
        </Button>
      </form>
    </Dialog>
  );
}

function rowsOf(pins: Pins): Row[] {
  const rows = Object.entries(pins).flatMap(([name, values]) =>
    (values.length > 0 ? values : [""]).map((value) => ({ pin: name, text: textOf(value) })),
  );
  return rows.map((row, key) => ({ key, ...row }));
}

function pinsOf(rows: Row[]): Pins {
  const found: Record<string, Json[]> = {};
  for (const row of rows) found[row.pin] = [...(found[row.pin] ?? []), readValue(row.text)];
  return found;
}

/** A text stands as it is unless it would be read as something else. */
function textOf(value: Json): string {
  return typeof value === "string" && !isJson(value) ? value : JSON.stringify(value, null, 2);
}

function readValue(text: string): Json {
  return isJson(text) ? JSON.parse(text) : text;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
