// Accounts at other services in the browser: connected by OAuth at Acme, a provider over loopback; tested, used, deleted.

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { around, BLOCKS, beenHere, button, here, save } from "./flow";
import { ask, barriers, type Provider, startProvider } from "./stage";

let acme: Provider;
const settings: Record<string, string> = {};

beforeAll(async () => {
  acme = await startProvider();
  Object.assign(settings, acme.settings);
});
around({ settings, prepare: beenHere });
afterAll(() => acme?.stop());

/** An agent of two nodes: who one is at Acme, and an output of that. */
function whoAmI(name: string, constants: object = {}) {
  return {
    autograph: 1,
    id: crypto.randomUUID(),
    name,
    version: 1,
    nodes: [
      { id: "w", block_id: "0b2f6c51-5a1e-4b0e-9a56-3c1c9c0d7e11", constants },
      { id: "o", block_id: BLOCKS.output, constants: { name: "who" } },
    ],
    links: [{ from: "w", output: "name", to: "o", input: "value" }],
  };
}

/** Press what begins a connection, and answer at Acme, which asks in a window of its own. */
async function answerAtAcme(dialog: Locator, answer: "Allow" | "Do not allow"): Promise<Page> {
  const [window_] = await Promise.all([
    here.context.waitForEvent("page"),
    button(dialog, "Connect an account").click(),
  ]);
  await window_.waitForURL(`${acme.url}/**`);
  await window_.getByRole("heading", { name: "Autograph wants: read" }).waitFor();
  await dialog.getByText("Go on in the window of Acme.").waitFor();
  await button(window_, answer).click();
  return window_;
}

async function chooseAcme(page: Page): Promise<Locator> {
  await button(page, "Add a connection").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Search services").fill("acm");
  await button(dialog, /^Acme/).click();
  return dialog;
}

describe("an account elsewhere", () => {
  test("is refused, then connected, tested, found where it is used, and deleted", async () => {
    const { page } = here;
    await page.goto("/connections");
    await page.getByRole("heading", { name: "No connections yet" }).waitFor();
    const dialog = await chooseAcme(page);
    expect(await barriers(page)).toEqual([]);

    const refused = await answerAtAcme(dialog, "Do not allow");
    await dialog
      .getByRole("alert")
      .filter({ hasText: "You did not allow it at Acme, so nothing is connected." })
      .waitFor();
    expect(await barriers(page)).toEqual([]);
    if (!refused.isClosed()) await refused.close();

    await answerAtAcme(dialog, "Allow");
    const row = page.getByRole("listitem").filter({ hasText: "Acme: ada" });
    await row.waitFor();
    await page.getByText("Acme: ada is there for your agents now.").waitFor();
    await expect.poll(() => dialog.count()).toBe(0);
    await button(row, "Test").click();
    await row.getByText("It works, as ada.").waitFor();

    const [made] = await ask<Array<{ id: string }>>(page, "GET", "/api/v1/credentials");
    const named = { id: made?.id, provider: "acme", type: "oauth2", title: "Acme: ada" };
    await save(page, whoAmI("Roll call", { credentials: named }));
    await button(row, "More").click();
    await page.getByRole("menuitem", { name: "Where it is used" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Roll call" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");

    await button(row, "More").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    const asked = page.getByRole("dialog", { name: "Delete Acme: ada?" });
    await asked.getByText("One node would not start any more:").waitFor();
    await asked.getByRole("link", { name: "Roll call" }).waitFor();
    await button(asked, "Delete").click();
    await page.getByText("Acme: ada is deleted.").waitFor();
    await page.getByRole("heading", { name: "No connections yet" }).waitFor();
  });

  test("that was given up at is asked for again", async () => {
    const { page } = here;
    await page.goto("/connections");
    const dialog = await chooseAcme(page);
    const [left] = await Promise.all([
      here.context.waitForEvent("page"),
      button(dialog, "Connect an account").click(),
    ]);
    await left.waitForURL(`${acme.url}/**`);
    await left.close();
    await button(dialog, "Cancel").click();
    await button(dialog, "Connect an account").waitFor();
    expect(await dialog.getByRole("alert").count()).toBe(0);
  });

  test("is connected from the dialog that starts a run, which then runs with it", async () => {
    const { page } = here;
    await page.goto("/");
    const id = await save(page, whoAmI("Who am I?"));
    await page.goto(`/library/${id}`);
    await button(page, "Run").first().click();
    const run = page.getByRole("dialog", { name: "Who am I?" });
    await run.getByText("You have no access to this yet.").waitFor();
    await button(run, "Add a connection").click();
    const adding = page.getByRole("dialog", { name: "Acme", exact: true });
    await adding.waitFor();
    expect(await barriers(page)).toEqual([]);
    await answerAtAcme(adding, "Allow");
    await expect.poll(() => adding.count()).toBe(0);
    const picker = run.getByLabel(/^Access to/);
    await expect.poll(() => picker.locator("option:checked").innerText()).toBe("Acme: ada");
    await button(run, "Run").click();
    await page.waitForURL("**/runs/*");
    await page.getByText("ada", { exact: true }).first().waitFor();
  });

  test("is connected in the builder, at the node that needs it", async () => {
    const { page } = here;
    await page.goto("/");
    const id = await save(page, whoAmI("Who is it?"));
    await page.goto(`/build/${id}`);
    await page.locator('.react-flow__node[data-id="w"]').click();
    const inspector = page.getByRole("complementary");
    const picker = inspector.getByLabel("Access to Acme");
    await picker.waitFor();
    await button(inspector, "Add a connection").click();
    const adding = page.getByRole("dialog", { name: "Acme", exact: true });
    await answerAtAcme(adding, "Allow");
    await expect.poll(() => adding.count()).toBe(0);
    await expect.poll(() => picker.locator("option:checked").innerText()).toBe("Acme: ada");
    expect(await barriers(page)).toEqual([]);
    // It is the node's from now on, and undone like any change.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+z");
    await expect.poll(() => picker.locator("option:checked").innerText()).not.toBe("Acme: ada");
  });

  test("is connected again for the agents that name it", async () => {
    const { page } = here;
    await page.goto("/connections");
    const row = page.getByRole("listitem").filter({ hasText: "Acme: ada" });
    await button(row, "More").click();
    await page.getByRole("menuitem", { name: "Connect again" }).click();
    const dialog = page.getByRole("dialog", { name: "Acme: ada" });
    const before = await ask<Array<{ id: string }>>(page, "GET", "/api/v1/credentials");
    const [window_] = await Promise.all([
      here.context.waitForEvent("page"),
      button(dialog, "Connect again").click(),
    ]);
    await button(window_, "Allow").click();
    await row.getByText("It works, as ada.").waitFor();
    const after = await ask<Array<{ id: string }>>(page, "GET", "/api/v1/credentials");
    expect(after.map((one) => one.id)).toEqual(before.map((one) => one.id));
    // On a phone its menu stays in the window.
    await page.setViewportSize({ width: 390, height: 844 });
    await button(row, "More").click();
    const box = await page.getByRole("menu").boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 390).toBe(true);
    expect(await barriers(page)).toEqual([]);
  });
});
