// Debugging an agent on the canvas: running to a node, pinned values, breakpoints, and what goes over links meanwhile.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { around, BLOCKS, beenHere, button, here, save } from "./flow";
import { ask, barriers } from "./stage";

around({
  prepare: async (opened) => {
    await beenHere(opened);
    await opened.page.goto("/library");
  },
});

/** One → two → three, each adding one to what came; then the sum goes out. */
async function adders(page: Page): Promise<string> {
  const names = ["one", "two", "three"];
  const nodes = names.map((id) => ({
    id,
    name: id,
    block_id: BLOCKS.calculator,
    constants: { operation: "Add", a: 0, b: 1 },
  }));
  const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Adders",
    version: 1,
    nodes: [...nodes, { id: "out", block_id: BLOCKS.output, constants: { name: "sum" } }],
    links: [
      { from: "one", output: "result", to: "two", input: "a" },
      { from: "two", output: "result", to: "three", input: "a" },
      { from: "three", output: "result", to: "out", input: "value" },
    ],
    layout: Object.fromEntries([...names, "out"].map((id, index) => [id, { x: index * 300, y: 0 }])),
  });
  return saved.id;
}

const nodeOf = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const bar = (page: Page) => page.locator("[data-run-bar]");

async function run(page: Page): Promise<void> {
  await button(page.getByRole("dialog"), "Run").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

async function menu(page: Page, node: string, item: string): Promise<void> {
  await nodeOf(page, node).locator("header").click({ button: "right" });
  await page.getByRole("menuitem", { name: item }).click();
}

test("a run goes to a node and ends there, and the bar covers no node", async () => {
  const { page } = here;
  await page.goto(`/build/${await adders(page)}`);
  await menu(page, "two", "Run to here");
  await page.getByRole("dialog").getByText("Runs to two, and ends there.").waitFor();
  await run(page);

  await bar(page).getByText("Done").waitFor();
  await bar(page).getByText("2 steps").waitFor();
  await nodeOf(page, "two").getByText("Done").waitFor({ state: "attached" });
  expect(await nodeOf(page, "three").getByText("Done").count()).toBe(0);
  await expect.poll(() => covered(page)).toEqual([]);
  expect(await barriers(page)).toEqual([]);

  // The same by keys: what is selected is run to.
  await nodeOf(page, "three").click();
  await page.keyboard.press("t");
  await run(page);
  await bar(page).getByText("3 steps").waitFor();
});

test("the run bar leaves the graph its room, folds, and keeps clear of what one works with", async () => {
  const { page } = here;
  const long = Array.from({ length: 40 }, (_, line) => `- line ${line}`).join("\n");
  const id = await save(page, {
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Long output",
    version: 1,
    nodes: [
      { id: "top", block_id: BLOCKS.store, constants: { input: long } },
      { id: "low", block_id: BLOCKS.store, name: "Low", constants: { input: 1 } },
      { id: "out", block_id: BLOCKS.output, constants: { name: "text" } },
    ],
    links: [{ from: "top", output: "output", to: "out", input: "value" }],
    layout: { top: { x: 0, y: 0 }, low: { x: 300, y: 360 }, out: { x: 600, y: 0 } },
  });
  await page.goto(`/build/${id}`);
  await button(page, "Run").first().click();
  await run(page);
  await bar(page).getByText("line 39").waitFor();
  await expect.poll(() => covered(page)).toEqual([]);

  await button(bar(page), "Fold what came out").click();
  expect(await bar(page).getByText("line 39").count()).toBe(0);
  await page.reload();
  await bar(page).getByText("Done").waitFor();
  expect(await bar(page).getByText("line 39").count()).toBe(0);
  await expect.poll(() => covered(page)).toEqual([]);
  expect(await barriers(page)).toEqual([]);

  // Somebody moves the view, so that a node stands right above the folded bar, and works with that one.
  const pane = await page.locator(".react-flow__pane").boundingBox();
  const low = await nodeOf(page, "low").boundingBox();
  const top = (await bar(page).boundingBox())?.y;
  if (!pane || !low || !top) throw new Error("the canvas is nowhere");
  await page.mouse.move(pane.x + 60, pane.y + pane.height - 220);
  await page.mouse.down();
  await page.mouse.move(pane.x + 60, pane.y + pane.height - 220 + (top - 10 - low.y - low.height), {
    steps: 4,
  });
  await page.mouse.up();
  await nodeOf(page, "low").locator("header").click();
  await button(bar(page), "Show what came out").click();
  await bar(page).getByText("line 39").waitFor();
  await expect.poll(() => covered(page)).not.toContain("low");
});

test("what a node gave out is pinned, edited, and given up again", async () => {
  const { page } = here;
  const agent = await adders(page);
  await page.goto(`/build/${agent}`);
  await button(page, "Run").first().click();
  await run(page);
  await bar(page).getByText("4 steps").waitFor();

  await nodeOf(page, "two").click();
  await page.keyboard.press("p");
  await page.getByText("two is pinned to what it gave out.").waitFor();
  await nodeOf(page, "two").getByLabel("Pinned: it does not run").waitFor();
  expect(await barriers(page)).toEqual([]);

  await menu(page, "two", "Edit the pinned value");
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByLabel("Value 1", { exact: true }).inputValue()).toBe("2");
  await dialog.getByLabel("Value 1", { exact: true }).fill("40");
  expect(await barriers(page)).toEqual([]);
  await button(dialog, "Pin").click();

  // Pins are kept in this browser, and sent with the next run.
  await page.goto(`/build/${agent}`);
  await nodeOf(page, "two").getByLabel("Pinned: it does not run").waitFor();
  await button(page, "Run").first().click();
  await page.getByText("1 node is pinned.").waitFor();
  await run(page);
  await bar(page).getByText("Done").waitFor();
  await bar(page).getByText("41").waitFor();

  await menu(page, "two", "Unpin");
  expect(await nodeOf(page, "two").getByLabel("Pinned: it does not run").count()).toBe(0);
  await button(page, "Run").first().click();
  await run(page);
  await bar(page).getByText("3", { exact: true }).waitFor();
});

