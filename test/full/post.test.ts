import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PICTURE, waitingOn } from "../editor/networks.ts";
import { seeded } from "../editor/seed.ts";
import { PATIENCE_MS, testStore } from "../support/store.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there) console.warn(`skipped: no Chromium at ${CHROMIUM} (apt-get install chromium)`);

describe.skipIf(!there)("what stands beside the text, in a browser", async () => {
  const store = await testStore();
  const desk = await seeded(store);
  const { id, cookie } = await desk.person("Rosa", "editor");
  const { post, link } = await waitingOn(store, desk, "mastodon", { media: [{ url: PICTURE, alt: "" }] });
  let server: ServerType;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { port } = await new Promise<AddressInfo>((listening) => {
      server = serve({ fetch: desk.editor.fetch, port: 0, hostname: "127.0.0.1" }, listening);
    });
    const origin = `http://127.0.0.1:${port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const context = await browser.newContext({ baseURL: origin, locale: "en" });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addCookies([{ name: "slugline", value: cookie.split("=")[1]!, url: origin }]);
    page = await context.newPage();
    await page.goto(`/?post=${post}`);
    await page.locator('[data-key="e"]').click();
    await page.locator("textarea[data-draft]").waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    desk.close();
    server?.close();
  });

  const text = () => page.locator("textarea[data-draft]");
  const spoiler = () => page.locator('[name="spoiler"]');
  const alt = () => page.locator(`[name="alt:${PICTURE}"]`);
  const hidden = () => page.locator('[name="sensitive"]');
  const typed = async () => [
    await text().inputValue(),
    await spoiler().inputValue(),
    await alt().inputValue(),
    await hidden().isChecked(),
  ];

  test("the count follows the warning as well as the text", async () => {
    await text().fill("short");
    await spoiler().fill("Violence");
    await expect.poll(() => page.locator("#edit-count").textContent()).toBe("13 / 500");
    await spoiler().fill("x".repeat(500));
    await expect.poll(() => page.locator("#edit-count").getAttribute("class")).toBe("over");
  });

  test("all that was typed outlives a reload, and can be thrown away", async () => {
    await text().fill(`short ${link}`);
    await spoiler().fill("Violence");
    await alt().fill("The bridge at dusk");
    await hidden().check();
    await page.reload();
    await page.locator("[data-draft-notice]").waitFor();
    expect(await typed()).toEqual([`short ${link}`, "Violence", "The bridge at dusk", true]);
    await page.locator("[data-draft-discard]").click();
    expect(await typed()).toEqual([expect.stringContaining("Old bridge"), "", "", false]);
    await page.reload();
    expect(await page.locator("[data-draft-notice]").isVisible()).toBe(false);
  });

  test("what is saved is on the card, and no draft is left of it", async () => {
    await text().fill(`short ${link}`);
    await spoiler().fill("Violence");
    await alt().fill("The bridge at dusk");
    await hidden().check();
    await page.locator('button[value="wait"]').click();
    await page.locator(".folded").waitFor();
    expect(await page.locator("#desk").innerText()).toMatch(/Violence[\s\S]*Hidden until asked for[\s\S]*The bridge at dusk/);
    await page.locator('[data-key="e"]').click();
    await text().waitFor();
    expect(await page.locator("[data-draft-notice]").isVisible()).toBe(false);
    expect(await typed()).toEqual([`short ${link}`, "Violence", "The bridge at dusk", true]);
    const { rows } = await store.query("select written_by from slugline.post_revision where post_id = $1 and revision = 2", [
      post,
    ]);
    expect(rows).toEqual([{ written_by: id }]);
  });
});
