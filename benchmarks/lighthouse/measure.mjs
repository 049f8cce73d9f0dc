// What Lighthouse says of the library and of a run's page (`make lighthouse`): medians of three visits.
//
// The platform is started on a scratch directory, as people start it, and given an example, a run of it, and an owner, who is logged in.
// Ends with 1 where a score is under the goal; the page's own network and processor are simulated by Lighthouse,
// so a busy machine costs points for performance.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const GOAL = 95;
const VISITS = 3;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

const folder = mkdtempSync(join(tmpdir(), "autograph-lighthouse-"));
const platform = spawn(
  join(ROOT, ".venv/bin/python"),
  ["-m", "autograph.cli.main", "up", "--port", "0", "--data-dir", folder],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const ended = new Promise((resolve) => platform.on("exit", resolve));
const chrome = await launch({ chromePath: "/usr/bin/chromium", chromeFlags: FLAGS });
let isGood = true;
try {
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: platform.stdout }).on("line", (line) => {
      const found = /is up: (http:\/\/\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    ended.then((code) => reject(new Error(`the platform ended with ${code}`)));
  });
  const ask = async (path, body) => {
    const answer = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const example = JSON.parse(readFileSync(join(ROOT, "examples/agents/word-report.json"), "utf8"));
  const { id } = await ask("/api/v1/graphs", example);
  const text = "A quick brown fox.";
  const run = await ask(`/api/v1/graphs/${id}/execute?wait=20`, { inputs: { text } });

  const owner = { email: "owner@example.com", name: "Owner", password: "a long enough sentence" };
  const setUp = await fetch(`${url}/api/v1/auth/set-up`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify(owner),
  });
  if (!setUp.ok) throw new Error(`set-up: ${setUp.status} ${await setUp.text()}`);
  const cookie = setUp.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");

  for (const path of ["/library", `/runs/${run.id}`])
    for (const [device, config] of [
      ["desktop", desktopConfig],
      ["phone", undefined],
    ]) {
      const scores = await measured(url + path, cookie, config);
      const shown = path.startsWith("/runs") ? "/runs/:id" : path;
      console.log(`${shown} on a ${device}: ${scores.map(([name, score]) => `${name} ${score}`).join(", ")}`);
      isGood &&= scores.every(([, score]) => score >= GOAL);
    }
} finally {
  chrome.kill();
  platform.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
if (!isGood) console.error(`The goal is ${GOAL} everywhere.`);
process.exit(isGood ? 0 : 1);

async function measured(url, cookie, config) {
  const found = Object.fromEntries(CATEGORIES.map((name) => [name, []]));
  const faults = new Set();
  const powers = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const flags = { port: chrome.port, onlyCategories: CATEGORIES, logLevel: "error", extraHeaders: { cookie } };
    const { lhr } = await lighthouse(url, flags, config);
    if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
    if (lhr.finalDisplayedUrl !== url) throw new Error(`${url} showed ${lhr.finalDisplayedUrl}`);
    powers.push(Math.round(lhr.environment.benchmarkIndex));
    for (const name of CATEGORIES) {
      const category = lhr.categories[name];
      found[name].push(Math.round(category.score * 100));
      for (const { id, weight } of category.auditRefs) {
        const { score, displayValue } = lhr.audits[id];
        if (weight > 0 && score !== null && score < 0.9) faults.add(`${id} ${displayValue ?? ""}`.trim());
      }
    }
  }
  // What a processor a quarter as fast is a quarter of: under 1,500 it is a slower phone than Lighthouse means
  // (its docs/throttling.md), and a machine with other work has less than it could.
  console.log(`  processor ${powers.join(", ")}`);
  if (faults.size) console.log(`  ${[...faults].join("; ")}`);
  return Object.entries(found).map(([name, all]) => [name, all.toSorted((a, b) => a - b)[VISITS >> 1]]);
}
