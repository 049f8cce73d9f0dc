// People's accounts in the browser: sign-up, mailed links, the second step, an app's consent, several tabs.

import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { around, beenHere, button, here, platform } from "./flow";
import { ask, barriers } from "./stage";

const SENTENCE = "a sentence is a good one";
const APP = "https://app.example.com";

around({
  settings: { AUTOGRAPH_RATE_AUTH: "0", AUTOGRAPH_RATE_PUBLIC: "0" },
  prepare: beenHere,
  isMeant: (fault) => fault.startsWith(`asked ${APP}`),
});
beforeAll(async () => {
  await fetch(`${platform.url}/api/v1/auth/set-up`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Olga", email: "olga@example.com", password: SENTENCE }),
  });
});

/** Make somebody's account, as the sign-up page does. */
async function signUp(name: string): Promise<string> {
  const email = `${name.toLowerCase()}@example.com`;
  const answer = await fetch(`${platform.url}/api/v1/auth/sign-up`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, email, password: SENTENCE }),
  });
  expect(answer.ok).toBe(true);
  return email;
}

async function logIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await button(page, "Log in").click();
}

/** The link in the newest mail to somebody. */
async function mailedLink(to: string): Promise<string> {
  const folder = join(platform.folder, "mail");
  let found: string | undefined;
  await expect
    .poll(() => {
      const mails = readdirSync(folder).sort().reverse();
      const mail = mails.map((name) => readFileSync(join(folder, name), "utf8"));
      const text = mail
        .find((one) => one.includes(`To: ${to}`))
        ?.replace(/=\r?\n/g, "")
        .replace(/=3D/g, "=");
      found = /https?:\/\/[^/\s]+(\/auth\/\S+)/.exec(text ?? "")?.[1];
      return found;
    })
    .toBeDefined();
  return found ?? "";
}

