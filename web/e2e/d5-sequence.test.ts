// The life of an agent, from making it to its result, message by message as the sequence diagram has them (D5).

import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { around, BLOCKS, beenHere, button, here, platform } from "./flow";
import { ask, barriers } from "./stage";

const SENTENCE = "a sentence is a good one";

/** One thing that was said, heard or seen, in the order in which the page knew of it. */
interface Moment {
  what: string;
  /** Milliseconds of the clock. */
  at: number;
  body: Record<string, unknown>;
}

around({ settings: { AUTOGRAPH_RATE_AUTH: "0" }, prepare: beenHere });
beforeAll(async () => {
  for (const [door, name] of [
    ["set-up", "Olga"],
    ["sign-up", "Ada"],
  ] as const)
    await fetch(`${platform.url}/api/v1/auth/${door}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, email: `${name.toLowerCase()}@example.com`, password: SENTENCE }),
    });
});

/** A number waits a second, is read by a person, and goes out. */
const PART = {
  autograph: 1,
  name: "Careful number",
  nodes: [
    { id: "in", block_id: BLOCKS.number, constants: { name: "amount" } },
    { id: "timer", block_id: BLOCKS.timer, name: "Timer", constants: { seconds: 1 } },
    { id: "review", block_id: BLOCKS.review, name: "Reader", constants: { name: "Is it right?" } },
    { id: "out", block_id: BLOCKS.output, constants: { name: "sum" } },
  ],
  links: [
    { from: "in", output: "result", to: "timer", input: "input_message" },
    { from: "timer", output: "output_message", to: "review", input: "data" },
    { from: "review", output: "approved_data", to: "out", input: "value" },
  ],
  layout: {
    in: { x: 0, y: 0 },
    timer: { x: 300, y: 0 },
    review: { x: 600, y: 0 },
    out: { x: 900, y: 0 },
  },
};

/** Note, from inside the page and so in one order, what it asks, what it hears, and what it shows. */
async function noted(page: Page): Promise<Moment[]> {
  const moments: Moment[] = [];
  await page.exposeFunction("noteMoment", (what: string, at: number, body: string) =>
    moments.push({ what, at, body: body ? JSON.parse(body) : {} }),
  );
  await page.addInitScript(() => {
    const note = (what: string, body = "") =>
      (window as unknown as { noteMoment: (...parts: unknown[]) => void }).noteMoment(what, Date.now(), body);
    const { fetch: send, WebSocket: Socket } = window;
    window.fetch = async (input, init) => {
      const { method, url } = new Request(input, init);
      const { pathname } = new URL(url);
      note(`asked ${method} ${pathname}`);
      const answer = await send(input, init);
      const isJson = answer.headers.get("content-type")?.includes("json") && method !== "GET";
      note(`answered ${answer.status} ${method} ${pathname}`, isJson ? await answer.clone().text() : "");
      return answer;
    };
    window.WebSocket = class extends Socket {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener("message", ({ data }) => {
          const { type, kind = "" } = JSON.parse(data);
          note(`heard ${type} ${kind}`.trim(), data);
        });
      }
      override send(data: string) {
        note(`said ${JSON.parse(data).type}`, data);
        super.send(data);
      }
    };
    const shown = new Map<string, string>();
    const show = (place: string, text: string | null | undefined) => {
      if (!text || shown.get(place) === text) return;
      shown.set(place, text);
      note(`shown ${place}: ${text}`);
    };
    new MutationObserver(() => {
      show("address", location.pathname.replace(/[0-9a-f-]{36}/, "…"));
      show("version", document.querySelector("h1 ~ [role=status]")?.textContent?.replace(/ ·.*/, ""));
      for (const node of document.querySelectorAll(".react-flow__node header")) {
        const [name, state] = node.querySelectorAll("[title]");
        show(name?.textContent ?? "", state?.getAttribute("title"));
      }
      show("run", document.querySelector("[data-run-bar] header > span")?.textContent);
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  return moments;
}

/** Find moments that begin so, one after the other, after `from`; the place of the last, once all are there. */
async function inOrder(moments: Moment[], from: number, ...steps: string[]): Promise<number> {
  let last = from;
  const missing = () => {
    last = from;
    return steps.find((step) => {
      const index = moments.findIndex((one, at) => at > last && one.what.startsWith(step));
      last = Math.max(last, index);
      return index < 0;
    });
  };
  await expect.poll(missing, { timeout: 5_000, message: `in order: ${steps.join(", ")}` }).toBeUndefined();
  return last;
}

test("an agent is made and run, and every message comes in its turn", {
  meta: { seed: ["D5-P01", "D5-P02", "D5-P10", "D5-S11", "D5-S12", "D5-S20", "D5-S23"] },
}, async () => {
  const { page } = here;
  const moments = await noted(page);
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByLabel("Password").fill(SENTENCE);
  await button(page, "Log in").click();
  await page.waitForURL((url) => url.pathname === "/");
  await page.goto("/build");
  await page.getByRole("heading", { name: "An empty graph" }).waitFor();
  await page.evaluate((part) => navigator.clipboard.writeText(part), JSON.stringify(PART));
  await page.keyboard.press("Control+v");
  await page.getByText("Not saved").waitFor();

  // Create an agent: S01 person → page, S02 page → API, S10 API → page, S11 page → person.
  const began = moments.length - 1;
  await button(page, "Save").click();
  await page.getByText(/Version 1 · saved/).waitFor();
  await page.waitForURL(/\/build\/./);
  expect(await button(page, "Run").isEnabled()).toBe(true);
  const asked = await inOrder(moments, began, "asked POST /api/v1/graphs");
  const made = await inOrder(moments, asked, "answered 201 POST /api/v1/graphs", "shown version: Version 1");
  const placed = await inOrder(moments, asked, "shown address: /build/…");
  expect((moments[Math.max(made, placed)]?.at ?? 0) - (moments[asked]?.at ?? 0)).toBeLessThan(1_500);
  const agent = moments[await inOrder(moments, asked, "answered 201")]?.body ?? {};
  expect(agent).toMatchObject({
    id: page.url().split("/").at(-1),
    version: 1,
    input_schema: { properties: { amount: {} } },
    output_schema: { properties: { sum: {} } },
  });
  // S07, S08: its entry in the library is there at once.
  const entry = await ask<{ id: string }>(page, "GET", `/api/v1/library/agents/${agent.id}`);
  expect(entry.id).toBe(agent.id);

  // Run it: S12. What does not fit is said at its field, and no run begins.
  await button(page, "Run").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/amount/).fill("many");
  await button(dialog, "Run").click();
  await dialog.getByRole("alert").getByText("The run was not started.").waitFor();
  await dialog.getByText('Expected a whole number, got "many".', { exact: true }).waitFor();
  expect(await ask(page, "GET", "/api/v1/runs")).toMatchObject({ runs: [] });
  expect(await barriers(page)).toEqual([]);

  // S13 page → API. The id is answered at once (S23), before anything of the run is heard.
  const ready = moments.length - 1;
  await dialog.getByLabel(/amount/).fill("42");
  await button(dialog, "Run").click();
  const bar = page.getByRole("region", { name: "Run" });
  await bar.getByText("Waiting").waitFor();
  const execute = `POST /api/v1/graphs/${agent.id}/execute`;
  const accepted = await inOrder(moments, ready, `asked ${execute}`, `answered 202 ${execute}`);
  const run = moments[accepted]?.body.id;
  const heard = await inOrder(
    moments,
    accepted,
    // S16 … S20: it is followed, it begins, it works, and each state is seen right after it was heard.
    "said subscribe",
    "heard subscribed",
    "heard event run.started",
    "heard event node.completed",
    "heard event node.started",
    "shown Timer: Running",
    "heard event node.completed",
    "shown Timer: Done",
  );
  await inOrder(moments, accepted, "heard event node.waiting", "shown Reader: Waiting");
  await inOrder(moments, accepted, "heard event run.started", "shown amount: Done", "shown Timer: Running");
  // The same is told in the inbox (P10).
  await inOrder(moments, accepted, "heard inbox");
  await button(page, /Notifications\D*1\D*unread/).waitFor();
  expect(moments.slice(began, heard).some((one) => one.what.startsWith("heard end"))).toBe(false);

  // In the middle of it the page is loaded again, and everything is as it was.
  const again = moments.length - 1;
  await page.reload();
  await bar.getByText("Waiting").waitFor();
  await inOrder(moments, again, "said subscribe", "heard event run.started", "heard event node.waiting");
  for (const step of ["amount: Done", "Timer: Done", "Reader: Waiting"])
    await inOrder(moments, again, `shown ${step}`);

  // Somebody answers elsewhere; the rest is seen here without a reload.
  const resumed = moments.length - 1;
  const other = await here.context.newPage();
  await other.goto("/reviews");
  await button(other, "Approve").first().click();
  await other.getByText("Nothing waits for you").waitFor();
  await other.close();
  await bar.getByText("42", { exact: true }).waitFor();
  await bar.getByText("Done").waitFor();
  // S21, S22: the end, and the result with it.
  await inOrder(moments, resumed, "heard event run.completed", "shown run: Done");
  await inOrder(moments, resumed, "heard event run.completed", "heard end");
  await inOrder(moments, resumed, "heard event node.resumed", "shown Reader: Done", "shown sum: Done");
  const result = await ask(page, "GET", `/api/v1/runs/${run}`);
  expect(result).toMatchObject({ id: run, status: "completed", outputs: { sum: [42] } });

  // One run in all of it; every event once after each load of the page, numbered without a gap.
  for (const part of [moments.slice(0, again + 1), moments.slice(again + 1)]) {
    const events = part.filter((one) => one.what.startsWith("heard event"));
    expect(events.map((one) => one.body.seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map((one) => one.body.run))).toEqual(new Set([run]));
  }
});
