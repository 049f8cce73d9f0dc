// Editing an agent in the builder: what two people did, what was left, earlier versions, all the ways to fill a graph.

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { ask, barriers, openBrowser, type Platform, startPlatform, traced, type Visit, visit } from "./stage";

let browser: Browser;
let platform: Platform;
let here: Visit;
let endTrace: (hasFailed: boolean) => Promise<void>;

beforeAll(async () => {
  [browser, platform] = await Promise.all([openBrowser(), startPlatform()]);
});
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});
beforeEach(async ({ task }: TestContext) => {
  here = await visit(browser, platform.url);
  here.page.setDefaultTimeout(20_000);
  await here.page.addInitScript(() => localStorage.setItem("autograph.welcomed", "yes"));
  // What is not saved is kept: leaving need not be asked about.
  here.page.on("dialog", (dialog) => dialog.accept());
  endTrace = await traced(here.context, `editing-${task.name.replace(/\W+/g, "-")}`);
});
afterEach(async ({ task }: TestContext) => {
  await endTrace(task.result?.state === "fail");
  await here.context.close();
  expect(here.faults).toEqual([]);
});

const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
const STORE = "1ff065e9-88e8-4358-9d82-8dc91f622ba9";
const NUMBER = "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98";
const OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4";

interface Saved {
  id: string;
  version: number;
  graph: {
    name: string;
    nodes: Array<{ id: string; constants?: Record<string, unknown> }>;
    links: unknown[];
  };
}

const SUM = {
  autograph: 1,
  id: crypto.randomUUID(),
  name: "Sum",
  version: 1,
  nodes: [
    { id: "a", block_id: NUMBER, constants: { name: "a" } },
    { id: "sum", block_id: CALCULATOR, constants: { operation: "Add", b: 3 } },
    { id: "out", block_id: OUTPUT, constants: { name: "sum" } },
  ],
  links: [
    { from: "a", output: "result", to: "sum", input: "a" },
    { from: "sum", output: "result", to: "out", input: "value" },
  ],
  layout: { a: { x: 0, y: 0 }, sum: { x: 320, y: 0 }, out: { x: 640, y: 0 } },
};

function button(place: Page | Locator, name: string | RegExp): Locator {
  return place.getByRole("button", { name, exact: typeof name === "string" });
}

const panel = (page: Page) => page.getByRole("complementary", { name: "Inspector" });
const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

/** Save an agent as its person, and open it in the builder. */
async function opened(page: Page, agent: object, query = ""): Promise<string> {
  await page.goto("/library");
  const { id } = await ask<Saved>(page, "POST", "/api/v1/graphs", agent);
  await page.goto(`/build/${id}${query}`);
  await page.locator(".react-flow__node").first().waitFor();
  return id;
}

function now(page: Page, id: string): Promise<Saved> {
  return ask<Saved>(page, "GET", `/api/v1/graphs/${id}`);
}

describe("two people at one agent", () => {
  test("both keep what they did, where it was not the same", async () => {
    const { page } = here;
    const id = await opened(page, SUM);
    await node(page, "out").click();
    await panel(page).getByLabel("Name *").fill("total");
    await ask(page, "PUT", `/api/v1/graphs/${id}?base_version=1`, {
      ...SUM,
      name: "Sum of theirs",
      nodes: [SUM.nodes[0], { ...SUM.nodes[1], constants: { operation: "Add", b: 30 } }, SUM.nodes[2]],
    });
    await page.keyboard.press("Control+s");
    await page.getByText("Merged with version 2").waitFor();
    await page.getByText(/Version 3 · saved/).waitFor();
    const { graph } = await now(page, id);
    expect(graph.name).toBe("Sum of theirs");
    expect(graph.nodes.map((one) => one.constants)).toEqual([
      { name: "a" },
      { operation: "Add", b: 30 },
      { name: "total" },
    ]);
    // One step back is how it was here before the merge.
    await button(page, "Undo").click();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).first().inputValue()).toBe("Sum");
  });

  test("choose where they changed the same", async () => {
    const { page } = here;
    const id = await opened(page, SUM);
    await node(page, "sum").click();
    await panel(page).getByLabel("B *").fill("4");
    await page.getByLabel("Name", { exact: true }).first().fill("Mine");
    await ask(page, "PUT", `/api/v1/graphs/${id}?base_version=1`, {
      ...SUM,
      name: "Theirs",
      nodes: [SUM.nodes[0], { ...SUM.nodes[1], constants: { operation: "Add", b: 30 } }, SUM.nodes[2]],
    });
    await button(page, "Save").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "It was saved meanwhile" }).waitFor();
    await dialog.getByText("2 choices are left").waitFor();
    expect(await button(dialog, "Merge and save").isDisabled()).toBe(true);
    expect(await barriers(page)).toEqual([]);
    await dialog
      .getByRole("group", { name: /B$/ })
      .getByLabel(/Theirs/)
      .check();
    await dialog.getByRole("group", { name: "Name of the agent" }).getByLabel(/Mine/).first().check();
    await button(dialog, "Merge and save").click();
    await page.getByText(/Version 3 · saved/).waitFor();
    const { graph } = await now(page, id);
    expect([graph.name, graph.nodes[1]?.constants]).toEqual(["Mine", { operation: "Add", b: 30 }]);
  });
});

