// Whether a value, or a type, can be made to fit a pin. Mirrors graph/coerce.py: nothing is invented.

import { isList, isObject, type Json, type Schema } from "@/graph-core/model";
import { jsonText, show } from "@/graph-core/text";

export const TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"] as const;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const MAX_DIGITS = 400;
const ANY: ReadonlySet<string> = new Set(TYPES);
const SCALAR_TEXT = ["string", "null"];

/** By type of a sink, the types from which a coercion can succeed. */
const REACHES: Record<string, ReadonlySet<string>> = {
  string: ANY,
  array: ANY,
  number: new Set(["number", "integer", ...SCALAR_TEXT]),
  integer: new Set(["number", "integer", ...SCALAR_TEXT]),
  boolean: new Set(["boolean", ...SCALAR_TEXT]),
  object: new Set(["object", ...SCALAR_TEXT]),
  null: new Set(["null"]),
};

/** What a type is called in a message. */
export const WORDS: Record<string, string> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** A value that cannot be made to fit without inventing something. */
export class CoercionError extends Error {
  constructor(
    readonly value: Json,
    readonly expected: string,
  ) {
    super(`Expected ${expected}, got ${show(value)}.`);
  }
}

export type Coercer = (value: Json) => Json;

export function typeName(value: Json): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "string") return "string";
  return isList(value) ? "array" : "object";
}

/** The JSON types that a schema admits; all of them where it does not say. */
export function typesOf(schema: Schema): ReadonlySet<string> {
  const members = schema.anyOf ?? schema.oneOf;
  if (members) return new Set(members.flatMap((one) => [...typesOf(one)]));
  if (typeof schema.type === "string") return new Set([schema.type]);
  if (isList(schema.type)) return new Set(schema.type as string[]);
  const choices = choicesOf(schema);
  return choices ? new Set(choices.map(typeName)) : ANY;
}

function choicesOf(schema: Schema): Json[] | undefined {
  return schema.enum ?? ("const" in schema ? [schema.const] : undefined);
}

/** Whether some value of `source` could be coerced to `sink`; false only when none can. */
export function canEverFit(source: Schema, sink: Schema): boolean {
  const sources = [...typesOf(source)];
  return [...typesOf(sink)].some((one) => sources.some((other) => REACHES[one]?.has(other)));
}

/** Whether every type of `source` is one of `sink`'s, so that nothing has to be coerced. */
export function fitsAsIs(source: Schema, sink: Schema): boolean {
  const sinks = typesOf(sink);
  return [...typesOf(source)].every((one) => sinks.has(one) || (one === "integer" && sinks.has("number")));
}

/** The function that makes values fit a schema, or throws; null where every value fits. */
export function coercerOf(schema: Schema): Coercer | null {
  const choices = choicesOf(schema);
  if (choices) return choiceCoercer(choices);
  const members = schema.anyOf ?? schema.oneOf;
  if (members) return unionCoercer(members);
  if (isList(schema.type))
    return unionCoercer((schema.type as string[]).map((type) => ({ ...schema, type })));
  if (schema.type === "array") return listCoercer(schema);
  if (schema.type === "object") return objectCoercer(schema);
  return SCALARS[schema.type ?? ""] ?? null;
}

const SCALARS: Record<string, Coercer> = {
  string: (value) => (typeof value === "string" ? value : jsonText(value)),
  number: (value) => {
    const found = typeof value === "number" ? value : parseNumber(value);
    if (found === null) throw new CoercionError(value, "a number");
    return found;
  },
  integer: (value) => {
    const found = typeof value === "number" ? value : parseNumber(value);
    if (found === null || !Number.isInteger(found)) throw new CoercionError(value, "a whole number");
    return found;
  },
  boolean: (value) => {
    if (typeof value === "boolean") return value;
    const word = typeof value === "string" ? value.trim().toLowerCase() : "";
    if (word !== "true" && word !== "false") throw new CoercionError(value, "true or false");
    return word === "true";
  },
  null: (value) => {
    if (value !== null && value !== undefined) throw new CoercionError(value, "nothing");
    return null;
  },
};

function parseNumber(value: Json): number | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (!NUMBER.test(text) || text.length > MAX_DIGITS) return null;
  const found = Number(text);
  return Number.isFinite(found) ? found : null;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listCoercer(schema: Schema): Coercer {
  const item = schema.items ? coercerOf(schema.items) : null;
  return (value) => {
    let found: Json[] = isList(value) ? value : [value];
    if (typeof value === "string" && value.trimStart().startsWith("[")) {
      const parsed = parseJson(value);
      if (isList(parsed)) found = parsed;
    }
    return item === null ? found : found.map(item);
  };
}

function objectCoercer(schema: Schema): Coercer {
  const declared = schema.properties ?? {};
  const coercers = new Map(Object.entries(declared).map(([name, one]) => [name, coercerOf(one)]));
  const rest = isObject(schema.additionalProperties)
    ? coercerOf(schema.additionalProperties as Schema)
    : null;
  return (value) => {
    const found = typeof value === "string" ? parseJson(value) : value;
    if (!isObject(found)) throw new CoercionError(value, "an object");
    return Object.fromEntries(
      Object.entries(found).map(([key, one]) => {
        const coercer = key in declared ? coercers.get(key) : rest;
        return [key, !coercer || one === null ? one : coercer(one)];
      }),
    );
  };
}

function choiceText(value: Json): string {
  return typeof value === "string" ? value : jsonText(value);
}

function choiceCoercer(choices: Json[]): Coercer {
  const byText = new Map(choices.map((one) => [choiceText(one), one]));
  const expected = `one of ${choices.map(show).join(", ")}`;
  return (value) => {
    const text = choiceText(value);
    if (!byText.has(text)) throw new CoercionError(value, expected);
    return byText.get(text);
  };
}

function unionCoercer(members: Schema[]): Coercer | null {
  const compiled = members.map((schema) => ({ types: typesOf(schema), coercer: coercerOf(schema) }));
  if (compiled.some((one) => one.coercer === null)) return null;
  const types = new Set(compiled.flatMap((one) => [...one.types]));
  const isOwn = (name: string) => types.has(name) || (name === "integer" && types.has("number"));
  const names = [...types].filter((one) => one !== "null").sort();
  const expected = [...new Set(names.map((one) => WORDS[one] ?? "a value"))].join(" or ");
  return (value) => {
    const name = typeName(value);
    const same = compiled.filter(
      (one) => one.types.has(name) || (name === "integer" && one.types.has("number")),
    );
    const candidates = isOwn(name) ? same : compiled;
    for (const { coercer } of candidates) {
      try {
        return (coercer as Coercer)(value);
      } catch (error) {
        // The only member it could belong to says best what is wrong.
        if (!(error instanceof CoercionError) || candidates.length === 1) throw error;
      }
    }
    throw new CoercionError(value, expected);
  };
}

/** What is wrong with a value for a schema; null where nothing is. */
export function misfit(schema: Schema, value: Json): CoercionError | null {
  try {
    coercerOf(schema)?.(value);
    return null;
  } catch (error) {
    if (error instanceof CoercionError) return error;
    throw error;
  }
}
