// The library: agents are taken in, run, put in order, found, and taken back; what they are run with is kept.

import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { around, BLOCKS, beenHere, button, here, save } from "./flow";
import { ask, barriers } from "./stage";

around({ settings: { AUTOGRAPH_RATE_WRITE: "0" }, prepare: beenHere });

/** What comes to be so within a while: what is asked is on its way, and the machine may be busy. */
function eventually<T>(look: () => Promise<T>) {
  return expect.poll(look, { timeout: 20_000 });
}

/** An agent that adds one to what it is given, or to one. */
function adder(name: string, more: object = {}) {
  return {
    autograph: 1,
    id: crypto.randomUUID(),
    name,
    version: 1,
    description: `${name} adds one.`,
    nodes: [
      { id: "in", block_id: BLOCKS.number, constants: { name: "amount", value: 1 } },
      { id: "sum", block_id: BLOCKS.calculator, constants: { operation: "Add", b: 1 } },
      { id: "out", block_id: BLOCKS.output, constants: { name: "total" } },
    ],
    links: [
      { from: "in", output: "result", to: "sum", input: "a" },
      { from: "sum", output: "result", to: "out", input: "value" },
    ],
    layout: { in: { x: 0, y: 0 }, sum: { x: 360, y: 0 }, out: { x: 720, y: 0 } },
    ...more,
  };
}

const cards = (page: Page) => page.getByRole("list", { name: "Agents" }).getByRole("listitem");
const card = (page: Page, name: string) =>
  cards(page).filter({ has: page.getByRole("heading", { name, exact: true }) });
const folders = (page: Page) => page.getByRole("list", { name: "Folders" }).getByRole("listitem");