test("a run waits at a breakpoint, is stepped, gets other inputs, and is stopped", async () => {
  const { page } = here;
  await page.goto(`/build/${await adders(page)}`);
  await nodeOf(page, "one").click();
  await page.keyboard.press("k");
  await nodeOf(page, "one").getByLabel("Breakpoint: runs wait here").waitFor();
  await button(page, "Run").first().click();
  await page.getByText("Waits at 1 breakpoint.").waitFor();
  await run(page);

  await bar(page).getByText("Paused before one").waitFor();
  await nodeOf(page, "one").getByLabel("Paused here").waitFor();
  await expect.poll(() => covered(page)).toEqual([]);
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("F10");
  await bar(page).getByText("Paused before two").waitFor();

  await button(bar(page), "Edit inputs").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^B/).fill("40");
  expect(await barriers(page)).toEqual([]);
  await button(dialog, "Step").click();
  await bar(page).getByText("Paused before three").waitFor();
  await button(bar(page), /^Continue/).click();
  await bar(page).getByText("Done").waitFor();
  await bar(page).getByText("42").waitFor();

  await button(page, "Run").first().click();
  await run(page);
  await bar(page).getByText("Paused before one").waitFor();
  await button(bar(page), "Stop").click();
  await bar(page).getByText("Stopped").waitFor();
});

