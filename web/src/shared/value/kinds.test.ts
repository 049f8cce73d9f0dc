import { expect, test } from "vitest";
import { rowsOfCsv } from "@/shared/value/csv";
import { withoutActs } from "@/shared/value/inert";
import { kindOf } from "@/shared/value/kinds";

test.each([
  ["file://01900000-0000-7000-8000-0000000000ff", "file"],
  ["data:image/png;base64,AAAA", "media"],
  ["data:text/html;base64,AAAA", "text"],
  ["https://example.org/a?b=c", "link"],
  ["# Title\n\nText", "markdown"],
  ["<!DOCTYPE html><p>Hi", "html"],
  ["<b>not a page</b>", "text"],
  ["```js\nlet a = 1;\n```", "code"],
  ['{"a": [1, 2]}', "json"],
  ["{not json}", "text"],
  ["name,age\nAda,36\nBob,41", "csv"],
  ["Dear Ada,\nthank you, and farewell,\nBob", "text"],
  ["One, two. Three, four.\nFive, six.", "text"],
  ["plain", "text"],
  [[{ a: 1 }, { a: 2 }], "table"],
  [[{ a: {} }], "tree"],
  [[], "tree"],
  [{ a: 1 }, "tree"],
  [3, "plain"],
  [null, "plain"],
])("%j is shown as %s", (value, kind) => {
  expect(kindOf(value)).toBe(kind);
});

test("cells may hold separators, quotes and lines", () => {
  expect(rowsOfCsv('name;said\r\nAda;"a;b\nsaid ""hi"""\r\n')).toEqual([
    { name: "Ada", said: 'a;b\nsaid "hi"' },
  ]);
  expect(rowsOfCsv('a,b\n1,"2')).toBeNull();
  expect(rowsOfCsv("a,b\n1,2,3")).toBeNull();
  expect(rowsOfCsv("a,a\n1,2")).toBeNull();
});

test("styles and handlers are taken out of tags, and words stay as they are", () => {
  expect(withoutActs('<style>p { }</style><p class="a" style="b" onclick="c">My style = "on time"</p>')).toBe(
    '<p class="a" data-was-style="b" data-was-onclick="c">My style = "on time"</p>',
  );
});
