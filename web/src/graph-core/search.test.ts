import { expect, test } from "vitest";
import type { BlockSpec } from "@/graph-core/model";
import { likeness, score } from "@/graph-core/search";

function block(name: string, description: string, more: Partial<BlockSpec> = {}): BlockSpec {
  return {
    id: name,
    name,
    description,
    categories: [],
    kind: "Standard",
    effect: "pure",
    static_output: false,
    is_sensitive: false,
    input_schema: {},
    output_schema: {},
    deprecated: null,
    ...more,
  };
}

const BLOCKS = [
  block("Calculator", "Adds, subtracts, multiplies, divides or raises to a power."),
  block("AddToList", "Puts an entry into a list.", { aliases: ["append"] }),
  block("GmailSend", "Sends a message from the account.", {
    input_schema: { properties: { credentials: { credentials_provider: ["google"] } } },
  }),
  block("SendDiscordMessage", "Writes into a channel."),
  block("CountdownTimer", "Waits for a time."),
  block("FillTextTemplate", "Puts values into a text."),
];

function first(text: string): string | undefined {
  return BLOCKS.map((one) => ({ name: one.name, points: score(one, text) }))
    .filter((one) => one.points > 0)
    .sort((one, other) => other.points - one.points)[0]?.name;
}

test.each([
  ["calc", "Calculator", "the beginning of its name"],
  ["text template", "FillTextTemplate", "two words of its name"],
  ["append", "AddToList", "another name"],
  ["google", "GmailSend", "its provider"],
  ["email", "GmailSend", "another word for it"],
  ["sum", "Calculator", "what it is for"],
  ["sleep", "CountdownTimer", "another word for it"],
  ["calculater", "Calculator", "a slip of the hand"],
  ["tempalte", "FillTextTemplate", "letters in another order"],
  ["send a message to my discord channel", "SendDiscordMessage", "a sentence"],
  ["计算", "Calculator", "a word in Chinese"],
])("%s finds %s by %s", (text, name) => {
  expect(first(text)).toBe(name);
});

test("what fits nothing finds nothing", () => {
  expect(first("zebra")).toBeUndefined();
  expect(first("calculator zebra")).toBeUndefined();
  expect(first("  ")).toBeUndefined();
});

test("likeness is 1 for the same word and 0 for words without a letter in common", () => {
  expect(likeness("timer", "timer")).toBe(1);
  expect(likeness("abc", "xyz")).toBe(0);
});
