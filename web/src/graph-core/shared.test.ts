// The same cases that tests/unit/graph/test_shared_cases.py asks the server's code about.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canEverFit, fitsAsIs, misfit } from "@/graph-core/coerce";
import { diff, type GraphDiff } from "@/graph-core/diff";
import type { BlockSpec, Graph, Json, Schema } from "@/graph-core/model";
import { isToolPin, parsePin } from "@/graph-core/pins";
import { byNode, validate } from "@/graph-core/validate";

interface Cases {
  pins: Array<{
    name: string;
    base: string;
    path: Array<string | number>;
    broken: string | null;
    tool: boolean;
  }>;
  fits: Array<{ source: Schema; sink: Schema; can: boolean; as_is: boolean }>;
  values: Array<{ schema: Schema; value: Json; message: string | null }>;
  blocks: BlockSpec[];
  diffs: Array<{ title: string; old: Graph; new: Graph; diff: GraphDiff }>;
  graphs: Array<{ title: string; graph: Graph; saved: string[]; errors: object; warnings: object }>;
}

const file = new URL("../../../tests/fixtures/graph-core.json", import.meta.url);
const cases: Cases = JSON.parse(readFileSync(file, "utf8"));
const specs = new Map(cases.blocks.map((block) => [block.id, block]));

test.each(cases.pins)("pin $name", ({ name, base, path, broken, tool }) => {
  expect(parsePin(name)).toEqual({ base, path, broken });
  expect(isToolPin(name)).toBe(tool);
});

test.each(cases.fits)("$source into $sink", ({ source, sink, can, as_is }) => {
  expect(canEverFit(source, sink)).toBe(can);
  expect(fitsAsIs(source, sink)).toBe(as_is);
});

test.each(cases.values)("$value for $schema", ({ schema, value, message }) => {
  expect(misfit(schema, value)?.message ?? null).toBe(message);
});

describe("graphs", () => {
  test.each(cases.graphs)("$title", ({ graph, saved, errors, warnings }) => {
    const problems = validate(graph, specs, new Set(saved));
    expect(byNode(problems, "error")).toEqual(errors);
    expect(byNode(problems, "warning")).toEqual(warnings);
  });
});

test.each(cases.diffs)("difference: $title", (one) => {
  expect(diff(one.old, one.new)).toEqual(one.diff);
});
