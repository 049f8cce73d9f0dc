// Shows a value as its kind deserves: text, Markdown, picture, sound, film, table, tree, file, code.

import { useQuery } from "@tanstack/react-query";
import { Check, Copy, Download, FileIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { isList, isObject, type Json } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import { bytes, number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";
import { kindOf, textOfValue, type ValueKind } from "@/shared/value/kinds";

const Markdown = lazy(() => import("@/shared/value/markdown"));
const LONG = 20_000;
const MAX_ROWS = 200;

export function ValueView({ value }: { value: Json }) {
  const kind = kindOf(value);
  const text = textOfValue(value);
  if (text.length > LONG && kind !== "media" && kind !== "file") return <TooLong text={text} />;
  return <Shown kind={kind} value={value} />;
}

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
      return <Code text={value} />;
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
      return <p className="whitespace-pre-wrap break-words">{value}</p>;
    default:
      return <span className="font-mono text-13">{textOfValue(value)}</span>;
  }
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

function download(value: Json, name: string): void {
  const isText = typeof value === "string";
  saveAs(
    new Blob([textOfValue(value)], { type: isText ? "text/plain" : "application/json" }),
    `${name}.${isText ? "txt" : "json"}`,
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
      <pre className="max-h-96 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken p-3 font-mono text-12">
        {isAll ? text : `${text.slice(0, LONG / 5)}…`}
      </pre>
      <p className="mt-2 text-13 text-dim">
        {words.value.tooLong(number(text.length))}{" "}
        {isAll ? null : (
          <button type="button" className="text-accent underline" onClick={() => setAll(true)}>
            {words.value.showAll}
          </button>
        )}
      </p>
    </div>
  );
}

function Code({ text }: { text: string }) {
  const fenced = /^```[\w-]*\n([\s\S]*?)\n?```\s*$/.exec(text.trim());
  return (
    <pre className="max-h-96 overflow-auto rounded-md bg-sunken p-3 font-mono text-12">
      {fenced?.[1] ?? text}
    </pre>
  );
}

function FileView({ id }: { id: string }) {
  const words = useWords();
  const { data: file, error } = useQuery({
    queryKey: ["files", id],
    queryFn: () => api("GET /api/v1/files/{file_id}", { path: { file_id: id } }),
  });
  if (error) return <p className="text-dim">{words.value.gone}</p>;
  if (!file) return <div className="skeleton h-10 w-64 animate-breathe" />;
  const url = `/api/v1/files/${id}/content`;
  return (
    <div className="stack gap-2">
      <Media source={url} type={file.media_type} name={file.name} />
      <a
        href={url}
        download={file.name}
        className="row w-fit rounded-md border border-edge px-3 py-1.5 hover:bg-sunken"
      >
        <FileIcon className="size-4 text-dim" />
        {file.name}
        <span className="text-dim">{bytes(file.size_bytes)}</span>
        <Download className="size-4 text-dim" />
      </a>
    </div>
  );
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
  if (type.startsWith("audio/")) return <audio controls src={source} className="w-full max-w-md" />;
  if (type.startsWith("video/"))
    return <video controls src={source} className="max-h-96 max-w-full rounded-md" />;
  return null;
}

function TableView({ rows }: { rows: Array<Record<string, Json>> }) {
  const words = useWords();
  const columns = [...new Set(rows.slice(0, MAX_ROWS).flatMap((row) => Object.keys(row)))];
  const [sort, setSort] = useState<{ column: string; isDown: boolean } | null>(null);
  const sorted = sort
    ? [...rows].sort((a, b) => {
        const [x, y] = [a[sort.column], b[sort.column]];
        const order =
          typeof x === "number" && typeof y === "number"
            ? x - y
            : String(x ?? "").localeCompare(String(y ?? ""));
        return sort.isDown ? -order : order;
      })
    : rows;
  return (
    <div className="max-h-96 overflow-auto rounded-md border">
      <table className="w-full text-13">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {columns.map((column) => (
              <th
                key={column}
                aria-sort={sort?.column === column ? (sort.isDown ? "descending" : "ascending") : "none"}
                className="text-left font-medium"
              >
                <button
                  type="button"
                  className="w-full px-3 py-1.5 text-left hover:text-accent"
                  onClick={() => setSort({ column, isDown: sort?.column === column && !sort.isDown })}
                >
                  {column} {sort?.column === column ? (sort.isDown ? "↓" : "↑") : ""}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MAX_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
            <tr key={index} className="border-t">
              {columns.map((column) => (
                <td key={column} className="max-w-xs truncate px-3 py-1.5">
                  {textOfValue(row[column], 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS ? (
        <p className="p-2 text-13 text-dim">{words.value.rows(MAX_ROWS, number(rows.length))}</p>
      ) : null}
    </div>
  );
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
