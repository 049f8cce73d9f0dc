// The platform as people start it, on a scratch directory, and Debian's Chromium in front of it.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const STOP_MS = 15_000;
/** Answers of 4xx, which some flows are about; and what drives the browser, kept out of frames without scripts. */
const EXPECTED = /Failed to load resource|Blocked script execution in 'about:srcdoc'/;

export interface Platform {
  url: string;
  /** Where it keeps everything; mails are files in `mail`. */
  folder: string;
  stop(): Promise<void>;
}

/** Start a program that says `is up: URL` when it is; returns the process, and the address. */
async function start(
  module: string[],
  environment: Record<string, string> = {},
): Promise<[ChildProcess, string]> {
  const process_ = spawn(join(ROOT, ".venv/bin/python"), ["-m", ...module], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: process_.stdout }).on("line", (line) => {
      const found = /is up: (http:\/\/\S+)/.exec(line);
      if (found?.[1]) resolve(found[1]);
    });
    process_.on("exit", (code) => reject(new Error(`${module[0]} ended with ${code}`)));
  });
  return [process_, url];
}

/** Start the platform on a free port; everything it keeps is gone with it. */
export async function startPlatform(environment: Record<string, string> = {}): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), "autograph-web-"));
  const [process_, url] = await start(
    ["autograph.cli.main", "up", "--port", "0", "--data-dir", folder],
    environment,
  );
  return {
    url,
    folder,
    stop: async () => {
      await end(process_);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Provider {
  url: string;
  /** What the platform is told to know it, and to be known by it. */
  settings: Record<string, string>;
  stop(): Promise<void>;
}

/** Start Acme, a provider of accounts that speaks OAuth, asks whoever comes, and has one block. */
export async function startProvider(): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), "autograph-provider-"));
  const [process_, url] = await start(["tests.integration.integrations.provider_server", folder]);
  return {
    url,
    settings: {
      AUTOGRAPH_PROVIDER_DIR: folder,
      AUTOGRAPH_EGRESS_INSIDE: '["127.0.0.0/8"]',
      AUTOGRAPH_OAUTH_CLIENTS: '{"acme": {"id": "the-client", "secret": "canary-client-s3cret"}}',
    },
    stop: async () => {
      await end(process_);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function end(process_: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => process_.kill("SIGKILL"), STOP_MS);
    process_.removeAllListeners("exit");
    process_.on("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    process_.kill("SIGINT");
  });
}

/** Open the browser; fails with what to install where there is none. */
export async function openBrowser(): Promise<Browser> {
  const found = BROWSERS.find(existsSync);
  if (found === undefined)
    throw new Error("There is no Chromium here: run `python scripts/install_servers.py`.");
  return chromium.launch({ executablePath: found, args: ARGUMENTS });
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What went wrong in the browser: errors of scripts, refusals of the policy, requests to other hosts. */
  faults: string[];
}

/** Open a page that notes every fault, and every request that goes elsewhere. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: url,
    locale: "en",
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !EXPECTED.test(message.text())) faults.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== url) faults.push(`asked ${request.url()}`);
  });
  return { page, context, faults };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is wrong with a page for people who cannot see it, or not well: WCAG 2.2 AA, by axe. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself there
    const found = await (window as any).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    return found.violations.map(
      (one: { id: string; nodes: Array<{ target: string[]; failureSummary: string }> }) =>
        `${one.id}: ${one.nodes
          .slice(0, 3)
          .map((node) => `${node.target.join(" ")} (${node.failureSummary.split("\n")[1]?.trim()})`)
          .join("; ")}`,
    );
  });
}

/** Ask the API as the person of a page does. */
export async function ask<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
  return page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch(path as string, {
        method: method as string,
        headers: { "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
      return text ? JSON.parse(text) : undefined;
    },
    [method, path, body] as const,
  ) as Promise<T>;
}

/** Keep a trace of what a page did, for when a test fails; returns how to end it. */
export async function traced(
  context: BrowserContext,
  name: string,
): Promise<(hasFailed: boolean) => Promise<void>> {
  await context.tracing.start({ screenshots: true, snapshots: true });
  return (hasFailed) =>
    context.tracing.stop(hasFailed ? { path: join(ROOT, `.cache/traces/${name}.zip`) } : {});
}
