// What a person has to fetch before they see the library, or the builder, for the first time.

import { existsSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const built = new URL("../../../src/autograph/api/page/built/", import.meta.url);
const KILO = 1024;

/** Bytes of a page with everything it imports, as gzip sends them. */
function weight(page: string): number {
  const manifest: Record<string, Chunk> = JSON.parse(readFileSync(new URL("manifest.json", built), "utf8"));
  const files = new Set<string>();
  const visit = (name: string, seen = new Set<string>()) => {
    const chunk = manifest[name];
    if (!chunk || seen.has(name)) return;
    seen.add(name);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const one of chunk.imports ?? []) visit(one, seen);
  };
  visit("index.html");
  visit(page);
  expect(manifest[page]).toBeDefined();
  return [...files].reduce((sum, file) => {
    const compressed = new URL(`${file}.gz`, built);
    return sum + statSync(existsSync(compressed) ? compressed : new URL(file, built)).size;
  }, 0);
}

test("the library is light", () => {
  expect(weight("src/features/library/library-page.tsx")).toBeLessThan(200 * KILO);
});

test("the run page is light", () => {
  expect(weight("src/features/runs/run-page.tsx")).toBeLessThan(220 * KILO);
});

test("the builder is bearable", () => {
  expect(weight("src/features/builder/builder-page.tsx")).toBeLessThan(450 * KILO);
});
