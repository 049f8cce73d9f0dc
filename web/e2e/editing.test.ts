// Editing an agent in the builder: what two people did, what was left, earlier versions, all the ways to fill a graph.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { around, BLOCKS, beenHere, browser, button, here, platform } from "./flow";
import { ask, barriers, visit } from "./stage";

let tools: Server;

around({
  settings: { AUTOGRAPH_EGRESS_INSIDE: '["127.0.0.1"]' },
  prepare: async (opened) => {
    await beenHere(opened);
    // What is not saved is kept: leaving need not be asked about.
    opened.page.on("dialog", (dialog) => dialog.accept());
  },
});
beforeAll(async () => {
  tools = await serveTools();
});
afterAll(() => tools?.close());

/** An MCP server with one tool, as far as it is asked here: JSON-RPC over POST. */
async function serveTools(): Promise<Server> {
  const tool = {
    name: "forecast",
    description: "Tells the weather.",
    inputSchema: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
      required: ["city"],
    },
  };
  const results: Record<string, unknown> = {
    initialize: { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "w", version: "1" } },
    "tools/list": { tools: [tool] },
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const message = body ? JSON.parse(body) : {};
      const args = message.params?.arguments;
      const result =
        message.method === "tools/call"
          ? { content: [{ type: "text", text: `Sun in ${args.city} for ${args.days} days` }] }
          : results[message.method];
      response.writeHead(result ? 200 : 202, { "content-type": "application/json" });
      response.end(result ? JSON.stringify({ jsonrpc: "2.0", id: message.id, result }) : "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

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
    { id: "a", block_id: BLOCKS.number, constants: { name: "a" } },
    { id: "sum", block_id: BLOCKS.calculator, constants: { operation: "Add", b: 3 } },
    { id: "out", block_id: BLOCKS.output, constants: { name: "sum" } },
  ],
  links: [
    { from: "a", output: "result", to: "sum", input: "a" },
    { from: "sum", output: "result", to: "out", input: "value" },
  ],
  layout: { a: { x: 0, y: 0 }, sum: { x: 320, y: 0 }, out: { x: 640, y: 0 } },
};

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
        { id: "store", block_id: BLOCKS.store, constants: { input: "kept" } },
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

/** Add the block that a search finds first. */
async function add(page: Page, text: string): Promise<void> {
  await button(page, /^Blocks/).click();
  await page.getByRole("combobox", { name: "Search blocks" }).fill(text);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
}

