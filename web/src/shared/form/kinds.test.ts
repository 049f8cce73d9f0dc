// Every shape of every pin there is (made from the blocks by `make docs`) has a widget that asks for it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isObject, type Schema } from "@/graph-core/model";
import { ANY, blankOf, memberOf, membersOf, takesNull, widgetOf, withoutNull } from "@/shared/form/kinds";

const file = new URL("../../../../tests/fixtures/pin-schemas.json", import.meta.url);
const pins: Array<{ pin: string; schema: Schema }> = JSON.parse(readFileSync(file, "utf8"));

/** A schema and all that a form made from it asks for, each with where it is. */
function parts(schema: Schema, at: string): Array<[string, Schema]> {
  const plain = withoutNull(schema);
  const kind = widgetOf(schema);
  const inner: Array<[string, Schema]> =
    kind === "union"
      ? membersOf(plain).map((one, index) => [`${at}|${index}`, one])
      : kind === "fields"
        ? Object.entries(plain.properties ?? {}).map(([name, one]) => [`${at}.${name}`, one])
        : kind === "list" || kind === "table"
          ? [[`${at}[]`, plain.items ?? {}]]
          : kind === "pairs" && isObject(plain.additionalProperties)
            ? [[`${at}{}`, plain.additionalProperties as Schema]]
            : [];
  return [[at, schema], ...inner.flatMap(([where, one]) => parts(one, where))];
}

test("there are many shapes", () => {
  expect(pins.length).toBeGreaterThan(80);
});

test.each(pins)("$pin has a widget of its own all the way down", ({ pin, schema }) => {
  const raw = parts(schema, pin).filter(([, one]) => widgetOf(one) === "json");
  expect(raw).toEqual([]);
});

const OF = { type: "object", properties: { a: { type: "string" } } } as Schema;
test.each<[string, Schema, string]>([
  ["a choice", { enum: ["a"] }, "choice"],
  ["a model", { type: "string", "x-models": "text" }, "model"],
  ["code", { type: "string", format: "long-text", "x-code": "python" }, "code"],
  ["a secret", { type: "string", secret: true }, "secret"],
  ["text or nothing", { anyOf: [{ type: "string" }, { type: "null" }] }, "text"],
  [
    "a long text or nothing",
    { anyOf: [{ type: "string" }, { type: "null" }], format: "long-text" },
    "long-text",
  ],
  ["a date", { type: "string", format: "date" }, "date"],
  ["a file", { type: "string", format: "file" }, "file"],
  ["several choices", { type: "array", items: { type: "string", enum: ["a"] } }, "choices"],
  ["texts", { type: "array", items: { type: "string" } }, "list"],
  ["lists of texts", { type: "array", items: { type: "array", items: { type: "string" } } }, "list"],
  ["anything in a list", { type: "array", items: {} }, "list"],
  ["rows", { type: "array", items: OF }, "table"],
  [
    "rows that hold lists",
    { type: "array", items: { type: "object", properties: { a: { type: "array" } } } },
    "list",
  ],
  ["a table", { type: "array", format: "table", items: { type: "object" } }, "table"],
  ["an object", OF, "fields"],
  ["an object of anything", { type: "object", additionalProperties: true }, "pairs"],
  ["text or number", { anyOf: [{ type: "string" }, { type: "integer" }] }, "text"],
  ["text or texts", { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] }, "union"],
  ["any value", {}, "union"],
])("%s is asked for as such", (_, schema, kind) => {
  expect(widgetOf(schema)).toBe(kind);
});

test("objects of which nothing is known are one kind of a union", () => {
  const schema = { anyOf: [{ type: "object" }, { type: "object" }, { type: "null" }] };
  expect(membersOf(schema)).toEqual([{ type: "object" }]);
  expect(widgetOf(schema)).toBe("pairs");
});

test("a value is of the kind that it looks like", () => {
  const tagged = (tag: string): Schema => ({ type: "object", properties: { discriminator: { const: tag } } });
  expect(memberOf(ANY, "a")).toBe(0);
  expect(memberOf(ANY, 1)).toBe(1);
  expect(memberOf(ANY, false)).toBe(2);
  expect(memberOf(ANY, [])).toBe(3);
  expect(memberOf(ANY, {})).toBe(4);
  expect(memberOf(ANY, null)).toBe(5);
  expect(memberOf(ANY, undefined)).toBe(0);
  expect(memberOf([tagged("a"), tagged("b")], { discriminator: "b" })).toBe(1);
  expect(blankOf(tagged("b"))).toEqual({ discriminator: "b" });
  expect(blankOf({ anyOf: [{ type: "integer" }, { type: "null" }] })).toBe(0);
});

test("nothing is a value of its own only where something else is meant without it", () => {
  const or = { anyOf: [{ type: "integer" }, { type: "null" }] };
  expect(takesNull({ ...or, default: 5 })).toBe(true);
  expect(takesNull({ ...or, default: null })).toBe(false);
  expect(takesNull(or)).toBe(false);
  expect(takesNull({ default: 5 })).toBe(false);
});
