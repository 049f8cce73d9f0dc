// The block menu: what people mean is found as they type, in English and in Chinese, with no other host asked.

import { describe, expect, test } from "vitest";
import { around, beenHere, here } from "./flow";
import { barriers } from "./stage";

around({ prepare: beenHere });

describe("the block menu", () => {
  test("finds what is meant, says by which word, and puts a name that was typed first", async () => {
    const { page } = here;
    await page.goto("/build");
    await page.getByRole("button", { name: "Add the first block" }).click();
    const search = page.getByRole("combobox", { name: "Search blocks" });
    const first = page.getByRole("option").first();
    await search.fill("发邮件");
    await expect.poll(() => first.innerText()).toMatch(/^Send Email[\s\S]*邮件 → /);
    await search.fill("make a picture");
    await expect.poll(() => first.innerText()).toContain("Generate Image");
    expect(await barriers(page)).toEqual([]);
    await search.fill("calculator");
    await expect.poll(() => first.innerText()).toMatch(/^Calculator(?![\s\S]*Found by)/);
    await search.fill("zzqx");
    await page.getByText("No block fits that").waitFor();
    await search.fill("天气");
    await expect.poll(() => first.innerText()).toContain("Get Weather Information");
    await page.keyboard.press("Enter");
    await page.getByText("Get Weather Information").first().waitFor();
  });
});