async function choose(page: Page, of: Locator, item: string): Promise<void> {
  await button(of, /^More/).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

describe("the library", () => {
  test("takes a file by drop, opens it in the builder, and keeps what is changed there", async () => {
    const { page } = here;
    await page.goto("/library");
    await page.getByRole("heading", { name: "Your first agent" }).waitFor();
    const transfer = await page.evaluateHandle(
      (text) => {
        const made = new DataTransfer();
        made.items.add(new File([text], "adder.json", { type: "application/json" }));
        return made;
      },
      JSON.stringify(adder("Adder")),
    );
    const place = page.getByRole("region", { name: "Library" });
    await place.dispatchEvent("dragover", { dataTransfer: transfer });
    await page.getByText("Drop agent files here").waitFor();
    await place.dispatchEvent("drop", { dataTransfer: transfer });
    await page.getByRole("heading", { name: "Adder" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await page.getByRole("link", { name: "Edit" }).click();
    const nodes = page.locator(".react-flow__node");
    await eventually(() => nodes.count()).toBe(3);
    await nodes.nth(1).focus();
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary", { name: "Inspector" });
    await panel.getByLabel("B *").fill("41");
    await page.keyboard.press("Control+s");
    await page.getByText(/Version 2 · saved/).waitFor();
    await page.reload();
    await eventually(() => nodes.count()).toBe(3);
    await nodes.nth(1).focus();
    await page.keyboard.press("Enter");
    await eventually(() => panel.getByLabel("B *").inputValue()).toBe("41");
  });

  test("asks once for what the page's header tells a browser to ask for", async () => {
    const { page } = here;
    // It never opens: what is asked again when it does is another thing.
    await page.routeWebSocket("/ws", () => new Promise(() => {}));
    const answer = await page.goto("/library");
    await page.getByRole("heading", { name: "Library" }).waitFor();
    const told = [...((await answer?.headerValue("link")) ?? "").matchAll(/<(\/api[^>]+)>/g)].map(
      ([, path]) => path,
    );
    await page.waitForLoadState("networkidle");
    const asked = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name.slice(location.origin.length)),
    );
    expect(told).toHaveLength(4);
    for (const path of told) expect(asked.filter((one) => one === path)).toHaveLength(1);
  });

  test("runs an agent from its card, which then says how that went", async () => {
    const { page } = here;
    await page.goto("/library");
    await save(page, adder("Counter"));
    await page.reload();
    await card(page, "Counter").getByText("Never run").waitFor();
    await button(page, "Run Counter").click();
    await page
      .getByRole("dialog")
      .getByLabel(/amount/)
      .fill("1");
    await button(page.getByRole("dialog"), "Run").click();
    await page.waitForURL("**/runs/*");
    await page.getByRole("region", { name: "Outputs" }).getByText("2", { exact: true }).waitFor();
    await page.getByText("Done").first().waitFor();
    await page.goto("/library");
    await card(page, "Counter").getByText("Done").waitFor();
    await card(page, "Counter").getByText("1 run", { exact: true }).waitFor();
  });

  test("says of each agent what needs somebody, and filters by it on the server", async () => {
    const { page } = here;
    await page.goto("/library");
    const asking = await save(page, {
      ...adder("Asks first"),
      nodes: [{ id: "r", block_id: BLOCKS.review, constants: { data: { a: 1 }, name: "Look at this" } }],
      links: [],
      layout: {},
    });
    const failing = await save(page, {
      ...adder("Fails"),
      nodes: [{ id: "c", block_id: BLOCKS.calculator, constants: { operation: "Divide", a: 1, b: 0 } }],
      links: [],
      layout: {},
    });
    await page.reload();
    await card(page, "Asks first").waitFor();
    await ask(page, "POST", `/api/v1/graphs/${failing}/execute?wait=20`, {});
    await ask(page, "POST", `/api/v1/graphs/${asking}/execute`, {});
    // Nobody reloads: the socket says that runs began and ended.
    await card(page, "Fails").getByText("Failed").waitFor();
    await card(page, "Asks first").getByRole("link", { name: "1 to review" }).waitFor();
    await button(page, "Needs you 2").click();
    await page.waitForURL("**/library?status=attention");
    await eventually(() => cards(page).count()).toBe(2);
    expect(await barriers(page)).toEqual([]);
    await page.goBack();
    await eventually(() => cards(page).count()).toBeGreaterThan(2);
    await page.getByLabel("Order").selectOption("By name");
    await page.waitForURL("**/library?sort=name");
    await expect
      .poll(() => cards(page).getByRole("heading").allTextContents())
      .toEqual(["Adder", "Asks first", "Counter", "Fails"]);
  });

  test("is put in order with the mouse, and by keys alone", async () => {
    const { page } = here;
    await page.goto("/library");
    await button(page, "New folder").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name *").fill("Work");
    await dialog.getByText("💼").click();
    expect(await barriers(page)).toEqual([]);
    await button(dialog, "Save").click();
    await folders(page).filter({ hasText: "Work" }).waitFor();
    await button(page, "New folder").click();
    await dialog.getByLabel("Name *").fill("WORK");
    await button(dialog, "Save").click();
    await dialog.getByText("There is a folder called 'WORK' there already.").waitFor();
    await dialog.getByLabel("Name *").fill("Inner");
    await page.keyboard.press("Enter");
    await folders(page).filter({ hasText: "Inner" }).waitFor();

    await card(page, "Counter").dragTo(folders(page).filter({ hasText: "Work" }));
    await page.getByText("Counter is in Work.").waitFor();
    await eventually(() => card(page, "Counter").count()).toBe(0);
    await folders(page).filter({ hasText: "Work" }).getByText("1 agent").waitFor();
    await folders(page)
      .filter({ hasText: "Inner" })
      .dragTo(folders(page).filter({ hasText: "Work" }));
    await eventually(() => folders(page).count()).toBe(1);

    await button(page, "More: Adder").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Move Adder" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("radio", { name: "No folder" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText("Adder is in Inner.").waitFor();

    await page.getByRole("link", { name: "Work", exact: true }).click();
    await page.getByRole("heading", { name: "Work", exact: true }).waitFor();
    await folders(page).filter({ hasText: "Inner" }).getByRole("link").click();
    await page.getByRole("heading", { name: "Inner", exact: true }).waitFor();
    await card(page, "Adder").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Search your agents").fill("adds one");
    await page.waitForURL("**/library?search=adds*");
    await card(page, "Counter").getByText("Work").waitFor();
    await page.goBack();
    await page
      .getByRole("navigation", { name: "Where you are" })
      .getByRole("link", { name: "Library" })
      .click();
    await choose(page, folders(page).filter({ hasText: "Work" }), "Delete folder");
    await button(page.getByRole("dialog"), "Delete folder").click();
    await card(page, "Adder").waitFor();
    await card(page, "Counter").waitFor();
    expect(await folders(page).count()).toBe(0);
  });

  test("keeps favorites, makes copies, puts away, deletes and takes back", async () => {
    const { page } = here;
    await page.goto("/library");
    await button(page, "Favorite: Counter").click();
    await page.getByRole("link", { name: /^Favorites 1/ }).click();
    await page.waitForURL("**/library?favorites=true");
    await eventually(() => cards(page).count()).toBe(1);
    expect(await button(page, "Favorite: Counter").getAttribute("aria-pressed")).toBe("true");

    await page.getByRole("link", { name: /^All/ }).click();
    await choose(page, card(page, "Counter"), "Duplicate");
    await card(page, "Counter (copy)").waitFor();
    await choose(page, card(page, "Counter (copy)"), "Archive");
    await page.getByText("Counter (copy) is archived.").waitFor();
    await eventually(() => card(page, "Counter (copy)").count()).toBe(0);
    await page.getByLabel("Where").selectOption("Archived");
    await card(page, "Counter (copy)").waitFor();
    await choose(page, card(page, "Counter (copy)"), "Delete");
    await page.getByText("Nothing is archived").waitFor();
    await page.getByLabel("Where").selectOption("Deleted");
    await button(card(page, "Counter (copy)"), "Restore").click();
    await page.getByText("Counter (copy) is back.").waitFor();
    expect(await barriers(page)).toEqual([]);

    await page.getByLabel("Where").selectOption("In the library");
    await choose(page, card(page, "Fails"), "Delete");
    await eventually(() => card(page, "Fails").count()).toBe(0);
    await button(page.getByRole("status"), "Undo").last().click();
    await card(page, "Fails").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      choose(page, card(page, "Counter"), "Export"),
    ]);
    expect(download.suggestedFilename()).toBe("Counter.json");
  });

  test("shows a hundred and thirty agents page by page, each once", async () => {
    const { page } = here;
    await page.goto("/library");
    for (let start = 0; start < 130; start += 26)
      await Promise.all(Array.from({ length: 26 }, (_, index) => save(page, adder(`Many ${start + index}`))));
    await page.goto("/library?search=many&sort=name");
    await eventually(() => cards(page).count()).toBe(48);
    await button(page, "Show more").click();
    await eventually(() => cards(page).count()).toBe(96);
    await button(page, "Show more").click();
    await eventually(() => cards(page).count()).toBe(130);
    const names = await cards(page).getByRole("heading").allTextContents();
    expect(new Set(names).size).toBe(130);
    expect(await button(page, "Show more").count()).toBe(0);
  });

  test("shows more of a list, also when a run ends while that is on its way", async () => {
    const { page } = here;
    await page.goto("/library?search=many&sort=name");
    await eventually(() => cards(page).count()).toBe(48);
    const [first] = (await ask<{ graphs: Array<{ id: string }> }>(page, "GET", "/api/v1/graphs?limit=1"))
      .graphs;
    let isFirst = true;
    await page.route(/library\/agents\?.*(before|after|cursor)=/, async (route) => {
      if (isFirst) {
        isFirst = false;
        // The list is asked for again because of this run, before its next page has come.
        const again = page.waitForRequest((one) =>
          /library\/agents\?(?!.*(before|after|cursor)=)/.test(one.url()),
        );
        await ask(page, "POST", `/api/v1/graphs/${first?.id}/execute`, { inputs: { amount: 1 } });
        await again;
      }
      await route.continue();
    });
    await button(page, "Show more").click();
    await eventually(() => cards(page).count()).toBe(96);
    expect(isFirst).toBe(false);
  });
});

