// Finding one's way in the builder: blocks by what people mean, nodes by what they are, with no other host asked.

import { describe, expect, test } from "vitest";
import { around, BLOCKS, beenHere, here, save } from "./flow";
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

describe("a graph that was made elsewhere", () => {
  test("is laid out as values go, lists what is found, and its nodes have a menu", async () => {
    const { page } = here;
    await page.goto("/library");
    const id = await save(page, {
      autograph: 1,
      id: crypto.randomUUID(),
      name: "Laid out",
      version: 1,
      nodes: [
        { id: "out", block_id: BLOCKS.output, constants: { name: "sum" } },
        { id: "sum", block_id: BLOCKS.calculator, constants: { operation: "Add", b: 3 } },
        { id: "a", block_id: BLOCKS.number, constants: { name: "first" } },
      ],
      links: [
        { from: "a", output: "result", to: "sum", input: "a" },
        { from: "sum", output: "result", to: "out", input: "value" },
      ],
    });
    await page.goto(`/build/${id}`);
    const node = (name: string) => page.locator(`.react-flow__node[data-id="${name}"]`);
    await node("a").waitFor();
    const [a, sum, out] = await Promise.all(["a", "sum", "out"].map((one) => node(one).boundingBox()));
    expect(a?.x).toBeLessThan(sum?.x ?? 0);
    expect(sum?.x).toBeLessThan(out?.x ?? 0);
    expect(await page.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);

    await page.keyboard.press("Control+f");
    await page.getByRole("combobox", { name: "Find in the graph" }).fill("number");
    await page.getByRole("option", { name: "first" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").getByRole("heading", { name: "first" }).waitFor();
    await page.keyboard.press("Escape");

    await node("sum").click({ button: "right", position: { x: 60, y: 14 } });
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(4);
    await node("sum").click({ button: "right", position: { x: 60, y: 14 } });
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await expect.poll(() => node("sum").count()).toBe(0);
  });
});
