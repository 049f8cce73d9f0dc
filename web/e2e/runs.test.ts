// What people do with a run: read it, judge it, show it, compare it, go on from it; also when it is a large one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, WebSocketRoute } from "playwright-core";
import { describe, expect, test } from "vitest";
import { around, BLOCKS, beenHere, browser, here, platform, save } from "./flow";
import { ask, barriers, ROOT, visit } from "./stage";

around({
  prepare: async (opened) => {
    await beenHere(opened);
    await opened.page.goto("/login");
  },
});

type Node = {
  id: string;
  block_id: string;
  name?: string;
  constants?: Record<string, unknown>;
  policy?: object;
};

function agent(name: string, nodes: Node[], links: Array<[string, string, string, string]> = []) {
  return {
    autograph: 1,
    id: crypto.randomUUID(),
    name,
    version: 1,
    nodes,
    links: links.map(([from, output, to, input]) => ({ from, output, to, input })),
  };
}

async function run(page: Page, graph: string, inputs: object = {}, wait = 30): Promise<string> {
  const path = `/api/v1/graphs/${graph}/execute?wait=${wait}`;
  return (await ask<{ id: string }>(page, "POST", path, { inputs })).id;
}

/** Keep a file of the person's; its reference. */
async function upload(page: Page, name: string, content: string, isBase64 = false): Promise<string> {
  return page.evaluate(
    async ([name, content, isBase64]) => {
      const body = isBase64 ? Uint8Array.from(atob(content), (one) => one.charCodeAt(0)) : content;
      const answer = await fetch(`/api/v1/files?name=${name}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body,
      });
      return (await answer.json()).reference as string;
    },
    [name, content, isBase64] as const,
  );
}

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** Half a second of silence: mono, 8 bit, 8 kHz. */
const WAV = wav(4_000).toString("base64");
const PDF = pdf("Quarterly report");

function wav(samples: number): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}

/** A film of a few pictures that the browser makes itself, in base64. */
async function filmed(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const pen = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm" });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const isOver = new Promise((done) => {
      recorder.onstop = done;
    });
    recorder.start();
    for (let picture = 0; picture < 12; picture += 1) {
      if (pen) pen.fillStyle = picture % 2 ? "teal" : "orange";
      pen?.fillRect(0, 0, 64, 48);
      await new Promise((next) => requestAnimationFrame(next));
    }
    recorder.stop();
    await isOver;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
  });
}

/** A PDF of one page with a line of text. */
function pdf(text: string): string {
  const stream = `BT /F1 24 Tf 40 120 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((one, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj\n${one}\nendobj\n`;
    return at;
  });
  const start = body.length;
  const rows = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  return `${body}xref\n0 6\n0000000000 65535 f \n${rows}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
}

const HTML = `<!doctype html><html><head><style>p { color: red }</style>
<script>parent.document.title = "stolen"; document.title = "stolen"</script></head>
<body onload="parent.document.title = 'stolen'"><h1>A page of a run</h1><p style="color: red">It says hello.</p>
<img src="https://tracker.example.com/pixel.png"><form action="https://example.com"><input name="x"></form></body></html>`;

describe("outputs", () => {
  test("are shown as their kind deserves, and nothing in them acts", async () => {
    const { page } = here;
    const values: Record<string, unknown> = {
      markdown:
        "# Findings\n\n- [x] read\n- [ ] written\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): return 1\n```\n\n<img src=x onerror=alert(1)> <script>alert(1)</script>",
      table: [
        { name: "Ada", age: 36 },
        { name: "Bob", age: 4 },
      ],
      csv: "city,people\nRome,2800000\nBern,134000",
      code: "```sql\nSELECT name FROM people;\n```",
      page: HTML,
      tree: { deep: { list: [1, 2, 3] } },
      link: "https://example.org/report",
      long: "word ".repeat(10_000),
      picture: await upload(page, "pixel.png", PIXEL, true),
      report: await upload(page, "report.pdf", PDF),
      sheet: await upload(page, "sheet.csv", "item;price\nTea;3\nCoffee;12\n"),
    };
    const nodes = Object.entries(values).map(([name, value]) => ({
      id: name,
      block_id: BLOCKS.output,
      constants: { name, value },
    }));
    const id = await run(page, await save(page, agent("All kinds", nodes)));
    await page.goto(`/runs/${id}`);
    const outputs = page.getByRole("region", { name: "Outputs" });
    const of = (name: string) =>
      outputs.getByRole("article").filter({ has: page.getByRole("heading", { name, exact: true }) });

    await of("markdown").getByRole("heading", { name: "Findings" }).waitFor();
    expect(await of("markdown").getByRole("checkbox").count()).toBe(2);
    await of("markdown").locator(".hljs-keyword").first().waitFor();
    expect(await of("markdown").locator("script, [onerror]").count()).toBe(0);
    await of("table").getByRole("button", { name: "age" }).click();
    expect(await of("table").getByRole("cell").allInnerTexts()).toEqual(["Bob", "4", "Ada", "36"]);
    await of("csv").getByRole("button", { name: "people" }).click();
    expect((await of("csv").getByRole("cell").allInnerTexts())[0]).toBe("Bern");
    await of("code").locator(".hljs-keyword").first().waitFor();
    const frame = of("page").locator("iframe");
    expect(await frame.getAttribute("sandbox")).not.toContain("allow-scripts");
    await of("page").frameLocator("iframe").getByRole("heading", { name: "A page of a run" }).waitFor();
    expect(
      await of("page").frameLocator("iframe").locator("script, style, form, [style], [src]").count(),
    ).toBe(0);
    await of("page").getByRole("button", { name: "Show its source" }).click();
    await of("page").getByText("tracker.example.com").waitFor();
    await of("tree").getByText("deep").waitFor();
    expect(await of("link").getByRole("link").getAttribute("rel")).toContain("noopener");
    await of("long").getByText("50,000 characters.").waitFor();
    expect((await of("long").locator("pre").innerText()).length).toBeLessThan(5_000);
    await of("picture").getByRole("img").waitFor();
    await of("report")
      .getByRole("img", { name: /report.pdf, Page 1 of 1/ })
      .waitFor();
    await of("report").getByText("Quarterly report").waitFor({ state: "attached" });
    await of("sheet").getByRole("button", { name: "price" }).click();
    expect((await of("sheet").getByRole("cell").allInnerTexts())[1]).toBe("3");
    expect(await page.title()).not.toBe("stolen");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      of("csv").getByRole("button", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("csv.csv");
    await outputs.getByRole("button", { name: "Copy all" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("Rome,2800000");
    expect(await barriers(page)).toEqual([]);
  });

  test("are heard and seen where they are sound and film", async () => {
    const { page } = here;
    const film = await filmed(page);
    const id = await run(
      page,
      await save(
        page,
        agent("Sound and film", [
          {
            id: "film",
            block_id: BLOCKS.output,
            constants: { name: "film", value: await upload(page, "film.webm", film, true) },
          },
          {
            id: "sound",
            block_id: BLOCKS.output,
            constants: { name: "sound", value: await upload(page, "sound.wav", WAV, true) },
          },
          {
            id: "inline",
            block_id: BLOCKS.output,
            constants: { name: "inline", value: `data:audio/wav;base64,${WAV}` },
          },
        ]),
      ),
    );
    await page.goto(`/runs/${id}`);
    const video = page.getByLabel("film.webm");
    await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.videoWidth)).toBe(64);
    await video.evaluate((one: HTMLVideoElement) => one.play());
    await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.currentTime)).toBeGreaterThan(0);
    const sounds = page.locator("audio");
    expect(await sounds.count()).toBe(2);
    for (const sound of await sounds.all())
      await expect.poll(() => sound.evaluate((one: HTMLAudioElement) => one.duration)).toBeCloseTo(0.5);
    expect(await barriers(page)).toEqual([]);
  });
});

describe("a run", () => {
  test("is shown by a link, to anybody, for as long as its person wants", async () => {
    const { page } = here;
    const picture = await upload(page, "drawing.png", PIXEL, true);
    const graph = await save(
      page,
      agent(
        "Painter",
        [
          { id: "in", block_id: BLOCKS.text, constants: { name: "secret" } },
          { id: "keep", block_id: BLOCKS.store },
          { id: "out", block_id: BLOCKS.output, constants: { name: "drawing", value: picture } },
        ],
        [["in", "result", "keep", "input"]],
      ),
    );
    await page.goto(`/runs/${await run(page, graph, { secret: "swordfish" })}`);
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Nobody but you sees this run.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByLabel("For how long").selectOption("30 days");
    await dialog.getByRole("button", { name: "Make a link" }).click();
    await dialog.getByText(/Shown by a link until/).waitFor();
    await dialog.getByRole("button", { name: "Copy" }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(new URL(link).origin).toBe(platform.url);

    const stranger = await visit(browser, platform.url, { viewport: { width: 390, height: 844 } });
    await stranger.page.goto(link);
    await stranger.page.getByRole("heading", { name: "Painter" }).waitFor();
    const image = stranger.page.getByRole("img", { name: "drawing.png" });
    await image.waitFor();
    expect(await image.evaluate((one: HTMLImageElement) => one.decode().then(() => one.naturalWidth))).toBe(
      1,
    );
    expect(await stranger.page.content()).not.toContain("swordfish");
    expect(await barriers(stranger.page)).toEqual([]);
    expect(await stranger.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

    await dialog.getByRole("button", { name: "Stop sharing" }).click();
    await dialog.getByText("Nobody but you sees this run.").waitFor();
    await stranger.page.reload();
    await stranger.page.getByRole("heading", { name: "Nothing is shown here" }).waitFor();
    expect(await barriers(stranger.page)).toEqual([]);
    expect(stranger.faults).toEqual([]);
    await stranger.context.close();
  });

  test("is judged, and its agent shows what was said", async () => {
    const { page } = here;
    const graph = await save(
      page,
      agent("Judged", [{ id: "o", block_id: BLOCKS.output, constants: { name: "o", value: "hi" } }]),
    );
    await page.goto(`/runs/${await run(page, graph)}`);
    const place = page.getByRole("region", { name: "Feedback" });
    await place.getByRole("button", { name: "No" }).click();
    await place.getByRole("textbox").fill("Too short.");
    await place.getByRole("button", { name: "Save" }).click();
    await place.getByText("Too short.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.reload();
    await place.getByText("Too short.").waitFor();
    await page.getByRole("link", { name: "Judged" }).click();
    await page.getByRole("region", { name: "Feedback" }).getByText("1 not").waitFor();
    await page.getByRole("link", { name: "Too short." }).click();
    await place.getByRole("button", { name: "No" }).click();
    await expect.poll(() => place.getByText("Too short.").count()).toBe(0);
    expect(await place.locator("[aria-pressed=true]").count()).toBe(0);
  });

  test("that fails says where and at which field; it goes on from there, on a mended agent too", async () => {
    const { page } = here;
    const nodes = (b: number): Node[] => [
      { id: "one", block_id: BLOCKS.calculator, name: "First", constants: { operation: "Add", a: 1, b: 2 } },
      { id: "two", block_id: BLOCKS.calculator, name: "Share", constants: { operation: "Divide", b } },
      { id: "out", block_id: BLOCKS.output, constants: { name: "share" } },
    ];
    const links: Array<[string, string, string, string]> = [
      ["one", "result", "two", "a"],
      ["two", "result", "out", "value"],
    ];
    const document = agent("Divides", nodes(0), links);
    const graph = await save(page, document);
    const failed = await run(page, graph);
    await page.goto(`/runs/${failed}`);
    const problem = page.getByRole("alert");
    await problem.getByText(/At Share, step 2/).waitFor();
    await problem.getByRole("button", { name: "Retry from here" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Kept: 1").waitFor();
    await dialog.getByText("Done again: 1").waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Start the new run" }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(failed));
    await problem.getByText(/At Share, step 2/).waitFor();

    await ask(page, "PUT", `/api/v1/graphs/${graph}`, { ...document, nodes: nodes(3) });
    await page.reload();
    await problem.getByRole("button", { name: "Go on with the mended agent" }).click();
    await dialog.getByText("Kept: 1").waitFor();
    expect(await dialog.getByLabel("Version of the agent").inputValue()).toBe("2");
    await dialog.getByRole("button", { name: "Start the new run" }).click();
    await page.getByRole("region", { name: "Outputs" }).getByText("1", { exact: true }).waitFor();
    await page
      .getByRole("list", { name: "Timeline" })
      .getByText("Kept")
      .first()
      .waitFor({ state: "attached" });
  });

  test("is replayed event by event; steps of agents inside unfold, tell and are opened", async () => {
    const { page } = here;
    const example = (name: string) =>
      JSON.parse(readFileSync(join(ROOT, `examples/agents/${name}.json`), "utf8"));
    const party = await save(page, example("welcome-party"));
    await page.goto(`/runs/${await run(page, party, { guests: "Ada, Bob" })}`);
    const timeline = page.getByRole("list", { name: "Timeline" });
    await timeline.getByRole("button", { name: "Show the steps inside Greet" }).first().click();
    const inside = timeline.getByRole("button", { name: /Fill Text Template/ });
    await inside.first().waitFor();
    await inside.first().hover();
    await page.getByRole("tooltip").getByText("Went out").waitFor();
    await inside.first().click();
    const panel = page.getByRole("region", { name: /^Step \d+$/ });
    await panel.getByRole("heading", { name: "Went out" }).waitFor();
    await panel.getByRole("list", { name: "What happened" }).getByText("Done").first().waitFor();
    expect(page.url()).toContain("of=");
    await timeline.getByRole("button", { name: "Hide the steps inside Greet" }).first().click();
    await expect.poll(() => inside.count()).toBe(0);

    const replay = page.getByRole("region", { name: "Replay" });
    const slider = replay.getByRole("slider", { name: "Moment of the run" });
    const last = Number(await slider.getAttribute("max"));
    const then = replay.getByRole("list", { name: "Nodes at this moment" }).getByRole("listitem");
    const states = async () => (await then.allInnerTexts()).map((one) => one.split("\n").join(" "));
    expect((await states()).every((one) => one.includes("Done"))).toBe(true);
    await slider.fill("1");
    await replay.getByText(/Run started/).waitFor();
    expect((await states()).every((one) => one.includes("Not begun"))).toBe(true);
    await replay.getByRole("button", { name: "One event on" }).click();
    await expect
      .poll(async () => (await states()).filter((one) => !one.includes("Not begun")).length)
      .toBe(1);
    expect(await barriers(page)).toEqual([]);
    await replay.getByRole("button", { name: "Play" }).click();
    await expect.poll(() => slider.inputValue(), { timeout: 20_000 }).toBe(String(last));
  });

  test("is set beside another, and what differs is marked", async () => {
    const { page } = here;
    const graph = await save(
      page,
      agent(
        "Echo",
        [
          { id: "in", block_id: BLOCKS.text, constants: { name: "text" } },
          {
            id: "fixed",
            block_id: BLOCKS.output,
            name: "Always",
            constants: { name: "always", value: "the same" },
          },
          { id: "out", block_id: BLOCKS.output, name: "Said", constants: { name: "said" } },
        ],
        [["in", "result", "out", "value"]],
      ),
    );
    const [a, b] = [await run(page, graph, { text: "one" }), await run(page, graph, { text: "two" })];
    await page.goto(`/runs/${b}`);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Compare with another run" }).click();
    await page.getByRole("dialog").getByRole("listitem").first().getByRole("link").click();
    await page.waitForURL(`**/runs/compare?a=${a}&b=${b}`);
    const outputs = page.getByRole("region", { name: "Outputs" }).getByRole("listitem");
    await outputs.filter({ hasText: "always" }).getByText("Same", { exact: true }).waitFor();
    await outputs.filter({ hasText: "said" }).getByText("Different").waitFor();
    const nodes = page.getByRole("region", { name: "Node by node" });
    await nodes.getByText("2 of 3 did something else.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("switch", { name: "Differences only" }).click();
    await expect.poll(() => nodes.getByText("Always").count()).toBe(0);
    await page.getByRole("button", { name: "Swap" }).click();
    await page.waitForURL((url) => url.searchParams.get("a") === b);
    await page.goto(`/runs/compare?a=${a}&b=${a}`);
    await nodes.getByText("All 3 did the same.").waitFor();
    await page.goto("/runs/compare");
    await page.getByRole("heading", { name: "Two runs are needed" }).waitFor();
  });

  test("is found by what it gave, and deleted with others", async () => {
    const { page } = here;
    const graph = await save(
      page,
      agent(
        "Zoo",
        [
          { id: "in", block_id: BLOCKS.text, constants: { name: "text" } },
          { id: "out", block_id: BLOCKS.output, constants: { name: "said" } },
        ],
        [["in", "result", "out", "value"]],
      ),
    );
    for (const text of ["a lynx", "an otter", "a lynx again"]) await run(page, graph, { text });
    await page.goto("/runs");
    await page.getByLabel("Agent, output, error, id").fill("LYNX");
    await page.waitForURL("**/runs?search=LYNX");
    const boxes = page.getByRole("checkbox");
    await expect.poll(() => boxes.count()).toBe(2);
    await page.getByLabel("When").selectOption("Last 24 hours");
    await page.waitForURL(/within=day/);
    await expect.poll(() => boxes.count()).toBe(2);
    await page.getByLabel("State").selectOption("Failed");
    await page.getByText("No run fits the filter").waitFor();
    await page.getByLabel("State").selectOption("Done");
    await expect.poll(() => boxes.count()).toBe(2);
    await boxes.nth(0).check();
    await page.getByRole("button", { name: "Choose all 2 shown" }).click();
    await page.getByText("2 runs chosen").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.waitForURL("**/runs/compare?**");
    await page.goBack();
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 runs are deleted.").waitFor();
    await page.getByText("No run fits the filter").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => page.getByRole("link", { name: /Zoo/ }).count()).toBe(1);
  });
});

/** A review, and a loop behind it: 3 events for each number that is counted down. */
function loop(): ReturnType<typeof agent> {
  return agent(
    "Long loop",
    [
      { id: "r", block_id: BLOCKS.review, constants: { data: 400, name: "From where?" } },
      { id: "enough", block_id: BLOCKS.condition, constants: { operator: ">=", value2: 1, no_value: 0 } },
      {
        id: "less",
        block_id: BLOCKS.calculator,
        name: "One less",
        constants: { operation: "Subtract", b: 1 },
      },
      { id: "step", block_id: BLOCKS.output, constants: { name: "step" } },
    ],
    [
      ["r", "approved_data", "enough", "value1"],
      ["enough", "yes_output", "step", "value"],
      ["enough", "yes_output", "less", "a"],
      ["less", "result", "enough", "value1"],
    ],
  );
}

describe("a long run", () => {
  test("is followed through a cut connection, without a gap and without an event twice", async () => {
    const { page } = here;
    const graph = await save(page, loop());
    const id = await run(page, graph, {}, 0);
    const seen: number[] = [];
    const since: number[] = [];
    let isCut = false;
    let ends: WebSocketRoute[] = [];
    await page.routeWebSocket(/\/ws$/, (route) => {
      if (isCut) {
        route.close();
        return;
      }
      const server = route.connectToServer();
      ends = [route, server];
      route.onMessage((message) => {
        const said = JSON.parse(String(message));
        if (said.type === "subscribe" && said.run === id) since.push(said.since);
        server.send(message);
      });
      server.onMessage((message) => {
        const said = JSON.parse(String(message));
        if (said.type === "event" && said.run === id) seen.push(said.seq);
        route.send(message);
      });
    });
    await page.goto(`/runs/${id}`);
    await page.getByText("Waiting").first().waitFor();
    const written = () => ask<unknown[]>(page, "GET", `/api/v1/runs/${id}/events`);
    await expect.poll(async () => seen.length > 1 && seen.length === (await written()).length).toBe(true);
    const before = seen.length;

    isCut = true;
    await Promise.all(ends.map((end) => end.close()));
    await page.getByText(new RegExp(`You see the run up to event ${before};`)).waitFor();
    expect(await barriers(page)).toEqual([]);
    const reviews = await ask<{ reviews: Array<{ id: string }> }>(
      page,
      "GET",
      `/api/v1/reviews?run_id=${id}`,
    );
    await ask(page, "POST", `/api/v1/reviews/${reviews.reviews[0]?.id}`, { decision: "approve" });
    isCut = false;

    await page.getByText("Done").first().waitFor();
    const all = await page.evaluate(async (id) => {
      let last = 0;
      for (;;) {
        const rows = await (await fetch(`/api/v1/runs/${id}/events?since=${last}`)).json();
        if (rows.length === 0) return last;
        last = rows.at(-1).seq;
      }
    }, id);
    expect(all).toBeGreaterThan(1_000);
    const slider = page.getByRole("slider", { name: "Moment of the run" });
    await expect.poll(() => slider.getAttribute("max")).toBe(String(all));
    expect(seen).toEqual(Array.from({ length: all }, (_, index) => index + 1));
    expect(since.at(-1)).toBe(before);
    await expect.poll(() => page.getByText(/You see the run up to/).count()).toBe(0);
  });

  test("of ten thousand events keeps no more in the page than is shown", async () => {
    const { page, context } = here;
    const example = JSON.parse(readFileSync(join(ROOT, "examples/agents/countdown.json"), "utf8"));
    const graph = await save(page, example);
    const small = await run(page, graph, { from: 3 });
    const large = await run(page, graph, { from: 3_332 }, 120);
    const devtools = await context.newCDPSession(page);
    const heap = async () => {
      await devtools.send("HeapProfiler.collectGarbage");
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      return usedSize / 2 ** 20;
    };
    await page.goto(`/runs/${small}`);
    await page.getByText("Done").first().waitFor();
    const baseline = await heap();

    await page.goto(`/runs/${large}`);
    await page.getByText("Done").first().waitFor();
    await page.getByText("9,999 steps").or(page.getByText("9999 steps")).waitFor();
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    expect(elements).toBeLessThan(2_500);
    const loaded = await heap();
    expect(loaded - baseline).toBeLessThan(25);

    // Looking through all of it leaves nothing behind.
    const log = page.getByRole("region", { name: "Journal" });
    const lines = page.getByRole("list", { name: "Journal" }).getByRole("listitem");
    for (const part of [0, 0.25, 0.5, 0.75, 0.9, 0.1, 0]) {
      await log.evaluate((place, part) => {
        place.scrollTop = (place.scrollHeight - place.clientHeight) * part;
      }, part);
      await expect
        .poll(async () => (await lines.allInnerTexts()).some((one) => one.includes("…")))
        .toBe(false);
    }
    await page.getByText("Run started").first().waitFor();
    await page.getByRole("slider", { name: "Moment of the run" }).fill("5000");
    await page.getByText("Event 5,000 of 10,001").waitFor();
    expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(2_500);
    expect((await heap()) - loaded).toBeLessThan(8);
  });
});
