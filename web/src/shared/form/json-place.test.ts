import { expect, test } from "vitest";
import { placeOfError } from "@/shared/form/json-place";

test.each([
  "1",
  "null",
  '"a\\u00e9\\n"',
  "[]",
  "{}",
  ' { "a" : [1, -2.5e+3, {"b": null}], "c": {} } ',
  "[[[]], {}]",
])("%s is JSON", (text) => {
  expect(() => JSON.parse(text)).not.toThrow();
  expect(placeOfError(text)).toBeNull();
});

test.each([
  ["{", 1, 2],
  ['{"a": 1,}', 1, 9],
  ["[1,\n 2\n 3]", 3, 2],
  ['{"a" 1}', 1, 6],
  ["{a: 1}", 1, 2],
  ["[1, 2", 1, 6],
  ["[01]", 1, 3],
  ["[1]]", 1, 4],
  ["{]", 1, 2],
  ['["open]', 1, 2],
  ["[tru]", 1, 2],
  ["", 1, 1],
  ["[1 2]", 1, 4],
])("%s is none from line %i, column %i on", (text, line, column) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(placeOfError(text)).toMatchObject({ line, column });
});
