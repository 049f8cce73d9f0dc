// What people do, from the first minute on, against the platform as it is started.

import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { around, BLOCKS, browser, button, goTo, here, platform } from "./flow";
import { ask, barriers } from "./stage";

around();

describe("somebody who has never seen it", () => {
  test("runs an agent in the first minute and sees every step", async () => {
    const { page } = here;
    await page.goto("/");
    await page.waitForURL("**/welcome");
    expect(await barriers(page)).toEqual([]);
    await button(page, "Use it without an account").click();
    await button(page.getByRole("dialog"), "Skip the tour").click();
    await page.getByRole("link", { name: "Library" }).first().click();
    await page.getByRole("heading", { name: "Your first agent" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await page.getByText("Word report").click();
    await page.getByRole("heading", { name: "Word report" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(page, "Run").first().click();
    const dialog = page.getByRole("dialog");
    await button(dialog, "Run").click();
    await dialog.getByText("This input needs a value.").first().waitFor();
    await dialog.getByLabel("Text").fill("Agents are graphs. Extraordinary graphs.");
    await button(dialog, "Run").click();

    await page.waitForURL("**/runs/*");
    await page
      .getByRole("region", { name: "Outputs" })
      .getByText("5 words, 4 of them long: Agents, graphs, Extraordinary, graphs.")
      .waitFor();
    await page.getByText("Done").first().waitFor();
    await page.getByText("6 steps").waitFor();
    await button(page.getByRole("list", { name: "Timeline" }), /Long words/).click();
    await page.getByRole("heading", { name: "Came in" }).waitFor();
    expect(page.url()).toMatch(/step=\d/);
    expect(await barriers(page)).toEqual([]);
  });

  test("runs again with the same inputs, and deletes a run", async () => {
    const { page } = here;
    await goTo(page, "/runs");
    await page
      .getByRole("link", { name: /Word report/ })
      .first()
      .click();
    await button(page, "Run again").click();
    const first = page.url();
    expect(await page.getByRole("dialog").getByLabel("Text").inputValue()).toContain("Extraordinary");
    await button(page.getByRole("dialog"), "Run").click();
    await page.waitForURL((url) => /\/runs\/./.test(url.pathname) && !first.includes(url.pathname));
    await page.getByText("Done").first().waitFor();
    await button(page, "More").click();
    await page.getByRole("menuitem", { name: "Delete run" }).click();
    await button(page.getByRole("dialog"), "Delete run").click();
    await page.getByText("The run is deleted.").waitFor();
    await page.waitForURL("**/runs");
    await expect.poll(() => page.getByRole("link", { name: /Word report/ }).count()).toBe(1);
    expect(await barriers(page)).toEqual([]);
  });
});

describe("the library", () => {
  test("takes AutoGPT's files by drop, says what is wrong with others, and finds agents", async () => {
    const { page } = here;
    await goTo(page, "/library");
    await page.getByRole("heading", { name: "Library" }).waitFor();
    const exported = {
      id: "1e0a4c9d-0000-4000-8000-000000000001",
      version: 1,
      name: "Sum of two",
      description: "Exported elsewhere.",
      nodes: [
        {
          id: "1e0a4c9d-0000-4000-8000-00000000000a",
          block_id: BLOCKS.calculator,
          input_default: { operation: "Add", a: 1, b: 1 },
          metadata: { position: { x: 0, y: 0 } },
        },
        {
          id: "1e0a4c9d-0000-4000-8000-00000000000b",
          block_id: BLOCKS.output,
          input_default: { name: "sum" },
          metadata: { position: { x: 400, y: 0 } },
        },
      ],
      links: [
        {
          id: "1e0a4c9d-0000-4000-8000-00000000000c",
          source_id: "1e0a4c9d-0000-4000-8000-00000000000a",
          sink_id: "1e0a4c9d-0000-4000-8000-00000000000b",
          source_name: "result",
          sink_name: "value",
          is_static: false,
        },
      ],
    };
    await drop(page, "broken.json", "{");
    await page.getByRole("dialog").getByText("The file is not JSON.").waitFor();
    await button(page.getByRole("dialog"), "Close").first().click();
    await drop(page, "sum.json", JSON.stringify(exported));
    await page.getByRole("heading", { name: "Sum of two" }).waitFor();
    await button(page, "Run").first().click();
    await page.getByText("It needs nothing to start.").waitFor();
    await button(page.getByRole("dialog"), "Run").click();
    await page.getByRole("region", { name: "Outputs" }).getByText("2", { exact: true }).waitFor();

    await page.getByRole("link", { name: "Sum of two" }).click();
    await button(page, "Run").first().click();
    await button(page.getByRole("dialog"), "Dry run").click();
    await page.getByRole("region", { name: "Outputs" }).getByText("2", { exact: true }).waitFor();

    await goTo(page, "/library");
    await page.getByLabel("Search your agents").fill("elsewhere");
    await page.waitForURL("**/library?search=elsewhere");
    await expect.poll(() => page.getByRole("listitem").count()).toBe(1);
    await page.getByLabel("Search your agents").fill("nothing like it");
    await page.getByText("No agent is called “nothing like it”").waitFor();
  });

  test("is walked by keys alone, in two languages and in the dark", async () => {
    const { page } = here;
    await goTo(page, "/library");
    await page.getByRole("heading", { name: "Library" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").waitFor();
    await page.keyboard.type("sum of");
    await page
      .getByRole("option", { name: /Sum of two/ })
      .first()
      .waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Sum of two" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").fill("中文");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "智能体库" }).first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").fill("深色");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    expect(await barriers(page)).toEqual([]);
    await page.reload();
    await page.getByRole("link", { name: "智能体库" }).first().waitFor();
    expect(
      await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]),
    ).toEqual(["zh", "dark"]);
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL("**/runs");
    await page.goto("/nowhere");
    await page.getByRole("heading", { name: "这里什么都没有" }).waitFor();
  });
});

/** Drop a file on the page, as from a folder. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, text]) => {
      const made = new DataTransfer();
      made.items.add(new File([text], name, { type: "application/json" }));
      return made;
    },
    [name, text] as const,
  );
  const place = page.getByRole("region", { name: "Library" });
  await place.dispatchEvent("dragover", { dataTransfer: transfer });
  await place.dispatchEvent("drop", { dataTransfer: transfer });
}

describe("the builder", () => {
  test("builds, undoes, saves and runs an agent without a mouse", async () => {
    const { page } = here;
    await goTo(page, "/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    for (const block of ["agent number input", "calculator", "agent output"]) {
      await page.keyboard.press("b");
      await page.getByRole("combobox", { name: "Search blocks" }).fill(block);
      await page.getByRole("option").first().waitFor();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Escape");
    }
    const nodes = page.locator(".react-flow__node");
    await expect.poll(() => nodes.count()).toBe(3);
    await page.keyboard.press("Control+z");
    await expect.poll(() => nodes.count()).toBe(2);
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => nodes.count()).toBe(3);

    const panel = page.getByRole("complementary", { name: "Inspector" });
    await nodes.nth(0).focus();
    await page.keyboard.press("Enter");
    await panel.getByLabel("Name *").fill("amount");
    await nodes.nth(0).focus();
    await page.keyboard.press("l");
    await page.getByRole("dialog").getByLabel("To").selectOption({ label: "Calculator · A" });
    await button(page.getByRole("dialog"), "Link").click();
    await nodes.nth(1).focus();
    await page.keyboard.press("Enter");
    await panel.getByLabel("Operation").selectOption("Multiply");
    await panel.getByLabel("B *").fill("many");
    await panel.getByText('Expected a number, got "many".').waitFor();
    await panel.getByLabel("B *").fill("3");
    await expect.poll(() => panel.getByText("Expected a number").count()).toBe(0);
    await nodes.nth(1).focus();
    await page.keyboard.press("l");
    await page.getByRole("dialog").getByLabel("To").selectOption({ label: "output · Value" });
    await button(page.getByRole("dialog"), "Link").click();
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(2);

    await page.getByLabel("Name", { exact: true }).first().fill("Three times");
    await page.keyboard.press("Control+s");
    await page.waitForURL(/\/build\/./);
    await page.getByText(/Version 1 · saved/).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Control+Enter");
    await page
      .getByRole("dialog")
      .getByLabel(/amount/)
      .fill("14");
    await button(page.getByRole("dialog"), "Run").click();
    const bar = page.getByRole("region", { name: "Run" });
    await bar.getByText("42", { exact: true }).waitFor();
    await bar.getByText("Done").waitFor();
    expect(page.url()).toContain("run=");
    await page.reload();
    await bar.getByText("42", { exact: true }).waitFor();
  });

  test("keeps what was not saved, copies between agents, and merges what somebody saved meanwhile", async () => {
    const { page } = here;
    await goTo(page, "/library");
    const agent = {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Kept",
      version: 1,
      nodes: [{ id: "a", block_id: BLOCKS.store, constants: { input: "one" } }],
      links: [],
      layout: { a: { x: 0, y: 0 } },
    };
    const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", agent);
    await page.goto(`/build/${saved.id}`);
    const nodes = page.locator(".react-flow__node");
    await nodes.first().click();
    await page.keyboard.press("Control+c");
    await page.keyboard.press("Control+v");
    await expect.poll(() => nodes.count()).toBe(2);
    await page.getByText("Not saved").waitFor();
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await page.getByText(/You left changes here/).waitFor();
    expect(await nodes.count()).toBe(1);
    await button(page, "Take them").click();
    await expect.poll(() => nodes.count()).toBe(2);

    await ask(page, "PUT", `/api/v1/graphs/${saved.id}?base_version=1`, { ...agent, name: "Theirs" });
    await button(page, "Save").click();
    await page.getByText(/Version 3 · saved/).waitFor();
    const now = await ask<{ graph: { nodes: unknown[]; name: string } }>(
      page,
      "GET",
      `/api/v1/graphs/${saved.id}`,
    );
    expect([now.graph.nodes.length, now.graph.name]).toEqual([2, "Theirs"]);

    await button(page, "Tidy up").click();
    await page.keyboard.press("Control+f");
    await page.getByRole("combobox", { name: "Find in the graph" }).fill("store");
    await page.getByText("1/2").or(page.getByText("2/2")).waitFor();
  });

  test("links fitting pins with the mouse, and no others", async () => {
    const { page } = here;
    await goTo(page, "/library");
    const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Pins",
      version: 1,
      nodes: [
        { id: "c", block_id: BLOCKS.calculator, constants: { operation: "Add", a: 1, b: 2 } },
        { id: "d", block_id: "31d1064e-7446-4693-a7d4-65e5ca1180d1", constants: { key: "k", value: 1 } },
        { id: "s", block_id: BLOCKS.store, constants: { input: 1 } },
      ],
      links: [],
      layout: { c: { x: 0, y: 0 }, d: { x: 420, y: -160 }, s: { x: 420, y: 180 } },
    });
    await page.goto(`/build/${saved.id}`);
    await page.locator(".react-flow__node").nth(2).waitFor();
    const pin = (node: string, name: string) =>
      page.locator(`[data-nodeid="${node}"][data-handleid="${name}"]`);
    await draw(page, pin("c", "result"), pin("d", "dictionary"));
    expect(await page.locator(".react-flow__edge").count()).toBe(0);
    await draw(page, pin("c", "result"), pin("s", "input"));
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(1);

    // Let go over nothing: the blocks that fit are offered, and linked.
    const from = await pin("s", "output").boundingBox();
    if (!from) throw new Error("the pin is nowhere");
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + 60, from.y + 120, { steps: 5 });
    await page.mouse.up();
    await page.getByPlaceholder("Blocks that fit this pin").fill("agent output");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(2);
  });
});

async function draw(page: Page, from: Locator, to: Locator): Promise<void> {
  const [start, end] = await Promise.all([from.boundingBox(), to.boundingBox()]);
  if (!start || !end) throw new Error("a pin is nowhere");
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 4 });
  await page.mouse.up();
}

describe("a run", () => {
  test("asks a person, takes what they edited, and is followed through a lost connection", async () => {
    const { page, context } = here;
    await goTo(page, "/library");
    const saved = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Letter",
      version: 1,
      nodes: [
        { id: "r", block_id: BLOCKS.review, constants: { data: "Dear all,", name: "Is the letter good?" } },
        { id: "o", block_id: BLOCKS.output, constants: { name: "sent" } },
      ],
      links: [{ from: "r", output: "approved_data", to: "o", input: "value" }],
    });
    const run = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${saved.id}/execute`, {});
    await page.goto(`/runs/${run.id}`);
    await page.getByText("Waiting").first().waitFor();
    const phone = await browser.newContext({
      baseURL: platform.url,
      viewport: { width: 390, height: 844 },
      locale: "en",
    });
    const small = await phone.newPage();
    await goTo(small, "/reviews");
    const card = small.getByRole("article", { name: /Is the letter good/ });
    await card.waitFor();
    expect(await barriers(small)).toEqual([]);
    expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

    await context.setOffline(true);
    await page.getByText(/You are offline/).waitFor();
    await button(card, "Edit").click();
    await card.getByLabel("Edit").fill("Dear friends,");
    await button(card, "Approve as edited").click();
    await small.getByText("Nothing waits for you").waitFor();
    await phone.close();
    await context.setOffline(false);
    await page.getByRole("region", { name: "Outputs" }).getByText("Dear friends,").waitFor();
    await page.getByText("Done").first().waitFor();
    await expect.poll(() => page.getByText(/You are offline/).count()).toBe(0);
    const seqs = await page
      .getByRole("list", { name: "Journal" })
      .locator("li > * > span:first-child")
      .allInnerTexts();
    expect(seqs.map(Number)).toEqual(seqs.map((_, index) => index + 1));
  });

  test("that fails says where, and is retried; one that goes on is stopped", async () => {
    const { page } = here;
    await goTo(page, "/library");
    const broken = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Divides by nothing",
      version: 1,
      nodes: [
        {
          id: "c",
          name: "Share",
          block_id: BLOCKS.calculator,
          constants: { operation: "Divide", a: 1, b: 0 },
        },
      ],
      links: [],
    });
    const run = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${broken.id}/execute`, {});
    await page.goto(`/runs/${run.id}`);
    const problem = page.getByRole("alert");
    await problem.getByText(/At Share, step 1/).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(problem, "Retry from here").click();
    await button(page.getByRole("dialog"), "Start the new run").click();
    await page.waitForURL((url) => !url.pathname.endsWith(run.id));
    await page
      .getByRole("alert")
      .getByText(/At Share/)
      .waitFor();

    const waiting = await ask<{ id: string }>(page, "POST", "/api/v1/graphs", {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Waits",
      version: 1,
      nodes: [{ id: "r", block_id: BLOCKS.review, constants: { data: 1, name: "For ever" } }],
      links: [],
    });
    const long = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${waiting.id}/execute`, {});
    await page.goto(`/runs/${long.id}`);
    await button(page, "Stop").click();
    await page.getByText("Stopped").first().waitFor();
  });
});

describe("accounts", () => {
  test("are set up, hold keys that are shown once, and are left and come back to", async () => {
    const { page } = here;
    await goTo(page, "/welcome");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password").fill("short");
    await button(page, "Set up accounts").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Password").fill("a sentence is a good one");
    await button(page, "Set up accounts").click();
    await page.waitForURL((url) => url.pathname === "/");

    await page.goto("/account");
    await page.getByRole("heading", { name: "Where you are logged in" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Your name").fill("Ada L.");
    await button(page, "Save").click();
    await page.getByText("Your profile is saved.").waitFor();
    await button(page, "Make a key").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What is it for?").fill("Nightly report");
    await button(dialog, "Make a key").click();
    await page.getByRole("heading", { name: "Your key" }).waitFor();
    const key = await dialog.locator("code").innerText();
    await button(dialog, "Copy").click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    expect(
      (await fetch(`${platform.url}/external/v1/graphs`, { headers: { "x-api-key": key } })).status,
    ).toBe(200);
    await button(dialog, "Close").first().click();
    await button(page, "Revoke").click();
    await button(page.getByRole("dialog"), "Revoke").click();
    await page.getByText("Nightly report is revoked.").waitFor();
    expect(
      (await fetch(`${platform.url}/external/v1/graphs`, { headers: { "x-api-key": key } })).status,
    ).toBe(401);

    await page.goto("/connections");
    await page.getByRole("heading", { name: "No connections yet" }).waitFor();
    await button(page, "Add a connection").click();
    await page.getByLabel("Search services").fill("openai");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^OpenAI/ })
      .first()
      .click();
    await page.getByRole("dialog").getByLabel("Key", { exact: true }).fill("sk-of-nobody");
    await button(page.getByRole("dialog"), "Keep it").click();
    await page.getByRole("listitem").filter({ hasText: "OpenAI" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await page.goto("/admin?tab=audit");
    await page
      .getByRole("cell", { name: "api_key.revoked" })
      .or(page.getByRole("cell").filter({ hasText: /key/ }))
      .first()
      .waitFor();
    expect(await barriers(page)).toEqual([]);

    const other = await here.context.newPage();
    await other.goto("/library");
    await other.getByRole("heading", { name: "Library" }).waitFor();
    await button(page, /^Account:/).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await other.reload();
    await other.waitForURL("**/login?next=%2Flibrary");
    expect(
      await here.context
        .cookies()
        .then((all) => all.filter((one) => one.name.startsWith("autograph_")).map((one) => one.value)),
    ).toEqual([]);
    await page.goto("/runs?status=failed");
    await page.waitForURL(/\/login\?next=/);
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password").fill("something else altogether");
    await button(page, "Log in").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Password").fill("a sentence is a good one");
    await button(page, "Log in").click();
    await page.waitForURL("**/runs?status=failed");
    await page
      .getByRole("link", { name: /Divides by nothing/ })
      .first()
      .waitFor();
  });
});