describe("what was done before", () => {
  test("is taken back after a reload, saved or not", async () => {
    const { page } = here;
    const id = await opened(page, SUM);
    const nodes = page.locator(".react-flow__node");
    await node(page, "sum").click();
    await page.keyboard.press("Delete");
    await expect.poll(() => nodes.count()).toBe(2);
    await page.reload();
    await page.getByText(/You left changes here/).waitFor();
    await page.getByText("+0 −1 ~0 nodes · 2 links").waitFor();
    expect(await nodes.count()).toBe(3);
    await button(page, "Take them").click();
    await expect.poll(() => nodes.count()).toBe(2);
    await page.keyboard.press("Control+z");
    await expect.poll(() => nodes.count()).toBe(3);
    await page.keyboard.press("Control+y");
    await expect.poll(() => nodes.count()).toBe(2);

    await page.keyboard.press("Control+s");
    await page.getByText(/Version 2 · saved/).waitFor();
    await page.reload();
    await expect.poll(() => nodes.count()).toBe(2);
    expect(await page.getByText(/You left changes here/).count()).toBe(0);
    await page.keyboard.press("Control+z");
    await expect.poll(() => nodes.count()).toBe(3);
    expect((await now(page, id)).version).toBe(2);
  });

  test("is shown version by version, and restored", async () => {
    const { page } = here;
    const id = await opened(page, SUM);
    await ask(page, "PUT", `/api/v1/graphs/${id}?base_version=1`, {
      ...SUM,
      nodes: [
        SUM.nodes[0],
        { ...SUM.nodes[1], constants: { operation: "Multiply", b: 3 } },
        { id: "store", block_id: STORE, constants: { input: "kept" } },
      ],
      links: [SUM.links[0]],
      layout: { ...SUM.layout, store: { x: 640, y: 160 } },
    });
    await page.goto(`/build/${id}`);
    await button(page, "Versions").click();
    const versions = page.getByRole("region", { name: "Versions" });
    const list = versions.getByRole("complementary", { name: "What changed" });
    await list.getByText("Add → Multiply").waitFor();
    expect(await list.getByRole("img", { name: "Added" }).count()).toBe(1);
    expect(await list.getByRole("img", { name: "Removed" }).count()).toBe(2);
    // On the canvas, with a sign each.
    await versions.locator('[data-id="store"]').getByRole("img", { name: "Added" }).waitFor();
    await versions.locator('[data-id="out"]').getByRole("img", { name: "Removed" }).waitFor();
    await versions.locator('[data-id="sum"]').getByRole("img", { name: "Changed" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(versions, /Version 1/).click();
    await list.getByText("Multiply → Add").waitFor();
    await button(versions, "Restore version 1").click();
    await node(page, "out").waitFor();
    await page.keyboard.press("Control+s");
    await page.getByText(/Version 3 · saved/).waitFor();
    expect((await now(page, id)).graph.nodes.map((one) => one.id)).toEqual(["a", "sum", "out"]);
  });
});
