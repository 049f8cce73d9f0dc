import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { BlockSpec } from "@/graph-core/model";
import { likeness, search } from "@/graph-core/search";
import queries from "@/graph-core/search-queries.json";
import { spaced } from "@/graph-core/text";
import { stem, wantsOf } from "@/graph-core/words";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The catalogue as `/api/v1/blocks` gives it. */
const TELL = `
from autograph.api.rest.blocks import present
from autograph.blocks.catalog import load_catalog
print("[" + ",".join(present(block).model_dump_json() for block in load_catalog()) + "]")
`;
/** Of the queries, this share has what is meant among the first five: a few may be lost to new blocks. */
const GOOD = 0.95;
const MS_EACH = 50;

let blocks: BlockSpec[];

beforeAll(() => {
  const told = execFileSync(`${ROOT}.venv/bin/python`, ["-c", TELL], { maxBuffer: 64 * 1024 * 1024 });
  blocks = JSON.parse(told.toString());
}, 60_000);

function names(text: string): string[] {
  return search(blocks, text).map((one) => one.block.name);
}

describe("what people mean is among the first five", () => {
  const all = [...queries.tuned, ...queries.fresh] as Array<[string, string[]]>;
  const isChinese = (text: string) => /\p{Script=Han}/u.test(text);

  test.each([
    ["English", all.filter(([text]) => !isChinese(text)), 90],
    ["Chinese", all.filter(([text]) => isChinese(text)), 45],
  ])("in %s", (_, asked, atLeast) => {
    expect(asked.length).toBeGreaterThan(atLeast);
    const missed = asked.filter(
      ([text, meant]) =>
        !names(text)
          .slice(0, 5)
          .some((one) => meant.includes(one)),
    );
    expect(missed.length, JSON.stringify(missed)).toBeLessThanOrEqual(asked.length * (1 - GOOD));
  });

  test("and is found as one types", () => {
    names("a");
    const begin = performance.now();
    for (const [text] of all) names(text);
    expect((performance.now() - begin) / all.length).toBeLessThan(MS_EACH);
  });
});

test("a block that is called what was typed comes first, however it is written", () => {
  for (const { name } of blocks)
    for (const text of [name, name.toLowerCase(), spaced(name)])
      expect(names(text)[0]?.toLowerCase()).toBe(name.toLowerCase());
}, 60_000);

test.each([
  ["calc", "Calculator", "the beginning of its name"],
  ["text templ", "FillTextTemplate", "a name that is not typed to its end"],
  ["calculater", "Calculator", "a slip of the hand"],
  ["tempalte", "FillTextTemplate", "letters in another order"],
  ["sub-agent", "AgentExecutor", "another name"],
  ["send a message to my discord channel", "SendDiscordMessage", "a sentence"],
])("%s finds %s first by %s", (text, name) => {
  expect(names(text)[0]).toBe(name);
});

test("what was meant by another word is told, what stands in the name is not", () => {
  const first = (text: string) => search(blocks, text)[0];
  expect(first("天气")).toMatchObject({
    block: { name: "GetWeatherInformation" },
    why: [{ asked: "天气", found: "weather", place: "name" }],
  });
  expect(first("multiply")).toMatchObject({
    block: { name: "Calculator" },
    why: [{ asked: "multiply", found: "multiplies", place: "about" }],
  });
  expect(first("calculator")).toMatchObject({ block: { name: "Calculator" }, why: [] });
});

test("what fits nothing finds nothing", () => {
  for (const text of ["zzqx", "斑马斑马", "  ", "!"]) expect(names(text)).toEqual([]);
});

test.each([
  ["send a message to my team", ["send", "message", "team"]],
  ["text to speech", ["text speech"]],
  ["e-mail", ["email"]],
  ["to-do", ["todo"]],
  ["请帮我发一封邮件", ["发", "邮件"]],
  ["执行python脚本", ["执行", "python", "脚本"]],
  ["the", ["the"]],
])("%s asks for %j", (text, asked) => {
  expect(wantsOf(text).map((want) => want.asked)).toEqual(asked);
});

test.each([
  ["draws", "draw"],
  ["drawing", "draw"],
  ["merging", "merg"],
  ["merge", "merg"],
  ["replies", "reply"],
  ["splitting", "split"],
  ["news", "news"],
  ["string", "string"],
])("the stem of %s is %s", (word, expected) => {
  expect(stem(word)).toBe(expected);
});

test("likeness is 1 for the same word and 0 for words without a letter in common", () => {
  expect(likeness("timer", "timer")).toBe(1);
  expect(likeness("abc", "xyz")).toBe(0);
});
