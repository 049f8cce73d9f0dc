// Widgets that hold no others: each asks for one value.

import { FileUp, Maximize2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useId, useRef, useState } from "react";
import { isList, isObject, type Json, type Schema } from "@/graph-core/model";
import { ask } from "@/shared/api/client";
import type { FileAnswer } from "@/shared/api/schema";
import { placeOfError } from "@/shared/form/json-place";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Input, Select, Textarea } from "@/shared/ui/field";
import { messageOf } from "@/shared/ui/toast";

const CodeArea = lazy(() => import("@/shared/form/code-area"));

export interface WidgetProps {
  schema: Schema;
  value: Json;
  onChange: (value: Json) => void;
  given?: { id?: string; "aria-invalid"?: true; "aria-describedby"?: string };
  placeholder?: string | undefined;
  /** The other values of the form: what a language or a kind is chosen by. */
  siblings?: Record<string, Json> | undefined;
}

export function placeholderOf(schema: Schema): string {
  return schema.default === undefined ||
    schema.default === null ||
    isObject(schema.default) ||
    isList(schema.default)
    ? ""
    : String(schema.default);
}

export function textOf(value: Json): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function Choice({ schema, value, onChange, given }: WidgetProps) {
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
export function NumberBox({ schema, value, onChange, given, placeholder }: WidgetProps) {
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

/** A field with more room on demand: the whole window for a long text, or code. */
function Roomy({ title, children }: { title: string; children: (isWide: boolean) => ReactNode }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="group/roomy relative">
      {children(false)}
      <IconButton
        label={words.editing.fullScreen}
        onClick={() => setOpen(true)}
        className="absolute! top-1 right-1 bg-paper/80 opacity-0 focus-visible:opacity-100 group-focus-within/roomy:opacity-100 group-hover/roomy:opacity-100 pointer-coarse:opacity-100"
      >
        <Maximize2 />
      </IconButton>
      {isOpen ? (
        <Dialog
          isFull
          title={title}
          onClose={() => setOpen(false)}
          footer={
            <Button look="do" onClick={() => setOpen(false)}>
              {words.editing.done}
            </Button>
          }
        >
          {children(true)}
        </Dialog>
      ) : null}
    </div>
  );
}

export function LongText({ schema, value, onChange, given, placeholder }: WidgetProps) {
  const title = schema.title || "";
  return (
    <Roomy title={title}>
      {(isWide) => (
        <Textarea
          value={textOf(value)}
          placeholder={placeholder ?? schema.placeholder ?? placeholderOf(schema)}
          onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
          {...(isWide
            ? { "aria-label": title, className: "h-full resize-none text-16 leading-relaxed" }
            : given)}
        />
      )}
    </Roomy>
  );
}

/** Code in its colours. The language is the schema's, or what the pin says that it names: `$language`. */
export function CodeBox({ schema, value, onChange, given, siblings }: WidgetProps) {
  const title = schema.title || "";
  const named = String(schema["x-code"] ?? "");
  const language = named.startsWith("$") ? String(siblings?.[named.slice(1)] ?? "python") : named;
  const change = (text: string) => onChange(text === "" ? undefined : text);
  return (
    <Roomy title={title}>
      {(isWide) => (
        <Suspense
          fallback={
            <Textarea
              className="font-mono text-13"
              value={textOf(value)}
              onChange={(event) => change(event.target.value)}
              {...(isWide ? { "aria-label": title } : given)}
            />
          }
        >
          <CodeArea
            language={language}
            text={textOf(value)}
            placeholder={schema.placeholder ?? placeholderOf(schema)}
            onChange={change}
            isWide={isWide}
            {...(isWide ? { "aria-label": title } : given)}
          />
        </Suspense>
      )}
    </Roomy>
  );
}

export function FileBox({ value, onChange, given }: WidgetProps) {
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

const DRIVE_ID = /(?:\/d\/|[?&]id=|\/folders\/)([\w-]{10,})/;

/** A file of Google Drive, by its address or its id. */
export function DriveBox({ value, onChange, given }: WidgetProps) {
  const words = useWords();
  const file = isObject(value) ? value : {};
  return (
    <Input
      value={textOf(file.url ?? file.id)}
      placeholder={words.editing.driveAddress}
      onChange={(event) => {
        const text = event.target.value.trim();
        const { id: _, url: __, ...rest } = file;
        const id = DRIVE_ID.exec(text)?.[1];
        if (text === "") onChange(undefined);
        else onChange(id ? { ...rest, id, url: text } : { ...rest, id: text });
      }}
      {...given}
    />
  );
}

/** JSON as text. What is no JSON stays as typed; it is said where it is none, and the place is a key away. */
export function JsonBox({ value, onChange, given }: WidgetProps) {
  const words = useWords();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() =>
    value === undefined || value === null
      ? ""
      : typeof value === "string"
        ? value
        : JSON.stringify(value, null, 2),
  );
  // Text is a value too, where it looks like no JSON.
  const place = /^\s*[[{]/.test(text) ? placeOfError(text) : null;
  return (
    <>
      <Textarea
        ref={area}
        rows={3}
        spellCheck={false}
        className="font-mono text-13"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          onChange(jsonOrText(event.target.value));
        }}
        {...given}
        aria-describedby={place ? `${id}-bad` : given?.["aria-describedby"]}
      />
      {place ? (
        <p id={`${id}-bad`} className="row text-12 text-wait">
          <span className="grow">{words.editing.noJsonAt(place.line, place.column)}</span>
          <Button
            small
            look="quiet"
            onClick={() => {
              area.current?.focus();
              area.current?.setSelectionRange(place.offset, place.offset + 1);
            }}
          >
            {words.editing.goThere}
          </Button>
        </p>
      ) : null}
    </>
  );
}

function jsonOrText(text: string): Json {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
