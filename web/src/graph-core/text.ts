// Values in messages, written as the server writes them: both say the same about the same.

import { isList, isObject, type Json } from "@/graph-core/model";

const SHOWN = 120;

/** A text in quotes. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** A value as JSON text, with a space after every comma and colon. */
export function jsonText(value: Json): string {
  if (isList(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}: ${jsonText(one)}`)
      .join(", ")}}`;
  return JSON.stringify(value ?? null);
}

/** A value for a message, shortened. */
export function show(value: Json): string {
  const text = [...jsonText(value)];
  return text.length <= SHOWN ? text.join("") : `${text.slice(0, SHOWN - 1).join("")}…`;
}

/** "AddToList" as people read it: "Add To List". */
export function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2");
}
