// Home, what one is told, the tour, and the pages as an app.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { around, BLOCKS, browser, button, goTo, here, platform } from "./flow";
import { ask, barriers, ROOT, visit } from "./stage";

around();

const stage = (page: Page) => page.evaluate(() => localStorage.getItem("autograph.tour"));

async function save(page: Page, name: string, nodes: object[]): Promise<string> {
  const document = { autograph: 1, id: crypto.randomUUID(), name, version: 1, nodes, links: [] };
  return (await ask<{ id: string }>(page, "POST", "/api/v1/graphs", document)).id;
}

const FAILS = [{ id: "c", block_id: BLOCKS.calculator, constants: { operation: "Divide", a: 1, b: 0 } }];
const ASKS = [
  { id: "r", block_id: BLOCKS.review, constants: { data: { text: "Hi" }, name: "Send the letter?" } },
];

describe("the first day", () => {
  test("begins with the tour, which is skipped and found again (flow 9)", async () => {
    const { page } = here;
    await page.goto("/");
    await button(page, "Use it without an account").click();
    const dialog = page.getByRole("dialog", { name: "Build your first agent" });
    await dialog.waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Show me");
    await button(dialog, "Skip the tour").click();
    await page.getByText("You find the tour on the home page").waitFor();
    expect(await stage(page)).toBe("skipped");

    await page.getByRole("heading", { name: "Hello", exact: true }).waitFor();
    await page.getByRole("region", { name: "Needs you" }).getByText("Nothing needs you.").waitFor();
    const examples = page.getByRole("region", { name: "Start from an example" });
    await expect.poll(() => examples.getByRole("button").count()).toBe(5);
    expect(await barriers(page)).toEqual([]);

    await page.reload();
    await page.getByRole("heading", { name: "Hello", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("take the tour");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Build your first agent" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await stage(page)).toBe("skipped");
  });

  test("ends the tour with an agent of one's own that has run, by keys alone (flow 8)", async () => {
    const { page } = here;
    await goTo(page, "/");
    await page.evaluate(() => localStorage.setItem("autograph.tour", "skipped"));
    await page.reload();
    await button(page.getByRole("region", { name: "Needs you" }), "Take the tour").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Build your first agent" }).waitFor();
    await page.keyboard.press("Enter");
    const guide = page.getByRole("complementary", { name: "A short tour" });

    await guide.getByRole("heading", { name: "Add a block" }).waitFor();
    await page.getByRole("heading", { name: "An empty graph" }).waitFor();
    await addBlock(page, "calculator");
    await guide.getByRole("heading", { name: "Tell it what to do" }).waitFor();
    const panel = page.getByRole("complementary", { name: "Inspector" });
    await panel.getByLabel("Operation").selectOption("Multiply");
    await panel.getByLabel("A *").fill("6");
    await panel.getByLabel("B *").fill("7");
    await button(guide, "Next").focus();
    await page.keyboard.press("Enter");

    await guide.getByRole("heading", { name: "Say what comes out" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await addBlock(page, "agent output");
    await guide.getByRole("heading", { name: "Link the two" }).waitFor();
    const calculator = page.locator(".react-flow__node").filter({ hasText: "Calculator" });
    await calculator.focus();
    await page.keyboard.press("Enter");
    await calculator.focus();
    await page.keyboard.press("l");
    const link = page.getByRole("dialog");
    await link.getByLabel("To").selectOption({ label: "output · Value" });
    await button(link, "Link").click();

    await guide.getByRole("heading", { name: "Save it" }).waitFor();
    await page.getByLabel("Name", { exact: true }).first().fill("Six times seven");
    await page.keyboard.press("Control+s");
    await guide.getByRole("heading", { name: "Run it" }).waitFor();
    await page.keyboard.press("Control+Enter");
    const run = page.getByRole("dialog");
    if (await run.isVisible()) await button(run, "Run").click();
    await guide.getByRole("heading", { name: "Your agent ran" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await guide.getByRole("link", { name: "Go to the library" }).click();
    await page.getByRole("heading", { name: "Six times seven" }).waitFor();
    expect(await stage(page)).toBe("done");
    const { runs } = await ask<{ runs: Array<{ status: string }> }>(page, "GET", "/api/v1/runs?limit=1");
    expect(runs[0]?.status).toBe("completed");
  });

  test("leaves the tour in the middle, with what was built so far (flow 8)", async () => {
    const { page } = here;
    await goTo(page, "/build");
    await page.evaluate(() => localStorage.setItem("autograph.tour", "calculator"));
    await page.reload();
    const guide = page.getByRole("complementary", { name: "A short tour" });
    await guide.getByRole("heading", { name: "Add a block" }).waitFor();
    await addBlock(page, "calculator");
    await guide.getByRole("heading", { name: "Tell it what to do" }).waitFor();
    await button(guide, "End the tour").click();
    await expect.poll(() => guide.count()).toBe(0);
    expect(await stage(page)).toBe("skipped");
    expect(await page.locator(".react-flow__node").count()).toBe(1);
  });

  test("runs an example from home", async () => {
    const { page } = here;
    await goTo(page, "/");
    await button(page.getByRole("region", { name: "Start from an example" }), /^Mail desk/).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What somebody wrote").fill("Where is my invoice?");
    await button(dialog, "Run").click();
    await page.waitForURL("**/runs/*");
    await page.getByRole("region", { name: "Outputs" }).getByText("Accounts", { exact: true }).waitFor();
  });
});

async function addBlock(page: Page, name: string): Promise<void> {
  const before = await page.locator(".react-flow__node").count();
  if (before > 0) await page.locator(".react-flow__node").first().focus();
  await page.keyboard.press("b");
  await page.getByRole("combobox", { name: "Search blocks" }).fill(name);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator(".react-flow__node").count()).toBe(before + 1);
  await page.keyboard.press("Escape");
}

describe("what one is told", () => {
  test("comes to the bell and to home by itself, and goes when it was read", async () => {
    const { page } = here;
    await goTo(page, "/");
    await button(page, "Notifications").waitFor();
    const fails = await save(page, "Divides by nothing", FAILS);
    const asks = await save(page, "Letter", ASKS);
    await ask(page, "POST", `/api/v1/graphs/${fails}/execute`, {});
    await ask(page, "POST", `/api/v1/graphs/${fails}/execute`, {});
    await ask(page, "POST", `/api/v1/graphs/${asks}/execute`, {});

    const needs = page.getByRole("region", { name: "Needs you" });
    await needs.getByText("Divides by nothing failed").waitFor();
    await needs.getByRole("link", { name: "Send the letter?" }).waitFor();
    await page.getByRole("region", { name: "Running" }).getByText("Letter").waitFor();
    await button(page, /Notifications\D*2\D*unread/).click();
    const panel = page.getByRole("dialog", { name: "Notifications" });
    await panel.getByText("Letter asks: Send the letter?").waitFor();
    await panel.getByText("2 times").waitFor();
    await panel.getByRole("region", { name: "Running now" }).getByText("Letter").waitFor();
    await panel.getByRole("region", { name: "Lately" }).getByText("Divides by nothing").first().waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await expect.poll(() => panel.count()).toBe(0);

    await needs.getByText("Divides by nothing failed").click();
    await page.waitForURL(/\/runs\?/);
    await button(page, /Notifications\D*1\D*unread/).waitFor();
    await page.goto("/reviews");
    await button(page, "Approve").first().click();
    await page.getByText("Nothing waits for you").waitFor();
    await button(page, "Notifications").waitFor();
  });

  test("is listed on a page of its own, marked and filtered", async () => {
    const { page } = here;
    await goTo(page, "/notifications");
    await page.getByRole("heading", { name: "Notifications", level: 1 }).waitFor();
    await page.getByText("Letter asks: Send the letter?").waitFor();
    await button(page, "Mark as unread").first().click();
    await button(page, /Notifications\D*1\D*unread/).waitFor();
    await page.getByRole("link", { name: "Unread only" }).click();
    await page.waitForURL(/status=unread/);
    await expect.poll(() => page.getByRole("main").getByRole("listitem").count()).toBe(1);
    expect(await barriers(page)).toEqual([]);
    await button(page, "Mark all as read").click();
    await page.getByText("You have read everything").waitFor();
  });

  test("is what one chose, also after a reload (flow 25)", async () => {
    const { page } = here;
    await goTo(page, "/account#notifications");
    const done = page.getByRole("checkbox", { name: "A run is done: Inbox" });
    await done.waitFor();
    expect(await done.isChecked()).toBe(false);
    await done.check();
    await page.getByText("Kept.").waitFor();
    await page.reload();
    await done.waitFor();
    expect(await done.isChecked()).toBe(true);
    expect(await barriers(page)).toEqual([]);

    const { graphs } = await ask<{ graphs: Array<{ id: string }> }>(
      page,
      "GET",
      "/api/v1/graphs?search=Six times seven",
    );
    await ask(page, "POST", `/api/v1/graphs/${graphs[0]?.id}/execute`, {});
    await button(page, /Notifications\D*1\D*unread/).click();
    await page.getByRole("dialog").getByText("Six times seven is done").waitFor();
    await done.uncheck();
    await page.getByText("Kept.").first().waitFor();
  });

  test("is at hand on a phone", async () => {
    const phone = await visit(browser, platform.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await goTo(phone.page, "/");
    await phone.page.getByRole("button", { name: /^Notifications/ }).tap();
    const panel = phone.page.getByRole("dialog", { name: "Notifications" });
    await panel.getByText("Divides by nothing failed").waitFor();
    const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await barriers(phone.page)).toEqual([]);
    await panel.getByRole("link", { name: "See all" }).tap();
    await phone.page.waitForURL("**/notifications");
    await phone.context.close();
    expect(phone.faults).toEqual([]);
  });
});

describe("as an app", () => {
  test("it can be installed: manifest, icons that are what they say, a service worker for every page", async () => {
    const { page } = here;
    await goTo(page, "/");
    const found = await page.evaluate(async () => {
      const at = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')?.href ?? "";
      const answer = await fetch(at);
      const manifest = await answer.json();
      const icons = await Promise.all(
        manifest.icons.map(async (icon: { src: string; sizes: string }) => {
          const image = new Image();
          image.src = icon.src;
          await image.decode();
          return icon.sizes === "any" || icon.sizes === `${image.naturalWidth}x${image.naturalHeight}`;
        }),
      );
      const { active, scope } = await navigator.serviceWorker.ready;
      return { type: answer.headers.get("content-type"), manifest, icons, scope, script: active?.scriptURL };
    });
    expect(found.type).toMatch(/^application\/manifest\+json/);
    expect([found.manifest.display, found.manifest.start_url]).toEqual(["standalone", "/"]);
    expect(found.icons).toEqual([true, true, true, true]);
    expect(new URL(found.scope).pathname).toBe("/");
    expect(new URL(found.script ?? "").pathname).toBe("/sw.js");
    const session = await here.context.newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    expect(installabilityErrors.map((one) => one.errorId).filter((id) => id !== "in-incognito")).toEqual([]);
  });

  test("it opens while nobody answers, says so, keeps no answer of the API, and goes on by itself", async () => {
    const { page } = here;
    await goTo(page, "/");
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await expect
      .poll(() => page.evaluate(async () => (await (await caches.open("page")).match("/")) !== undefined))
      .toBe(true);
    await page.reload();
    await page.getByRole("heading", { name: "Hello", exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return all.flat().map((request) => new URL(request.url).pathname);
    });
    expect(kept).toContain("/");
    expect(kept.filter((path) => path !== "/" && !/^\/(assets|static)\//.test(path))).toEqual([]);

    await here.context.setOffline(true);
    await page.reload();
    await page.getByRole("heading", { name: "You are offline" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await here.context.setOffline(false);
    await button(page, "Try again").click();
    await page.getByRole("heading", { name: "Hello", exact: true }).waitFor();
    here.faults = here.faults.filter(
      (fault) => !/does not answer|ERR_INTERNET_DISCONNECTED|WebSocket/.test(fault),
    );
  });

  test("its worker is small, and asks no other host", () => {
    const worker = readFileSync(join(ROOT, "src/autograph/api/page/built/sw.js"), "utf8");
    expect(worker.length).toBeLessThan(8_000);
    expect(worker).not.toMatch(/https?:\/\//);
    expect(worker).not.toContain("/api/");
  });
});
