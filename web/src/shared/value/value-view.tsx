// Shows a value as its kind deserves: text, Markdown, picture, sound, film, table, tree, file, code.

import { useQuery } from "@tanstack/react-query";
import { Check, Copy, Download, FileIcon } from "lucide-react";
import { lazy, memo, Suspense, useContext, useState } from "react";
import { isList, isObject, type Json } from "@/graph-core/model";
import { bytes, number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";
import { rowsOfCsv } from "@/shared/value/csv";
import { Files } from "@/shared/value/files";
import { jsonOf, kindOf, kindOfText, textOfValue, type ValueKind } from "@/shared/value/kinds";
import { TableView } from "@/shared/value/table";

const Markdown = lazy(() => import("@/shared/value/markdown"));
const Code = lazy(() => import("@/shared/value/code"));
const Html = lazy(() => import("@/shared/value/html"));
const Pdf = lazy(() => import("@/shared/value/pdf"));
const LONG = 20_000;
/** More letters than this are downloaded, never drawn. */
const MOST_DRAWN = 2_000_000;
const MAX_ROWS = 200;
/** Files of text are shown up to this size; larger ones are downloaded. */
const MOST_SHOWN_BYTES = 500_000;
const MOST_PDF_BYTES = 30_000_000;

/** What shows a part of itself where there is much of it. */
const UNBOUNDED: ReadonlySet<ValueKind> = new Set(["media", "file", "table", "csv", "html"]);

// A page that follows a run is drawn many times a second, and a value is looked through once.
export const ValueView = memo(function ValueView({ value }: { value: Json }) {
  const kind = kindOf(value);
  const text = textOfValue(value);
  if (text.length > (UNBOUNDED.has(kind) ? MOST_DRAWN : LONG) && kind !== "media")
    return <TooLong text={text} />;
  return <Shown kind={kind} value={value} />;
});

function Shown({ kind, value }: { kind: ValueKind; value: Json }) {
  switch (kind) {
    case "file":
      return <FileView id={String(value).slice("file://".length).split(/[#?]/)[0] ?? ""} />;
    case "media":
      return <Media source={value} type={String(value).slice(5, String(value).indexOf(";"))} name="" />;
    case "markdown":
      return (
        <Suspense fallback={<p className="whitespace-pre-wrap">{value}</p>}>
          <Markdown text={value} />
        </Suspense>
      );
    case "code":
      return <Fenced text={value} />;
    case "html":
      return (
        <Suspense fallback={<div className="skeleton h-96 animate-breathe" />}>
          <Html text={value} />
        </Suspense>
      );
    case "csv":
      return <TableView rows={rowsOfCsv(value, true) ?? []} />;
    case "json":
      return <Tree value={jsonOf(value)} />;
    case "link":
      return (
        <a
          href={value}
          target="_blank"
          rel="noreferrer noopener"
          className="break-all text-accent underline underline-offset-2"
        >
          {value}
        </a>
      );
    case "table":
      return <TableView rows={value} />;
    case "tree":
      return <Tree value={value} />;
    case "text":
      if (value === "") return <EmptyText />;
      return <p className="whitespace-pre-wrap break-words">{value}</p>;
    default:
      return <span className="font-mono text-13">{textOfValue(value)}</span>;
  }
}

function EmptyText() {
  return <p className="text-dim">{useWords().value.empty}</p>;
}

/** A value in a line, for where there is little room. */
export function ValueLine({ value }: { value: Json }) {
  const text = textOfValue(value, 0);
  return (
    <span className="block truncate font-mono text-12">
      {text.length > 200 ? `${text.slice(0, 200)}…` : text}
    </span>
  );
}

/** Copy and download, for what stands beside it. */
export function ValueActions({ value, name }: { value: Json; name: string }) {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  const isFile = kindOf(value) === "file";
  return (
    <span className="row gap-0">
      <IconButton
        label={words.copy}
        onClick={async () => {
          await navigator.clipboard.writeText(textOfValue(value));
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        }}
      >
        {isCopied ? <Check /> : <Copy />}
      </IconButton>
      {isFile ? null : (
        <IconButton label={words.download} onClick={() => download(value, name)}>
          <Download />
        </IconButton>
      )}
    </span>
  );
}

const ENDINGS: Partial<Record<ValueKind, string>> = {
  markdown: "md",
  csv: "csv",
  html: "html",
  json: "json",
};

/** Have the browser keep a value: text as it is, by the ending of its kind, the rest as JSON. */
export function download(value: Json, name: string): void {
  const isText = typeof value === "string";
  saveAs(
    new Blob([textOfValue(value)], { type: isText ? "text/plain" : "application/json" }),
    `${name}.${isText ? (ENDINGS[kindOf(value)] ?? "txt") : "json"}`,
  );
}

/** Have the browser keep something as a file. */
export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function TooLong({ text }: { text: string }) {
  const words = useWords();
  const [isAll, setAll] = useState(false);
  return (
    <div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
        className="max-h-96 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken p-3 font-mono text-12"
      >
        {isAll ? text : `${text.slice(0, LONG / 5)}…`}
      </pre>
      <p className="mt-2 text-13 text-dim">
        {words.value.tooLong(number(text.length))}{" "}
        {isAll || text.length > MOST_DRAWN ? null : (
          <button type="button" className="text-accent underline" onClick={() => setAll(true)}>
            {words.value.showAll}
          </button>
        )}{" "}
        <button type="button" className="text-accent underline" onClick={() => download(text, "value")}>
          {words.download}
        </button>
      </p>
    </div>
  );
}

function Fenced({ text }: { text: string }) {
  const fenced = /^```([\w-]*)[^\n]*\n([\s\S]*?)\n?```\s*$/.exec(text.trim());
  return <CodeText text={fenced?.[2] ?? text} language={fenced?.[1] ?? ""} />;
}

function CodeText({ text, language }: { text: string; language: string }) {
  return (
    <Suspense
      fallback={
        <pre className="max-h-96 overflow-auto rounded-md bg-sunken p-3 font-mono text-12">{text}</pre>
      }
    >
      <Code text={text} language={language} />
    </Suspense>
  );
}

function FileView({ id }: { id: string }) {
  const words = useWords();
  const source = useContext(Files);
  const { data: file, error } = useQuery({
    queryKey: ["files", source.key, id],
    queryFn: () => source.facts(id),
  });
  if (error) return <p className="text-dim">{words.value.gone}</p>;
  if (!file) return <div className="skeleton h-10 w-64 animate-breathe" />;
  const url = source.url(id);
  const isText = /^text\/|^application\/(json|xml|x-ndjson|yaml)\b/.test(file.media_type);
  return (
    <div className="stack gap-2">
      <Media source={url} type={file.media_type} name={file.name} />
      {isText && file.size_bytes <= MOST_SHOWN_BYTES ? (
        <FileText url={url} name={file.name} type={file.media_type} />
      ) : null}
      {file.media_type === "application/pdf" && file.size_bytes <= MOST_PDF_BYTES ? (
        <Suspense fallback={<div className="skeleton h-96 animate-breathe" />}>
          <Pdf url={url} name={file.name} />
        </Suspense>
      ) : null}
      <a
        href={url}
        download={file.name}
        className="row w-fit max-w-full rounded-md border border-edge px-3 py-1.5 hover:bg-sunken"
      >
        <FileIcon className="size-4 shrink-0 text-dim" />
        <span className="truncate">{file.name}</span>
        <span className="shrink-0 text-dim">{bytes(file.size_bytes)}</span>
        <Download className="size-4 shrink-0 text-dim" />
      </a>
    </div>
  );
}

const LANGUAGES: Record<string, string> = {
  py: "python",
  js: "javascript",
  ts: "typescript",
  sh: "bash",
  css: "css",
  sql: "sql",
  xml: "xml",
  yaml: "yaml",
  yml: "yaml",
  go: "go",
  rs: "rust",
  java: "java",
  diff: "diff",
};

/** What is in a file of text, as its name and its letters tell. */
function FileText({ url, name, type }: { url: string; name: string; type: string }) {
  const { data: text } = useQuery({
    queryKey: ["files", "text", url],
    queryFn: async () => (await fetch(url)).text(),
  });
  if (text === undefined) return <div className="skeleton h-24 animate-breathe" />;
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const rows = type.startsWith("text/csv") || ending === "tsv" ? rowsOfCsv(text, true) : null;
  if (rows) return <TableView rows={rows} />;
  if (LANGUAGES[ending]) return <CodeText text={text} language={LANGUAGES[ending]} />;
  const kind = ending === "md" ? "markdown" : kindOfText(text);
  if (text.length > LONG && !UNBOUNDED.has(kind)) return <TooLong text={text} />;
  return <Shown kind={kind} value={text} />;
}

function Media({ source, type, name }: { source: string; type: string; name: string }) {
  if (type.startsWith("image/"))
    return (
      <img
        src={source}
        alt={name}
        className="max-h-96 w-fit max-w-full rounded-md border bg-sunken object-contain"
      />
    );
  const played = {
    controls: true,
    preload: "metadata",
    src: source,
    "aria-label": name || undefined,
  } as const;
  if (type.startsWith("audio/")) return <audio {...played} className="w-full max-w-md" />;
  if (type.startsWith("video/")) return <video {...played} className="max-h-96 max-w-full rounded-md" />;
  return null;
}

export function Tree({ value, name, isOpen = true }: { value: Json; name?: string; isOpen?: boolean }) {
  const entries = isList(value)
    ? value.map((one, index) => [String(index), one] as const)
    : isObject(value)
      ? Object.entries(value)
      : null;
  const label = name === undefined ? null : <span className="text-accent">{name}: </span>;
  if (entries === null)
    return (
      <div className="break-words font-mono text-13 leading-6">
        {label}
        <span className={typeof value === "string" ? "text-good" : "text-live"}>
          {JSON.stringify(value) ?? "undefined"}
        </span>
      </div>
    );
  const bounds = isList(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0)
    return (
      <div className="font-mono text-13 leading-6">
        {label}
        {bounds.join("")}
      </div>
    );
  return (
    <details open={isOpen} className="font-mono text-13 leading-6">
      <summary className="hover:text-accent">
        {label}
        {bounds[0]}
        <span className="text-dim"> {entries.length} </span>
        {bounds[1]}
      </summary>
      <div className="border-l pl-4">
        {entries.slice(0, MAX_ROWS).map(([key, one]) => (
          <Tree key={key} name={key} value={one} isOpen={entries.length < 20} />
        ))}
        {entries.length > MAX_ROWS ? <span className="text-dim">… {entries.length - MAX_ROWS}</span> : null}
      </div>
    </details>
  );
}