/** What an authenticator app shows (RFC 6238). */
function code(secret: string, ahead = 0): string {
  const bits = [...secret.replace(/=+$/, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac("sha1", key).update(step).digest();
  const at = (hash[19] ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

describe("an account", () => {
  test("is made by sign-up, confirmed by a mailed link, and logged in with (flows 2, 4)", async () => {
    const { page } = here;
    await page.goto("/login");
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Sign up" }).click();
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password").fill("short");
    await button(page, "Sign up").click();
    await page.getByRole("alert").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Password").fill(SENTENCE);
    await button(page, "Sign up").click();
    await page.getByRole("heading", { name: "Almost there" }).waitFor();
    await page.goto(await mailedLink("ada@example.com"));
    await page.getByText("Your address is confirmed.").waitFor();
    await page.getByRole("link", { name: "Log in" }).click();
    await logIn(page, "ada@example.com", SENTENCE);
    await page.getByRole("heading", { name: "Hello, Ada" }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: "Installation" }).count()).toBe(0);
  });

  test("keeps its display name (flow 26)", async () => {
    const { page } = here;
    const email = await signUp("Ben");
    await page.goto("/login?next=%2Faccount");
    await logIn(page, email, SENTENCE);
    await page.waitForURL("**/account");
    await page.getByLabel("Your name").fill("Ben Lovelace");
    await button(page, "Save").click();
    await page.getByText("Your profile is saved.").waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel("Your name").inputValue()).toBe("Ben Lovelace");
    await button(page, "Account: Ben Lovelace").waitFor();
  });

  test("keeps what it wants to be told, in the next session too (flow 25)", async () => {
    const { page } = here;
    const email = await signUp("Nora");
    await page.goto("/login?next=%2Faccount%23notifications");
    await logIn(page, email, SENTENCE);
    const done = page.getByRole("checkbox", { name: "A run is done: Inbox" });
    expect(await done.isChecked()).toBe(false);
    await done.check();
    await page.getByText("Kept.").waitFor();
    await button(page, /^Account:/).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await page.goto("/login?next=%2Faccount");
    await logIn(page, email, SENTENCE);
    await expect.poll(() => done.isChecked()).toBe(true);
  });

  test("is left in every tab at once, and asks where one was (flows 3, 5, 7)", async () => {
    const { page, context } = here;
    const email = await signUp("Cleo");
    await page.goto("/login");
    await logIn(page, email, SENTENCE);
    await page.getByRole("heading", { name: /^Hello/ }).waitFor();
    const [one, two] = [await context.newPage(), await context.newPage()];
    const errors: string[] = [];
    for (const tab of [one, two])
      tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await Promise.all([one.goto("/build"), two.goto("/runs?status=failed")]);
    await one.getByRole("heading", { name: "An empty graph" }).waitFor();
    await two.getByRole("heading", { name: "Runs" }).waitFor();
    await button(page, /^Account:/).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await one.waitForURL("**/login?next=%2Fbuild");
    await two.waitForURL("**/login?next=%2Fruns%3Fstatus%3Dfailed");
    expect(errors.filter((text) => /WebSocket/.test(text))).toEqual([]);
    expect((await context.cookies()).filter((cookie) => cookie.name.startsWith("autograph_"))).toEqual([]);
    await one.goto("/library");
    await one.waitForURL("**/login?next=%2Flibrary");
    await logIn(two, email, SENTENCE);
    await two.waitForURL("**/runs?status=failed");
  });

  test("gets a new password by a mailed link, which works once, and hears of it", async () => {
    const { page } = here;
    const email = await signUp("Dora");
    await page.goto("/login");
    await page.getByRole("link", { name: "Forgot the password?" }).click();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("E-mail address").fill(email);
    await button(page, "Send a link").click();
    await page.getByText("a link is on its way").waitFor();
    const link = await mailedLink(email);
    await page.goto(link);
    await page.getByLabel("Password").fill("another sentence altogether");
    expect(await barriers(page)).toEqual([]);
    await button(page, "Save").click();
    await page.getByText("Your password is changed.").waitFor();
    await page.goto("/login");
    await page.goto(link);
    await page.getByLabel("Password").fill("a third sentence altogether");
    await button(page, "Save").click();
    await page.getByRole("alert").waitFor();
    await page.goto("/login");
    await logIn(page, email, SENTENCE);
    await page.getByRole("alert").waitFor();
    await logIn(page, email, "another sentence altogether");
    await page.getByRole("heading", { name: /^Hello/ }).waitFor();
    await page
      .getByRole("region", { name: "Needs you" })
      .getByText("Your password was reset by a mailed link")
      .waitFor();
  });

  test("asks for a second step once it is set up", async () => {
    const { page } = here;
    const email = await signUp("Eve");
    await page.goto("/login?next=%2Faccount");
    await logIn(page, email, SENTENCE);
    await page.waitForURL("**/account");
    await button(page, "Set it up").click();
    const secret = await page.locator("code").innerText();
    await page.getByLabel("Code from your app").fill("000000");
    await button(page, "Turn on").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Code from your app").fill(code(secret));
    expect(await barriers(page)).toEqual([]);
    await button(page, "Turn on").click();
    await button(page, "Turn off").waitFor();
    await button(page, /^Account:/).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await logIn(page, email, SENTENCE);
    await page.getByLabel("Code from your app").fill(code(secret, 1));
    expect(await barriers(page)).toEqual([]);
    await button(page, "Log in").click();
    await page.getByRole("heading", { name: /^Hello/ }).waitFor();
  });
});

describe("an app", () => {
  test("is told no, then yes, on a page that says what it asks for", async () => {
    const { page } = here;
    await page.goto("/login");
    await logIn(page, "olga@example.com", SENTENCE);
    await page.getByRole("heading", { name: "Hello, Olga" }).waitFor();
    const app = await ask<{ client_id: string }>(page, "POST", "/api/v1/apps", {
      name: "Planner",
      redirect_uris: [`${APP}/back`],
      scopes: ["IDENTITY", "READ_GRAPH"],
    });
    await here.context.route(`${APP}/**`, (route) =>
      route.fulfill({ contentType: "text/html", body: "<h1>Planner</h1>" }),
    );
    const query = new URLSearchParams({
      client_id: app.client_id,
      redirect_uri: `${APP}/back`,
      response_type: "code",
      scope: "READ_GRAPH",
      state: "s1",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    });
    await page.goto(`/oauth/authorize?${query}`);
    await page.getByRole("heading", { name: "Planner wants to act for you" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await button(page, "Do not allow").click();
    await page.waitForURL((url) => url.origin === APP);
    expect(new URL(page.url()).searchParams.get("error")).toBe("access_denied");
    await page.goto(`${platform.url}/oauth/authorize?${query}`);
    await button(page, "Allow").click();
    await page.waitForURL((url) => url.origin === APP);
    const back = new URL(page.url()).searchParams;
    expect([back.get("state"), Boolean(back.get("code"))]).toEqual(["s1", true]);

    await page.goto(`${platform.url}/oauth/authorize?client_id=nobody`);
    await page.getByRole("alert").waitFor();
  });
});

describe("who reads Chinese", () => {
  test("is told in Chinese what was wrong, and at which field", async () => {
    const { page, context } = here;
    await context.addInitScript(() => localStorage.setItem("autograph.language", "zh"));
    await page.goto("/login");
    await page.getByLabel("电子邮箱").fill("nobody@example.com");
    await page.getByLabel("密码").fill("not the right sentence");
    await button(page, "登录").click();
    await page.getByRole("alert").filter({ hasText: "邮箱、密码或验证码不正确。" }).waitFor();
    await page.goto("/signup");
    await page.getByLabel("您的姓名").fill("Ada");
    await page.getByLabel("电子邮箱").fill("ada2@example.com");
    await page.getByLabel("密码").fill("short");
    await button(page, "注册").click();
    await page.getByText("此密码太短或太容易猜到。").first().waitFor();
    expect(await barriers(page)).toEqual([]);
  });
});

describe("who may not, or finds nothing,", () => {
  test("is told so on a page with a way out", async () => {
    const { page } = here;
    await page.goto("/signup");
    await page.getByLabel("Your name").fill("Bob");
    await page.getByLabel("E-mail address").fill("bob@example.com");
    await page.getByLabel("Password").fill(SENTENCE);
    await button(page, "Sign up").click();
    await page.getByRole("heading", { name: "Almost there" }).waitFor();
    await page.goto("/login?next=%2Fadmin");
    await logIn(page, "bob@example.com", SENTENCE);
    await page.waitForURL("**/admin");
    await page.getByRole("heading", { name: "This is not for you" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    const answer = await page.goto("/nowhere/at/all");
    expect(answer?.status()).toBe(404);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Go home" }).click();
    await page.getByRole("heading", { name: "Hello, Bob" }).waitFor();

    await page.route("**/api/v1/account", (route) =>
      route.fulfill({
        status: 500,
        contentType: "application/json",
        body: JSON.stringify({ code: "internal", message: "Something went wrong here.", request_id: "r" }),
      }),
    );
    await page.goto("/runs");
    await page.getByRole("heading", { name: "This page could not be shown" }).waitFor();
    await page.getByText("Something went wrong here.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.unroute("**/api/v1/account");
    await button(page, "Try again").click();
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    // The browser's console has what the pages say.
    const said = /Something went wrong here\.|These pages are for those who look after/;
    here.faults = here.faults.filter((fault) => !said.test(fault));
  });
});
