// Notes which rows of the mission's checklist have a flow that passes: `.cache/rows-web.json`, read by `make rows`.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

declare module "vitest" {
  interface TaskMeta {
    /** Rows that the test proves, as `@pytest.mark.seed` names them. */
    seed?: string[];
  }
}

const CACHE = new URL("../../.cache/", import.meta.url).pathname;

/** A row counts when every flow that is tagged with it passed. */
export default class Rows implements Reporter {
  private readonly rows: Record<string, boolean> = {};

  onTestCaseResult(test: TestCase): void {
    for (const row of test.meta().seed ?? [])
      this.rows[row] = (this.rows[row] ?? true) && test.result().state === "passed";
  }

  onTestRunEnd(_: ReadonlyArray<TestModule>): void {
    if (Object.keys(this.rows).length === 0) return;
    const file = join(CACHE, "rows-web.json");
    const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(file, JSON.stringify({ ...known, ...this.rows }, null, 1));
  }
}
