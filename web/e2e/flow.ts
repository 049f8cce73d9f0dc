// What is around every flow: a platform and a browser for a file of them, a visit for each, and no fault in any.

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type TestContext } from "vitest";
import { ask, openBrowser, type Platform, startPlatform, traced, type Visit, visit } from "./stage";

export let browser: Browser;
export let platform: Platform;
/** The visit of the flow that is played. */
export let here: Visit;

interface Around {
  /** What the platform is told, by its environment. */
  settings?: Record<string, string>;
  /** Before each flow, when its page is open and empty. */
  prepare?: (visit: Visit) => Promise<unknown>;
  /** Whether what went wrong in the browser is what the flows are about. */
  isMeant?: (fault: string) => boolean;
}

/** Put a platform, a browser and a visit around the flows of this file. */
export function around({ settings = {}, prepare, isMeant = () => false }: Around = {}): void {
  let endTrace: (hasFailed: boolean) => Promise<void>;
  beforeAll(async () => {
    [browser, platform] = await Promise.all([openBrowser(), startPlatform(settings)]);
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  });
  beforeEach(async ({ task }: TestContext) => {
    here = await visit(browser, platform.url);
    here.page.setDefaultTimeout(30_000);
    await prepare?.(here);
    endTrace = await traced(here.context, `${task.file.name}-${task.name}`.replace(/\W+/g, "-"));
  });
  afterEach(async ({ task }: TestContext) => {
    await endTrace(task.result?.state === "fail");
    await here.context.close();
    // No error in the browser, nothing refused by the policy, no other host asked: in every flow.
    expect(here.faults.filter((fault) => !isMeant(fault))).toEqual([]);
  });
}

/** Nobody is welcomed, and nobody is shown around. */
export async function beenHere({ context }: Pick<Visit, "context">): Promise<void> {
  await context.addInitScript(() => {
    // Frames of outputs have no storage.
    if (window !== window.top) return;
    localStorage.setItem("autograph.welcomed", "yes");
    if (!localStorage.getItem("autograph.tour")) localStorage.setItem("autograph.tour", "done");
  });
}

/** A page as somebody who has been here before sees it. */
export async function goTo(page: Page, path: string): Promise<void> {
  await beenHere({ context: page.context() });
  await page.goto(path);
}

export function button(place: Page | Locator, name: string | RegExp): Locator {
  return place.getByRole("button", { name, exact: typeof name === "string" });
}

/** Save an agent as the person of a page does; its id. */
export async function save(page: Page, document: unknown): Promise<string> {
  return (await ask<{ id: string }>(page, "POST", "/api/v1/graphs", document)).id;
}

export const BLOCKS = {
  agent: "e189baac-8c20-45a1-94a7-55177ea42565",
  calculator: "b1ab9b19-67a6-406d-abf5-2dba76d00c79",
  condition: "715696a0-e1da-45c8-b209-c2fa9c3b0be6",
  number: "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98",
  output: "363ae599-353e-4804-937e-b2ee3cef3da4",
  review: "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d",
  store: "1ff065e9-88e8-4358-9d82-8dc91f622ba9",
  timer: "d67a9c52-5e4e-11e2-bcfd-0800200c9a71",
  text: "7fcd3bcb-8e1b-4e69-903d-32d3d4a92158",
};
