// What the canvas costs, in a real browser on a real server (run by hand):
//
//     make setup web && node benchmarks/canvas.mjs [--nodes 1000] [--seconds 15] [--profile]
//
// Two questions. How long from the database's commit of an event to the picture that shows it: a run of timers ticks, and
// each event's time in the journal (the start of its commit) is set beside the first frame after the canvas has it. And how smoothly a graph of many nodes pans, at reading zoom and with all of it in view: frames a second
// while the pointer drags, at first (nothing is compiled and painted yet) and then. Both in headless Chromium without a graphics card, so a screen does better.
//
// The machine's load is printed beside; where others work on it, the numbers are upper bounds.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { chromium } = createRequire(join(ROOT, "web/package.json"))("playwright-core");
const COUNTDOWN = "d67a9c52-5e4e-11e2-bcfd-0800200c9a71";
const STORE = "1ff065e9-88e8-4358-9d82-8dc91f622ba9";
const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
const DRAG_MS = 4_000;
const IS_PROFILED = process.argv.includes("--profile");

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

async function startPlatform(folder) {
  const server = spawn(
    join(ROOT, ".venv/bin/python"),
    ["-m", "autograph.cli.main", "up", "--port", "0", "--data-dir", folder],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      const found = /is up: (http:\/\/\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    server.on("exit", (code) => reject(new Error(`the platform ended with ${code}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      server.removeAllListeners("exit");
      server.on("exit", resolve);
      server.kill("SIGINT");
    });
  return { url, stop };
}

async function ask(url, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A graph of chains of calculators, laid out in rows. */
function chains(count, length) {
  const id = (index) => `n${index}`;
  const all = [...Array(count).keys()];
  return {
    autograph: 1,
    id: crypto.randomUUID(),
    name: `${count} nodes`,
    version: 1,
    nodes: all.map((index) => ({
      id: id(index),
      block_id: CALCULATOR,
      constants: { operation: "Add", a: 0, b: 1 },
    })),
    links: all
      .filter((index) => index % length > 0)
      .map((index) => ({ from: id(index - 1), output: "result", to: id(index), input: "a" })),
    layout: Object.fromEntries(
      all.map((index) => [id(index), { x: (index % length) * 320, y: Math.floor(index / length) * 240 }]),
    ),
  };
}

/** Do something; return what came of it, and the CPU time of the page's main thread meanwhile, in milliseconds. */
async function measured(page, work) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const taken = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value * 1e3]));
  };
  if (IS_PROFILED) {
    await devtools.send("Profiler.enable");
    await devtools.send("Profiler.start");
  }
  const before = await taken();
  const found = await work();
  const after = await taken();
  const cpuMs = after.TaskDuration - before.TaskDuration;
  if (IS_PROFILED) {
    for (const name of ["TaskDuration", "ScriptDuration", "RecalcStyleDuration", "LayoutDuration"])
      console.log(`  ${(after[name] - before[name]).toFixed(0).padStart(6)} ms  ${name}`);
    printProfile((await devtools.send("Profiler.stop")).profile);
  }
  await devtools.detach();
  return { found, cpuMs };
}

/** Where the time went: the functions with the most time of their own. */
function printProfile({ nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || "(anonymous)"} ${url.split("/").at(-1)}:${lineNumber + 1}`,
    ]),
  );
  const own = new Map();
  samples.forEach((id, index) => {
    const name = names.get(id);
    own.set(name, (own.get(name) ?? 0) + timeDeltas[index] / 1e3);
  });
  for (const [name, ms] of [...own].sort((a, b) => b[1] - a[1]).slice(0, 25))
    console.log(`  ${ms.toFixed(0).padStart(6)} ms  ${name}`);
}

const percentile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

/** Timers that each give out a value a second, and a chain of nodes after each. */
function ticking(rows, seconds) {
  const all = [...Array(rows).keys()];
  const chain = ["a", "b", "c"];
  return {
    autograph: 1,
    id: crypto.randomUUID(),
    name: "Ticking",
    version: 1,
    nodes: all.flatMap((row) => [
      {
        id: `t${row}`,
        block_id: COUNTDOWN,
        constants: { seconds: 1, repeat: seconds, input_message: `tick ${row}` },
      },
      ...chain.map((name) => ({ id: `${name}${row}`, block_id: STORE, constants: {} })),
    ]),
    links: all.flatMap((row) => [
      { from: `t${row}`, output: "output_message", to: `a${row}`, input: "input" },
      { from: `a${row}`, output: "output", to: `b${row}`, input: "input" },
      { from: `b${row}`, output: "output", to: `c${row}`, input: "input" },
    ]),
    layout: Object.fromEntries(
      all.flatMap((row) =>
        ["t", ...chain].map((name, column) => [`${name}${row}`, { x: column * 320, y: row * 240 }]),
      ),
    ),
  };
}

/** Watch a run; return for each event how long until the browser had it, and until a frame showed it, in milliseconds. */
async function toPixel(page, url, seconds) {
  const saved = await ask(url, "POST", "/api/v1/graphs", ticking(6, seconds));
  await page.goto(`${url}/build/${saved.id}`);
  await page.locator(".react-flow__node").nth(5).waitFor();
  const run = await ask(url, "POST", `/api/v1/graphs/${saved.id}/execute`, {});
  await page.evaluate((id) => history.pushState({}, "", `?run=${id}`), run.id);
  await page.waitForSelector("[data-run-bar]");
  await page.evaluate(() => {
    window.frames_ = [];
    let last = 0;
    const look = () => {
      const seq = Number(document.querySelector("[data-run-bar]")?.dataset.seq ?? 0);
      if (seq > last) {
        last = seq;
        // The frame that has it is being made; the next one's start says that it was shown.
        requestAnimationFrame(() => window.frames_.push([seq, performance.timeOrigin + performance.now()]));
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const { cpuMs } = await measured(page, async () => {
    const isOver = async () => (await (await fetch(`${url}/api/v1/runs/${run.id}`)).json()).ended_at;
    while (!(await isOver())) await new Promise((resolve) => setTimeout(resolve, 1_000));
  });
  const journal = await (await fetch(`${url}/api/v1/runs/${run.id}/events?limit=1000`)).json();
  await page.waitForFunction((last) => (window.frames_.at(-1)?.[0] ?? 0) >= last, journal.at(-1).seq);
  const frames = await page.evaluate(() => window.frames_);
  // What had happened before the page was there is not counted.
  const since = frames[0]?.[0] ?? 0;
  const arrived = new Map(await page.evaluate(() => [...window.arrived_]));
  const counted = journal.filter((event) => event.seq > since);
  return {
    cpuMs: cpuMs / counted.length,
    toPixel: counted.map((event) => frames.find(([seq]) => seq >= event.seq)[1] - Date.parse(event.at)),
    toBrowser: counted.map((event) => arrived.get(event.seq) - Date.parse(event.at)),
  };
}

/** Drag the canvas about; return the frames a second, and the longest frame in milliseconds. */
async function pan(page) {
  const frames = page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const times = [];
        const until = performance.now() + ms;
        const look = (now) => {
          times.push(now);
          if (performance.now() < until) requestAnimationFrame(look);
          else resolve(times);
        };
        requestAnimationFrame(look);
      }),
    DRAG_MS,
  );
  const box = await page.locator(".react-flow__pane").boundingBox();
  const [x, y] = [box.x + box.width - 40, box.y + 60];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const until = Date.now() + DRAG_MS - 300;
  for (let turn = 0; Date.now() < until; turn += 0.12)
    await page.mouse.move(x - 200 + 200 * Math.cos(turn), y + 120 + 120 * Math.sin(turn));
  await page.mouse.move(x, y);
  await page.mouse.up();
  const times = await frames;
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  return { fps: (gaps.length * 1000) / (times.at(-1) - times[0]), longest: Math.max(...gaps), frames: gaps.length };
}

const folder = mkdtempSync(join(tmpdir(), "autograph-canvas-"));
const platform = await startPlatform(folder);
const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(() => {
    localStorage.setItem("autograph.welcomed", "yes");
    window.arrived_ = new Map();
    const Socket = WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
          const message = JSON.parse(data);
          if (message.type === "event") window.arrived_.set(message.seq, performance.timeOrigin + performance.now());
        });
      }
    };
  });
  const { url } = platform;

  const seconds = option("seconds", 15);
  const took = await toPixel(page, url, seconds);
  for (const [name, values] of Object.entries({ browser: took.toBrowser, pixel: took.toPixel }))
    console.log(
      `commit to ${name}: ${values.length} events, p50 ${percentile(values, 0.5).toFixed(0)} ms, p95 ${percentile(values, 0.95).toFixed(0)} ms, longest ${Math.max(...values).toFixed(0)} ms`,
    );
  console.log(`goal: p95 to pixel < 250 ms; CPU of the page ${took.cpuMs.toFixed(1)} ms an event`);

  const count = option("nodes", 1000);
  const saved = await ask(url, "POST", "/api/v1/graphs", chains(count, Math.ceil(Math.sqrt(count))));
  const begun = Date.now();
  await page.goto(`${url}/build/${saved.id}`);
  await page.locator(".react-flow__node").nth(5).waitFor();
  console.log(`${count} nodes: first shown after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  await page.waitForTimeout(2_000);
  const report = (where, { found: { fps, longest, frames }, cpuMs }) =>
    console.log(
      `pan, ${where}: ${fps.toFixed(0)} frames/s, longest ${longest.toFixed(0)} ms (goal: ≥ 30); CPU ${(cpuMs / frames).toFixed(1)} ms a frame`,
    );
  const drawn = () => page.locator(".react-flow__node").count();
  const zoom = () => page.locator(".react-flow__viewport").evaluate((one) => new DOMMatrix(getComputedStyle(one).transform).a);
  report(`all in view (zoom ${(await zoom()).toFixed(2)}, ${await drawn()} drawn), at first`, await measured(page, () => pan(page)));
  await pan(page);
  report("all in view, then", await measured(page, () => pan(page)));
  for (const wanted of [0.5, 1]) {
    while ((await zoom()) < wanted) {
      await page.locator(".react-flow__controls-zoomin").click();
      await page.waitForTimeout(120);
    }
    report(`zoom ${(await zoom()).toFixed(2)}, ${await drawn()} drawn`, await measured(page, () => pan(page)));
  }
  console.log(`load of the machine: ${loadavg()[0].toFixed(1)}`);
} finally {
  await browser.close();
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}
