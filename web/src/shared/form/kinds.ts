// Which widget asks for a value of a schema.

import { typesOf } from "@/graph-core/coerce";
import { isObject, type Json, type Schema } from "@/graph-core/model";

/** How a value of a schema is asked for. `json` is for what no schema describes well enough: nothing of ours. */
export type WidgetKind =
  | "switch"
  | "choice"
  | "choices"
  | "number"
  | "long-text"
  | "text"
  | "secret"
  | "code"
  | "model"
  | "date"
  | "time"
  | "date-time"
  | "file"
  | "drive-file"
  | "list"
  | "table"
  | "fields"
  | "pairs"
  | "union"
  | "json";

const SCALARS = ["string", "number", "integer", "boolean"];

/** The schema that remains when null is taken out of a choice of two. */
export function withoutNull(schema: Schema): Schema {
  const members = membersOf(schema);
  if (members.length !== 1 || !members[0]) return schema;
  const { anyOf: _, oneOf: __, ...rest } = schema;
  return { ...rest, ...members[0], title: schema.title ?? members[0].title ?? "" };
}

/** The kinds of value that a union takes, without null; objects of which nothing is known are one kind. */
export function membersOf(schema: Schema): Schema[] {
  const all = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.type !== "null");
  const isOpen = (one: Schema) => one.type === "object" && !one.properties;
  return all.filter((one, index) => !isOpen(one) || all.findIndex(isOpen) === index);
}

/** Whether nothing is a value of its own: the pin takes null, and means something else when it is left alone. */
export function takesNull(schema: Schema): boolean {
  const says = schema.type ?? schema.anyOf ?? schema.oneOf;
  return (
    says !== undefined &&
    typesOf(schema).has("null") &&
    schema.default !== undefined &&
    schema.default !== null
  );
}

/** What any value may be, for a pin whose schema says nothing. */
export const ANY: Schema[] = [
  { type: "string" },
  { type: "number" },
  { type: "boolean" },
  { type: "array", items: {} },
  { type: "object", additionalProperties: true },
  { type: "null" },
  { format: "json" },
];

export function widgetOf(given: Schema): WidgetKind {
  const schema = withoutNull(given);
  if (schema.enum) return "choice";
  if (schema.format === "json") return "json";
  if (typeof schema["x-models"] === "string") return "model";
  if (schema.format === "google-drive-picker") return "drive-file";
  if (membersOf(schema).length > 1)
    return membersOf(schema).every(
      (one) => one.type === "string" || one.type === "integer" || one.type === "number",
    )
      ? "text"
      : "union";
  const types = [...typesOf(schema)].filter((one) => one !== "null");
  if (types.length !== 1)
    return types.every((one) => SCALARS.includes(one)) && types.length < 4 ? "text" : "union";
  switch (types[0]) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "array":
      return widgetOfList(schema);
    case "object":
      return schema.properties && Object.keys(schema.properties).length > 0 ? "fields" : "pairs";
    case "string":
      return widgetOfText(schema);
    default:
      return "json";
  }
}

function widgetOfList(schema: Schema): WidgetKind {
  const item = schema.items ?? {};
  if (item.enum) return "choices";
  const columns = Object.values(item.properties ?? {});
  if (schema.format === "table") return "table";
  return columns.length > 0 && columns.every(isCell) ? "table" : "list";
}

/** Whether a value of a schema fits into a cell. */
function isCell(schema: Schema): boolean {
  return ["text", "number", "switch", "choice", "date"].includes(widgetOf(schema));
}

function widgetOfText(schema: Schema): WidgetKind {
  if (schema.secret || schema.format === "password") return "secret";
  if (typeof schema["x-code"] === "string") return "code";
  switch (schema.format) {
    case "long-text":
    case "file":
    case "date":
    case "time":
    case "date-time":
      return schema.format;
    default:
      return "text";
  }
}

/** Which member of a union a value is of; 0 where it is none. */
export function memberOf(members: Schema[], value: Json): number {
  const fits = members.findIndex((one) => {
    const types = typesOf(one);
    if (value === null) return types.has("null") && one.type !== undefined;
    if (isObject(value)) {
      const tag = one.properties?.discriminator?.const;
      return types.has("object") && (tag === undefined || value.discriminator === tag);
    }
    const type = Array.isArray(value) ? "array" : typeof value;
    return types.has(type) || (type === "number" && types.has("integer"));
  });
  return Math.max(0, fits);
}

/** A value to begin with. */
export function blankOf(schema: Schema): Json {
  if (schema.default !== undefined) return schema.default;
  const plain = withoutNull(schema);
  if (plain.enum) return plain.enum[0];
  if (plain.const !== undefined) return plain.const;
  const type = [...typesOf(plain)].find((one) => one !== "null");
  switch (type) {
    case "object": {
      const tag = plain.properties?.discriminator?.const;
      return tag === undefined ? {} : { discriminator: tag };
    }
    case "array":
      return [];
    case "boolean":
      return false;
    case "number":
    case "integer":
      return 0;
    case undefined:
      return null;
    default:
      return "";
  }
}