test("a breakpoint in an agent inside is let go from the outer one", async () => {
  const { page } = here;
  const inner = crypto.randomUUID();
  const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Outer",
    version: 1,
    nodes: [
      {
        id: "agent",
        block_id: BLOCKS.agent,
        constants: {
          graph_id: inner,
          graph_version: 1,
          agent_name: "Inner",
          input_schema: { type: "object", properties: {} },
          output_schema: { type: "object", properties: { n: {} } },
        },
      },
      { id: "out", block_id: BLOCKS.output, constants: { name: "n" } },
    ],
    links: [{ from: "agent", output: "n", to: "out", input: "value" }],
    layout: { agent: { x: 0, y: 0 }, out: { x: 300, y: 0 } },
    sub_graphs: [
      {
        id: inner,
        name: "Inner",
        version: 1,
        nodes: [
          {
            id: "deep",
            name: "Deep",
            block_id: BLOCKS.calculator,
            constants: { operation: "Add", a: 1, b: 1 },
          },
          { id: "give", block_id: BLOCKS.output, constants: { name: "n" } },
        ],
        links: [{ from: "deep", output: "result", to: "give", input: "value" }],
      },
    ],
  });
  const begun = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${saved.id}/execute`, {
    breakpoints: ["deep"],
  });
  await page.goto(`/build/${saved.id}?run=${begun.id}`);
  await bar(page).getByText("Paused before Deep").waitFor();
  await button(bar(page), /^Continue/).click();
  await bar(page).getByText("Done").waitFor();
});

test("values stand at pins, on links at a glance, and all of them once a link is chosen", async () => {
  const { page } = here;
  const agent = await adders(page);
  const made = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${agent}/execute?wait=10`, {
    pinned: { two: { result: [7, 8] } },
  });
  await page.goto(`/build/${agent}?run=${made.id}`);
  await bar(page).getByText("Done").waitFor();
  await nodeOf(page, "two").getByText("8", { exact: true }).first().waitFor();

  const link = page.locator('.react-flow__edge[aria-label*="two"] path').last();
  await link.hover({ force: true });
  await page.getByText("2×").waitFor();
  await link.click({ force: true });
  const values = page.getByRole("region", { name: "2 values" });
  await values.getByText("7", { exact: true }).waitFor();
  await values.getByText("8", { exact: true }).waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("a large graph is seen whole as tiles with names, marks and links, and near as nodes", async () => {
  const { page } = here;
  const all = [...Array(200).keys()];
  const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Large",
    version: 1,
    nodes: all.map((i) => ({
      id: `n${i}`,
      block_id: BLOCKS.calculator,
      constants: { operation: "Add", a: 0, b: 1 },
    })),
    links: all
      .filter((i) => i % 14 > 0)
      .map((i) => ({ from: `n${i - 1}`, output: "result", to: `n${i}`, input: "a" })),
    layout: Object.fromEntries(all.map((i) => [`n${i}`, { x: (i % 14) * 320, y: Math.floor(i / 14) * 240 }])),
  });
  await page.goto(`/build/${saved.id}`);
  await nodeOf(page, "n199").waitFor();
  expect(await page.locator(".react-flow__node").count()).toBe(200);
  const tile = nodeOf(page, "n105");
  const size = () => tile.evaluate((node: HTMLElement) => [node.offsetWidth, node.offsetHeight]);
  const [width = 0, height = 0] = await size();
  expect([width, height > 120]).toEqual([240, true]);
  await tile.getByText("Calculator").waitFor();
  await page.locator(".react-flow__edge").last().waitFor({ state: "attached" });
  await expect
    .poll(() => page.locator(".react-flow__edge").count(), { timeout: 10_000 })
    .toBe(all.filter((i) => i % 14).length);

  await tile.click();
  await page.keyboard.press("k");
  await tile.getByLabel("Breakpoint: runs wait here").waitFor();
  for (let times = 0; times < 4; times += 1) await page.locator(".react-flow__controls-zoomin").click();
  await tile.getByText("Operation").waitFor();
  expect(await tile.getByLabel("Breakpoint: runs wait here").count()).toBe(1);
});

/** The nodes that the run bar covers. */
async function covered(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const over = document.querySelector("[data-run-bar]")?.getBoundingClientRect();
    if (!over) return ["no bar"];
    return [...document.querySelectorAll<HTMLElement>(".react-flow__node")]
      .filter((node) => {
        const box = node.getBoundingClientRect();
        return (
          box.bottom > over.top && box.top < over.bottom && box.right > over.left && box.left < over.right
        );
      })
      .map((node) => node.dataset.id ?? "");
  });
}
