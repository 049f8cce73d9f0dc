import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": new URL("../src", import.meta.url).pathname } },
  test: {
    dir: "e2e",
    include: ["**/*.test.ts"],
    reporters: ["default", fileURLToPath(new URL("rows.ts", import.meta.url))],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // One platform and one browser at a time: a test that waits for its turn measures nothing.
    fileParallelism: false,
  },
});
