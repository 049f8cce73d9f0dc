// What kind of thing a value is, told by looking at it.

import { isList, isObject, type Json } from "@/graph-core/model";

export type ValueKind = "file" | "media" | "markdown" | "code" | "link" | "table" | "tree" | "text" | "plain";

const FILE = /^file:\/\/[0-9a-f-]{36}/i;
const MEDIA = /^data:(image\/(png|jpe?g|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+);base64,/i;
/** A sign that can hardly be there by chance: a heading, a list, a fence, a table, a link, strong words. */
const MARKDOWN =
  /^#{1,6} \S|^\s*([-*+]|\d+\.) \S.*\n\s*([-*+]|\d+\.) \S|^```|^\|.*\|\n\|[ :|-]+\||\[[^\]\n]+\]\([^)\s]+\)|\*\*[^*\n]+\*\*/m;

export function kindOf(value: Json): ValueKind {
  if (isList(value))
    return value.length > 0 && value.every(isObject) && value.every(isFlat) ? "table" : "tree";
  if (isObject(value)) return "tree";
  if (typeof value !== "string") return "plain";
  if (FILE.test(value)) return "file";
  if (MEDIA.test(value)) return "media";
  if (/^https?:\/\/\S+$/.test(value)) return "link";
  if (/^\s*```[\s\S]*```\s*$/.test(value) && value.trim().lastIndexOf("```", value.trim().length - 4) === 0)
    return "code";
  if (MARKDOWN.test(value)) return "markdown";
  return "text";
}

function isFlat(row: Record<string, Json>): boolean {
  return Object.values(row).every((one) => !isObject(one) && !isList(one));
}

/** A value as text; JSON for what is none. */
export function textOfValue(value: Json, indent = 2): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, indent) ?? "";
}
