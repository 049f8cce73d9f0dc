// What kind of thing a value is, told by looking at it.

import { isList, isObject, type Json } from "@/graph-core/model";
import { rowsOfCsv } from "@/shared/value/csv";

export type ValueKind =
  | "file"
  | "media"
  | "markdown"
  | "html"
  | "code"
  | "link"
  | "table"
  | "csv"
  | "json"
  | "tree"
  | "text"
  | "plain";

const FILE = /^file:\/\/[0-9a-f-]{36}/i;
const MEDIA = /^data:(image\/(png|jpe?g|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+);base64,/i;
const HTML = /^\s*(<!doctype html\b|<html[\s>])/i;
/** A sign that can hardly be there by chance: a heading, a list, a fence, a table, a link, strong words. */
const MARKDOWN =
  /^#{1,6} \S|^\s*([-*+]|\d+\.) \S.*\n\s*([-*+]|\d+\.) \S|^```|^\|.*\|\n\|[ :|-]+\||\[[^\]\n]+\]\([^)\s]+\)|\*\*[^*\n]+\*\*/m;
const MOST_LOOKED_AT = 200_000;

export function kindOf(value: Json): ValueKind {
  if (isList(value))
    return value.length > 0 && value.every(isObject) && value.every(isFlat) ? "table" : "tree";
  if (isObject(value)) return "tree";
  if (typeof value !== "string") return "plain";
  if (FILE.test(value)) return "file";
  if (MEDIA.test(value)) return "media";
  if (/^https?:\/\/\S+$/.test(value)) return "link";
  return kindOfText(value);
}

/** What a text is: of a value, or of a file. */
export function kindOfText(text: string): ValueKind {
  if (HTML.test(text)) return "html";
  if (/^\s*```[\s\S]*```\s*$/.test(text) && text.trim().lastIndexOf("```", text.trim().length - 4) === 0)
    return "code";
  if (text.length <= MOST_LOOKED_AT && jsonOf(text) !== undefined) return "json";
  if (MARKDOWN.test(text)) return "markdown";
  if (text.length <= MOST_LOOKED_AT && rowsOfCsv(text) !== null) return "csv";
  return "text";
}

/** The object or list that a text is as JSON; undefined where it is none. */
export function jsonOf(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const found: Json = JSON.parse(text);
    return isObject(found) || isList(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isFlat(row: Record<string, Json>): boolean {
  return Object.values(row).every((one) => !isObject(one) && !isList(one));
}

/** A value as text; JSON for what is none. */
export function textOfValue(value: Json, indent = 2): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, indent) ?? "";
}