describe("an agent's page", () => {
  test("keeps inputs as presets, runs with them, and lets them go", async () => {
    const { page } = here;
    await page.goto("/library");
    const id = await save(page, adder("Kept inputs"));
    await page.goto(`/library/${id}`);
    await button(page, "Run").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/amount/).fill("9");
    await button(dialog, "Save as preset").click();
    await dialog.getByLabel("Name *").fill("Nine");
    expect(await dialog.getByLabel(/amount/).inputValue()).toBe("9");
    expect(await barriers(page)).toEqual([]);
    await button(dialog, "Save").click();
    await page.getByText("Nine is kept.").waitFor();
    await dialog.getByLabel(/amount/).fill("1");
    await dialog.getByLabel("Preset").selectOption("Nine");
    expect(await dialog.getByLabel(/amount/).inputValue()).toBe("9");
    await button(dialog, "Close").click();

    await page.getByRole("link", { name: "Presets 1" }).click();
    await page.waitForURL("**?tab=presets");
    const row = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Nine" }) });
    expect(await barriers(page)).toEqual([]);
    await choose(page, row, "Change preset");
    await dialog.getByLabel(/amount/).fill("41");
    await button(dialog, "Save").click();
    await row.getByText("41").waitFor();
    await button(page, "Run Nine").click();
    await page.waitForURL("**/runs/*");
    await page.getByRole("region", { name: "Outputs" }).getByText("42", { exact: true }).waitFor();
    await page.goto(`/library/${id}?tab=presets`);
    await choose(page, row, "Delete preset");
    await button(dialog, "Delete").click();
    await page.getByText("No presets yet").waitFor();
  });

  test("runs once more, keeps a run's inputs, shows it on the graph, and deletes it", async () => {
    const { page } = here;
    await page.goto("/library");
    const id = await save(page, adder("Again"));
    const first = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${id}/execute?wait=20`, {
      inputs: { amount: 6 },
    });
    await page.goto(`/library/${id}`);
    const rows = page.getByRole("region", { name: "Runs" }).getByRole("listitem");
    await eventually(() => rows.count()).toBe(1);
    await choose(page, rows.first(), "Run again");
    await page.getByText("The run has started.").waitFor();
    await eventually(() => rows.count()).toBe(2);
    await rows.first().getByText("Done").waitFor();
    const [newest] = (await ask<{ runs: Array<{ id: string }> }>(page, "GET", `/api/v1/runs?graph_id=${id}`))
      .runs;
    expect(newest?.id).not.toBe(first.id);
    expect(await barriers(page)).toEqual([]);
    await choose(page, rows.first(), "Save as preset");
    expect(
      await page
        .getByRole("dialog")
        .getByLabel(/amount/)
        .inputValue(),
    ).toBe("6");
    await button(page.getByRole("dialog"), "Cancel").click();

    await rows.first().getByRole("link").click();
    await page.waitForURL(`**/runs/${newest?.id}`);
    await page.getByRole("link", { name: "On the graph" }).click();
    await page.waitForURL(`**/build/${id}?**run=${newest?.id}*`);
    expect(page.url()).toContain("version=1");
    await eventually(() => page.locator(".react-flow__node").count()).toBe(3);

    await page.goto(`/library/${id}`);
    for (let left = 1; left >= 0; left -= 1) {
      await choose(page, rows.first(), "Delete run");
      await button(page.getByRole("dialog"), "Delete run").click();
      await page.getByText("The run is deleted.").first().waitFor();
      await eventually(() => rows.count()).toBe(left);
    }
    await page.getByRole("heading", { name: "It has not run yet" }).waitFor();
  });

  test("runs a long chain, shows that it goes on, and stops it", async () => {
    const { page } = here;
    await page.goto("/library");
    const steps = Array.from({ length: 150 }, (_, index) => `n${index}`);
    const id = await save(page, {
      ...adder("A hundred and fifty"),
      nodes: [
        ...steps.map((step) => ({
          id: step,
          block_id: BLOCKS.calculator,
          constants: { operation: "Add", a: 0, b: 1 },
        })),
        { id: "timer", name: "Timer", block_id: BLOCKS.timer, constants: { minutes: 5 } },
      ],
      links: [...steps.slice(1), "timer"].map((step, index) => ({
        from: `n${index}`,
        output: "result",
        to: step,
        input: step === "timer" ? "input_message" : "a",
      })),
      layout: {},
    });
    await page.goto(`/library/${id}`);
    await button(page, "Run").first().click();
    await button(page.getByRole("dialog"), "Run").click();
    await page.waitForURL("**/runs/*");
    await page.getByText("151 steps").waitFor();
    const run = page.url().split("/").at(-1);
    const status = async () => (await ask<{ status: string }>(page, "GET", `/api/v1/runs/${run}`)).status;
    expect(["running", "waiting"]).toContain(await status());
    await page.goto(`/library/${id}`);
    const row = page.getByRole("region", { name: "Runs" }).getByRole("listitem").first();
    await row.getByText(/Running|Waiting/).waitFor();
    await row.getByRole("link").click();
    await button(page, "Stop").click();
    await page.getByText("Stopped").first().waitFor();
    await eventually(status).toBe("cancelled");
    await page.goto(`/library/${id}`);
    await row.getByText("Stopped").waitFor();
  });

  test("gives an agent an address, tells what came there, and takes it once more", async () => {
    const { page } = here;
    await page.goto("/library");
    const blocks = await ask<Array<{ id: string; name: string }>>(page, "GET", "/api/v1/blocks");
    const trigger = blocks.find((one) => one.name === "GenericWebhookTrigger");
    const plain = await save(page, adder("Deaf"));
    await page.goto(`/library/${plain}?tab=triggers`);
    await page.getByText("It has no trigger block").waitFor();
    const id = await save(page, {
      ...adder("Order desk"),
      nodes: [
        { id: "t", block_id: trigger?.id, constants: {} },
        { id: "o", block_id: BLOCKS.output, constants: { name: "order" } },
      ],
      links: [{ from: "t", output: "payload", to: "o", input: "value" }],
      layout: {},
    });
    await page.goto(`/library/${id}?tab=triggers`);
    await page.getByText("Nothing starts it yet").waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(page, "New trigger").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name *").fill("Shop");
    expect(await barriers(page)).toEqual([]);
    await button(dialog, "Save").click();
    await page.getByText("Waits for the first").or(page.getByText("Works")).first().waitFor();
    await button(page, "Copy address").click();
    const address = await page.evaluate(() => navigator.clipboard.readText());
    await ask(page, "POST", new URL(address).pathname, { order: 7 });
    await page.getByText("What came").click();
    await page.getByRole("link", { name: "Started a run" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(page, "Take it once more").click();
    await eventually(() => page.getByRole("link", { name: "Started a run" }).count()).toBe(2);
    await page.getByRole("link", { name: "Started a run" }).first().click();
    await page.getByRole("region", { name: "Outputs" }).getByText("7").first().waitFor();

    await page.goto(`/library/${id}?tab=triggers`);
    await page.getByRole("switch", { name: "Shop starts runs" }).click();
    await page.getByText("Off", { exact: true }).waitFor();
    await ask(page, "POST", new URL(address).pathname, { order: 8 });
    await page.getByText("What came").click();
    await page.getByText(/^Ignored/).waitFor();
    await button(page, "Show secret").click();
    await page.getByRole("heading", { name: "Secret" }).waitFor();
  });

  test("lets one of several triggers listen, and says to which of them a trial comes", async () => {
    const { page } = here;
    await page.goto("/library");
    const blocks = await ask<Array<{ id: string; name: string }>>(page, "GET", "/api/v1/blocks");
    const block = blocks.find((one) => one.name === "GenericWebhookTrigger")?.id;
    const id = await save(page, {
      ...adder("Two doors"),
      nodes: [
        { id: "front", block_id: block, constants: {}, name: "Front door" },
        { id: "back", block_id: block, constants: {} },
        { id: "f", block_id: BLOCKS.output, constants: { name: "by_front" } },
        { id: "b", block_id: BLOCKS.output, constants: { name: "by_back" } },
      ],
      links: [
        { from: "front", output: "payload", to: "f", input: "value" },
        { from: "back", output: "payload", to: "b", input: "value" },
      ],
      layout: {},
    });
    await page.goto(`/library/${id}?tab=triggers`);
    await button(page, "New trigger").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name *").fill("Back");
    const which = dialog.getByLabel("Which trigger starts it");
    expect(await which.locator("option").allTextContents()).toEqual([
      "1. Front door",
      "2. Generic Webhook Trigger",
    ]);
    await which.selectOption("back");
    expect(await barriers(page)).toEqual([]);
    await button(dialog, "Save").click();
    await dialog.waitFor({ state: "detached" });
    const { presets } = await ask<{ presets: Array<{ graph_id: string; trigger: { node: string } }> }>(
      page,
      "GET",
      "/api/v1/presets",
    );
    expect(presets.find((one) => one.graph_id === id)?.trigger.node).toBe("back");

    await button(page.locator("main"), "Run").first().click();
    await dialog.getByLabel("Which trigger starts it").selectOption("back");
    await button(dialog, "Run").click();
    await page.getByRole("region", { name: "Outputs" }).getByText("by_back").waitFor();
    expect(await page.getByRole("region", { name: "Outputs" }).getByText("by_front").count()).toBe(0);
  });

  test("goes back to an earlier version, and keeps how runs are held back", async () => {
    const { page } = here;
    await page.goto("/library");
    const id = await save(page, adder("Versions"));
    await ask(page, "PUT", `/api/v1/graphs/${id}`, adder("Versions", { description: "Second." }));
    await page.goto(`/library/${id}?tab=versions`);
    await button(page, "Restore version 1").click();
    await page.getByText("Version 1 runs from now on.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Open version 2 in the builder" }).click();
    await page.waitForURL(`**/build/${id}?version=2`);

    await page.goto(`/library/${id}?tab=settings`);
    await page.getByRole("switch", { name: "Before sensitive actions" }).click();
    await page.getByLabel("Runs at once").fill("2");
    await page.getByLabel("Hosts it may ask").fill("api.example.com\nnot a host!");
    await button(page, "Save").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Hosts it may ask").fill("api.example.com");
    await button(page, "Save").click();
    await page.getByText("The settings are kept.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.reload();
    await eventually(() => page.getByLabel("Runs at once").inputValue()).toBe("2");
    expect(
      await page.getByRole("switch", { name: "Before sensitive actions" }).getAttribute("aria-checked"),
    ).toBe("true");
  });

  test("fits a phone, and speaks Chinese", async () => {
    const { page } = here;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.addInitScript(() => localStorage.setItem("autograph.language", "zh"));
    await page.goto("/library");
    await page.getByRole("heading", { name: "智能体库" }).waitFor();
    await page.getByRole("button", { name: /^需要您处理/ }).waitFor();
    await page.getByRole("list", { name: "智能体" }).getByRole("listitem").first().waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("list", { name: "智能体" }).getByRole("link").first().click();
    await page.getByRole("navigation", { name: "此智能体" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(await barriers(page)).toEqual([]);
  });
});