/** Drop a file on the canvas, as from a folder. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, text]) => {
      const made = new DataTransfer();
      made.items.add(new File([text], name, { type: "application/json" }));
      return made;
    },
    [name, text] as const,
  );
  const canvas = page.locator(".react-flow");
  await canvas.dispatchEvent("dragover", { dataTransfer: transfer });
  await canvas.dispatchEvent("drop", { dataTransfer: transfer, clientX: 500, clientY: 300 });
}

describe("a graph", () => {
  test("of two blocks is filled, saved and run; every value holds", async () => {
    const { page } = here;
    await page.goto("/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await add(page, "store value");
    await panel(page).getByLabel("Kind of Input").selectOption({ label: "Text" });
    await panel(page).getByLabel("Input *").fill("kept");
    await add(page, "add to dictionary");
    await panel(page).getByLabel("Key", { exact: true }).fill("colour");
    await panel(page).getByLabel("Kind of Value").selectOption({ label: "Text" });
    await panel(page).getByLabel("Value", { exact: true }).fill("red");
    await page.getByLabel("Name", { exact: true }).first().fill("Two");
    await page.keyboard.press("Control+s");
    await page.waitForURL(/\/build\/./);
    await page.getByText(/Version 1 · saved/).waitFor();
    const id = page.url().split("/").at(-1) ?? "";
    expect((await now(page, id)).graph.nodes.map((one) => one.constants)).toEqual([
      { input: "kept" },
      { key: "colour", value: "red" },
    ]);
    await button(page, "Run").first().click();
    await button(page.getByRole("dialog"), "Run").click();
    const bar = page.getByRole("region", { name: "Run" });
    await bar.getByText("Done").waitFor();
    await page.reload();
    await page.locator(".react-flow__node").first().click();
    expect(await panel(page).getByLabel("Input *").inputValue()).toBe("kept");
  });

  test("finds blocks by other words, and one's own agents", async () => {
    const { page } = here;
    await opened(page, { ...SUM, name: "Adder of numbers" });
    await page.goto("/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await page.keyboard.press("b");
    const search = page.getByRole("combobox", { name: "Search blocks" });
    const found = page.getByRole("option");
    await search.fill("calculater");
    await expect.poll(() => found.first().innerText()).toContain("Calculator");
    await search.fill("sleep");
    await expect.poll(async () => (await found.allInnerTexts()).join()).toContain("Countdown");
    await search.fill("");
    await page.getByLabel("Service").selectOption({ label: "Github" });
    await expect.poll(() => found.first().innerText()).toContain("Github");
    await page.getByLabel("Service").selectOption("");
    await button(page, "My agents").click();
    await page
      .getByRole("option", { name: /Adder of numbers/ })
      .first()
      .waitFor();
    expect(await barriers(page)).toEqual([]);
    await page
      .getByRole("option", { name: /Adder of numbers/ })
      .first()
      .click();
    await page.locator(".react-flow__node").getByText("Adder of numbers").waitFor();
    expect(await panel(page).getByRole("link", { name: "Open this agent" }).count()).toBe(1);
  });

  test("takes agent files by drop, ours and AutoGPT's, and nothing else", async () => {
    const { page } = here;
    await page.goto("/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await drop(page, "notes.json", "[]");
    await page.getByText("notes.json is no agent file.").waitFor();
    await drop(page, "sum.json", JSON.stringify(SUM));
    const nodes = page.locator(".react-flow__node");
    await expect.poll(() => nodes.count()).toBe(3);
    expect(await page.getByLabel("Name", { exact: true }).first().inputValue()).toBe("Sum");
    await drop(
      page,
      "theirs.json",
      JSON.stringify({
        name: "Theirs",
        nodes: [
          {
            id: "t",
            block_id: BLOCKS.calculator,
            input_default: { operation: "Add", a: 1, b: 1 },
            metadata: { position: { x: 0, y: 0 }, customized_name: "Theirs too" },
          },
        ],
        links: [],
      }),
    );
    await nodes.getByText("Theirs too").waitFor();
    expect(await page.locator(".react-flow__edge").count()).toBe(2);
  });

  test("has groups that move together and stay in every file, and nodes in line", async () => {
    const { page } = here;
    const id = await opened(page, { ...SUM, layout: { ...SUM.layout, sum: { x: 320, y: 70 } } });
    await page.locator(".react-flow").click({ position: { x: 20, y: 400 } });
    await page.keyboard.press("Control+a");
    await panel(page).getByText("3 nodes").waitFor();
    await button(panel(page), "At the top").click();
    await panel(page).getByLabel("Group").fill("Adding up");
    const frame = page.getByRole("region", { name: "Group Adding up" });
    await frame.waitFor();
    expect(await barriers(page)).toEqual([]);
    const hold = frame.getByRole("button", { name: "Adding up" });
    const box = await hold.boundingBox();
    if (!box) throw new Error("the group has no name");
    await page.mouse.move(box.x + 10, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 10, box.y + 110, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.press("Control+s");
    await page.getByText(/Version 2 · saved/).waitFor();
    const saved = await ask<{
      graph: { layout: Record<string, { y: number }>; nodes: Array<{ metadata: object }> };
    }>(page, "GET", `/api/v1/graphs/${id}`);
    const heights = Object.values(saved.graph.layout).map((one) => one.y);
    expect(new Set(heights).size).toBe(1);
    expect(heights[0]).toBeGreaterThan(50);
    for (const form of ["autograph", "autogpt"]) {
      const file = await ask<{ nodes: Array<{ metadata: Record<string, unknown> }> }>(
        page,
        "GET",
        `/api/v1/graphs/${id}/export?format=${form}`,
      );
      expect(file.nodes.map((one) => one.metadata.group)).toEqual(["Adding up", "Adding up", "Adding up"]);
    }
  });
});

describe("a node", () => {
  test("that runs an agent says when a newer version is there, and what it changes", async () => {
    const { page } = here;
    const inner = await opened(page, { ...SUM, name: "Inner" });
    await page.goto("/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await add(page, "agent executor");
    await panel(page).getByLabel("Agent to run *").selectOption({ label: "Inner" });
    await add(page, "agent number input");
    await page.locator(".react-flow__node").last().focus();
    await page.keyboard.press("l");
    await page.getByRole("dialog").getByLabel("To").selectOption({ label: "Inner · a" });
    await button(page.getByRole("dialog"), "Link").click();
    await page.keyboard.press("Control+s");
    await page.waitForURL(/\/build\/./);
    await page.getByText(/Version 1 · saved/).waitFor();

    const nodes = [{ ...SUM.nodes[0], constants: { name: "first" } }, ...SUM.nodes.slice(1)];
    await ask(page, "PUT", `/api/v1/graphs/${inner}`, { ...SUM, name: "Inner", nodes });
    await page.reload();
    const runner = page.locator(".react-flow__node", { hasText: "Inner" });
    await runner.getByRole("img", { name: "Version 2 of this agent is there" }).waitFor();
    await runner.click();
    const notice = panel(page).getByRole("region", { name: "Version 2 of this agent is there" });
    await notice.getByText("first").waitFor();
    expect(await notice.getByRole("img", { name: "Added" }).count()).toBe(1);
    expect(await notice.getByRole("img", { name: "Removed" }).count()).toBe(1);
    expect(await barriers(page)).toEqual([]);
    await button(notice, "Update to version 2").click();
    // The link to the pin that is gone stays, marked, until it is mended.
    const broken = panel(page).getByRole("heading", { name: "Broken links" });
    await broken.waitFor();
    expect(await page.locator(".react-flow__edge").count()).toBe(1);
    await button(panel(page), "Remove the link").first().click();
    await expect.poll(() => broken.count()).toBe(0);
    await page.keyboard.press("Control+z");
    await broken.waitFor();
  });

  test("calls a tool of an MCP server, and has its inputs", async () => {
    const { page } = here;
    await page.goto("/build");
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await add(page, "mcp tool");
    await panel(page)
      .getByRole("textbox", { name: /^Server/ })
      .fill("http://127.0.0.1:9/mcp");
    await button(panel(page), "Find its tools").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("alert").waitFor();
    await button(dialog, "Close").first().click();
    const { port } = tools.address() as AddressInfo;
    await panel(page)
      .getByRole("textbox", { name: /^Server/ })
      .fill(`http://127.0.0.1:${port}/mcp`);
    await button(panel(page), "Find its tools").click();
    await button(dialog, /forecast/).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(dialog, /forecast/).click();
    await panel(page).getByLabel("city *").fill("Oslo");
    await panel(page).getByLabel("days").fill("3");
    await add(page, "agent output");
    await page.locator(".react-flow__node").first().focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("l");
    await page.getByRole("dialog").getByLabel("To").selectOption({ label: "output · Value" });
    await button(page.getByRole("dialog"), "Link").click();
    await page.keyboard.press("Control+Enter");
    await button(page.getByRole("dialog"), "Run").click();
    await page
      .getByRole("region", { name: "Run" })
      .getByText("Sun in Oslo for 3 days", { exact: true })
      .waitFor();
  });

  test("has a widget for what it takes: a model by its price, code with room, values of any kind", async () => {
    const { page } = here;
    const id = await opened(page, {
      ...SUM,
      nodes: [
        { id: "ai", block_id: await blockId(page, "AITextGenerator"), constants: { prompt: "Hi" } },
        {
          id: "code",
          block_id: await blockId(page, "ExecuteCode"),
          constants: { code: "if True:\n    x = 1" },
        },
        { id: "store", block_id: BLOCKS.store, constants: { input: 1 } },
      ],
      links: [],
      layout: { ai: { x: 0, y: 0 }, code: { x: 320, y: 0 }, store: { x: 640, y: 0 } },
    });
    await node(page, "ai").click();
    await panel(page)
      .getByRole("button", { name: /^Model/ })
      .or(panel(page).locator("[aria-haspopup=dialog]"))
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox").fill("claude haiku 4.5");
    await dialog.getByRole("option", { name: /150 → 750/ }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Enter");

    await node(page, "code").click();
    const code = panel(page).getByRole("textbox", { name: "Code" });
    await panel(page).locator(".code-area").waitFor();
    await code.press("Control+End");
    await code.press("Enter");
    await code.pressSequentially("print(x)");
    await code.hover();
    await button(panel(page), "Edit with more room").first().click();
    expect(await dialog.getByRole("textbox").inputValue()).toBe("if True:\n    x = 1\n    print(x)");
    expect(await dialog.locator(".hljs-keyword").first().innerText()).toBe("if");
    expect(await barriers(page)).toEqual([]);
    await button(dialog, "Done").click();

    await node(page, "store").click();
    const kind = panel(page).getByLabel("Kind of Input");
    await kind.selectOption({ label: "List" });
    await button(panel(page), "Add item").click();
    await panel(page).getByRole("textbox", { name: "Item 1" }).fill("one");
    await button(panel(page), "Add item").click();
    await panel(page).getByLabel("Kind of Item 2").selectOption({ label: "Yes or no" });
    await panel(page).getByRole("switch").last().click();
    await page.keyboard.press("Control+s");
    await page.getByText(/Version 2 · saved/).waitFor();
    const constants = (await now(page, id)).graph.nodes.map((one) => one.constants);
    expect(constants).toEqual([
      { prompt: "Hi", model: "claude-haiku-4-5-20251001" },
      { code: "if True:\n    x = 1\n    print(x)" },
      { input: ["one", true] },
    ]);
    await kind.selectOption({ label: "JSON" });
    await panel(page).getByRole("textbox", { name: "Input" }).last().fill('{"a": 1,}');
    await panel(page).getByText("This is not JSON yet: line 1, column 9.").waitFor();
  });
});

async function blockId(page: Page, name: string): Promise<string> {
  if (page.url() === "about:blank") await page.goto("/library");
  return (await ask<{ id: string }>(page, "GET", `/api/v1/blocks/${name}`)).id;
}

describe("a phone", () => {
  test("pans, inspects and runs an agent", async () => {
    const phone = await visit(browser, platform.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = phone;
    await page.addInitScript(() => localStorage.setItem("autograph.welcomed", "yes"));
    await opened(page, SUM);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await barriers(page)).toEqual([]);
    const before = await node(page, "sum").boundingBox();
    await swipe(page, { x: 200, y: 600 }, { x: 200, y: 500 });
    await expect.poll(async () => (await node(page, "sum").boundingBox())?.y).not.toBe(before?.y);
    await node(page, "sum").tap();
    await button(page, "Inspector").tap();
    await panel(page).getByRole("heading", { name: "Calculator" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(panel(page), "Close").tap();
    await button(page, "Run").first().tap();
    await page.getByRole("dialog").getByLabel("a *").fill("39");
    await button(page.getByRole("dialog"), "Run").tap();
    await page.getByRole("region", { name: "Run" }).getByText("42", { exact: true }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await phone.context.close();
    expect(phone.faults).toEqual([]);
  });
});

/** Draw a finger over the page. */
async function swipe(
  page: Page,
  from: { x: number; y: number },
  to: { x: number; y: number },
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", at?: { x: number; y: number }) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: at ? [at] : [] });
  await touch("touchStart", from);
  for (let step = 1; step <= 5; step += 1)
    await touch("touchMove", {
      x: from.x + ((to.x - from.x) * step) / 5,
      y: from.y + ((to.y - from.y) * step) / 5,
    });
  await touch("touchEnd");
}
