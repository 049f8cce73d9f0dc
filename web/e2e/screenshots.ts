// A picture of every page, light, dark, on a phone and in Chinese, for people to look at: .cache/screenshots.
// `PAGES=build make screenshots` takes those alone whose name has that in it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BLOCKS } from "./flow";
import { ask, openBrowser, type Platform, ROOT, startPlatform, visit } from "./stage";

const LOOKS: Record<string, { options: BrowserContextOptions; language: string }> = {
  light: { options: { colorScheme: "light" }, language: "en" },
  dark: { options: { colorScheme: "dark" }, language: "en" },
  phone: {
    options: { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
    language: "en",
  },
  chinese: { options: { colorScheme: "light" }, language: "zh" },
  "chinese-phone": {
    options: { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
    language: "zh",
  },
};
const KINDS = {
  summary:
    "## What was found\n\nThree cities grew, **one shrank**:\n\n- [x] Rome\n- [ ] Bern\n\n```python\ndef growth(now: int, then: int) -> float:\n    return now / then - 1  # a share\n```",
  cities: "city,people,growth\nRome,2800000,0.4\nBern,134000,-0.1\nOslo,709000,1.3",
  answer: { status: "done", sources: ["https://example.org/a", "https://example.org/b"], score: 0.93 },
  letter:
    "<!doctype html><html><body><h1>Dear reader</h1><p>A page, in a frame of its own.</p></body></html>",
};

let browser: Browser;
let platform: Platform;
let marks: [key: string, kept: string] = ["", ""];
const paths: Record<string, string> = {
  welcome: "/welcome",
  home: "/",
  notifications: "/notifications",
  library: "/library",
  runs: "/runs",
  "share-nothing": "/share/nobody-ever-made-this-link",
  reviews: "/reviews",
  connections: "/connections",
  account: "/account",
  "admin-users": "/admin",
  "admin-dead-letters": "/admin?tab=dead-letters",
  "admin-audit": "/admin?tab=audit",
  "build-new": "/build",
  "not-found": "/nowhere",
  login: "/login",
  signup: "/signup",
};

beforeAll(async () => {
  [browser, platform] = await Promise.all([openBrowser(), startPlatform()]);
  const { page, context } = await visit(browser, platform.url);
  await page.goto("/login");
  const save = async (document: unknown) =>
    (await ask<{ id: string }>(page, "POST", "/api/v1/graphs", document)).id;
  const run = async (id: string, inputs: object) =>
    (await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${id}/execute?wait=5`, { inputs })).id;
  const example = (name: string) =>
    JSON.parse(readFileSync(join(ROOT, `examples/agents/${name}.json`), "utf8"));
  const report = await save(example("word-report"));
  const division = await save(example("careful-division"));
  const countdown = await save(example("countdown"));
  const review = await save({
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Newsletter",
    version: 1,
    description: "Writes to readers once somebody has read it.",
    nodes: [
      {
        id: "r",
        block_id: BLOCKS.review,
        constants: { data: { subject: "Autumn", text: "Dear readers, …" }, name: "Send the newsletter?" },
      },
    ],
    links: [],
  });
  const failing = await save({
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Divides by nothing",
    version: 1,
    nodes: [
      {
        id: "c",
        name: "Share",
        block_id: "b1ab9b19-67a6-406d-abf5-2dba76d00c79",
        constants: { operation: "Divide", a: 1, b: 0 },
      },
    ],
    links: [],
  });
  const grouped = example("word-report");
  for (const node of grouped.nodes.slice(1, 4)) node.metadata = { group: "Looks at the text" };
  paths["build-groups"] = `/build/${await save({ ...grouped, name: "Word report, in groups" })}`;
  await run(division, { a: 1, b: 0 });
  await run(review, {});
  const counted = await run(countdown, { from: 12 });
  const failed = await run(failing, {});
  const text = "Agents are **graphs**:\n\n- of blocks\n- of links\n\nExtraordinary graphs.";
  const made = await run(report, { text });
  const folder = async (
    name: string,
    icon: string | null,
    color: string | null,
    parent: string | null = null,
  ) =>
    (
      await ask<{ id: string }>(page, "POST", "/api/v1/library/folders", {
        name,
        icon,
        color,
        parent_id: parent,
      })
    ).id;
  const work = await folder("Work", "💼", "#2f7f8f");
  await folder("Reports", "📊", null, work);
  await folder("Experiments", null, "#8e4a9e");
  const say = (id: string, body: object) => ask(page, "PATCH", `/api/v1/library/agents/${id}`, body);
  await say(report, { is_favorite: true });
  await say(division, { folder_id: work });
  await ask(page, "POST", "/api/v1/presets", {
    name: "Short note",
    description: "A text that is always there.",
    graph_id: report,
    inputs: { text: "Agents are graphs of blocks." },
  });
  const blocks = await ask<Array<{ id: string; name: string }>>(page, "GET", "/api/v1/blocks");
  const listener = await save({
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Order desk",
    version: 1,
    description: "Takes orders from the shop as they come.",
    nodes: [
      { id: "t", block_id: blocks.find((one) => one.name === "GenericWebhookTrigger")?.id, constants: {} },
      { id: "o", block_id: "363ae599-353e-4804-937e-b2ee3cef3da4", constants: { name: "order" } },
    ],
    links: [{ from: "t", output: "payload", to: "o", input: "value" }],
  });
  const heard = await ask<{ webhook: { url: string } }>(page, "POST", "/api/v1/presets", {
    name: "Shop",
    graph_id: listener,
    trigger: { config: {} },
  });
  await ask(page, "POST", new URL(heard.webhook.url).pathname, { order: 7 });
  const shown = await save({
    autograph: 1,
    id: crypto.randomUUID(),
    name: "All kinds of outputs",
    version: 1,
    nodes: Object.entries(KINDS).map(([name, value]) => ({
      id: name,
      block_id: BLOCKS.output,
      constants: { name, value },
    })),
    links: [],
  });
  const kinds = await run(shown, {});
  const party = await run(await save(example("welcome-party")), { guests: "Ada, Grace, Edsger" });
  const other = await run(report, { text: `${text} And one sentence more.` });
  const link = await ask<{ share_token: string }>(
    page,
    "POST",
    `/api/graphs/${shown}/executions/${kinds}/share`,
    {},
  );
  await ask(page, "PUT", `/api/v1/runs/${made}/feedback`, { verdict: "good", words: "Just what I needed." });
  paths["run-kinds"] = `/runs/${kinds}`;
  paths["run-nested"] = `/runs/${party}?step=3`;
  paths.compare = `/runs/compare?a=${made}&b=${other}`;
  paths.share = `/share/${link.share_token}`;
  paths.agent = `/library/${report}`;
  paths["agent-presets"] = `/library/${report}?tab=presets`;
  paths["agent-triggers"] = `/library/${listener}?tab=triggers`;
  paths["agent-versions"] = `/library/${report}?tab=versions`;
  paths["agent-settings"] = `/library/${report}?tab=settings`;
  paths["library-folder"] = `/library?folder=${work}`;
  paths["library-attention"] = "/library?status=attention";
  paths["library-deleted"] = "/library?shelf=deleted";
  paths.run = `/runs/${made}`;
  paths["run-step"] = `/runs/${made}?step=3`;
  paths["run-loop"] = `/runs/${counted}`;
  paths["run-failed"] = `/runs/${failed}`;
  const told = { inputs: { text }, breakpoints: ["report"], pinned: { count: { word_count: [1000] } } };
  const paused = await ask<{ id: string }>(page, "POST", `/api/v1/graphs/${report}/execute?wait=2`, told);
  marks = [`autograph.debug.${report}`, JSON.stringify(told)];
  paths["build-paused"] = `/build/${report}?run=${paused.id}`;
  paths.build = `/build/${report}`;
  paths["build-run"] = `/build/${report}?run=${made}`;
  await context.close();
});
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

test.each(Object.entries(LOOKS))("%s", async (look, { options, language }) => {
  const { page, context, faults } = await visit(browser, platform.url, options);
  await page.addInitScript(
    ([chosen, key, kept]) => {
      // Frames of outputs have no storage.
      if (window !== window.top) return;
      localStorage.setItem("autograph.welcomed", "yes");
      localStorage.setItem("autograph.tour", "done");
      localStorage.setItem("autograph.language", chosen);
      localStorage.setItem(key, kept);
    },
    [language, ...marks] as const,
  );
  for (const [name, path] of Object.entries(paths)) {
    if (!name.includes(process.env.PAGES ?? "")) continue;
    await page.goto(path);
    await page.locator("h1").first().waitFor({ state: "attached" });
    await page.waitForLoadState("networkidle");
    // What moves has come to rest; what goes round for ever is left to go.
    await page.waitForFunction(() =>
      document.getAnimations().every((one) => {
        const times = one.effect?.getTiming().iterations;
        return one.playState !== "running" || times === Number.POSITIVE_INFINITY;
      }),
    );
    await page.screenshot({ path: join(ROOT, `.cache/screenshots/${name}-${look}.png`) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
  }
  await context.close();
  expect(faults).toEqual([]);
});
