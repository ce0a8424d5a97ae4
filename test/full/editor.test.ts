import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { posted, seeded, SHORT_URL } from "../editor/seed.ts";
import { PATIENCE_MS, testStore } from "../support/store.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there) console.warn(`skipped: no Chromium at ${CHROMIUM} (apt-get install chromium)`);

describe.skipIf(!there)("an editor at the keyboard", async () => {
  const store = await testStore();
  const { editor, person, waiting, ring, close, stories } = await seeded(store);
  let server: ServerType;
  let browser: Browser;
  let desk: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    for (const story of stories) await waiting(story);
    const { cookie } = await person("Rosa", "editor");
    const { port } = await new Promise<AddressInfo>((listening) => {
      server = serve({ fetch: editor.fetch, port: 0, hostname: "127.0.0.1" }, listening);
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    desk = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: `http://127.0.0.1:${port}` });
    desk.setDefaultTimeout(PATIENCE_MS);
    await desk.addCookies([{ name: "slugline", value: cookie.split("=")[1]!, url: `http://127.0.0.1:${port}` }]);
    page = await desk.newPage();
    // A refusal that the page shows is an answer, not a fault of the page.
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 409/.test(message.text())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    // The stream's first bell is rung as soon as it opens: nothing between page and stream is missed.
    const reread = page.waitForResponse((answer) => answer.request().headers()["hx-target"] === "main#main");
    await page.goto("/");
    await reread;
  });

  afterAll(async () => {
    await browser?.close();
    close();
    server?.close();
  });

  const selected = () => page.locator('#waiting [aria-current="true"]').getAttribute("data-row");
  const stateOf = async (id: string | null) =>
    (await store.query<{ state: string }>("select state from slugline.post where id = $1", [id])).rows[0]?.state;

  test("one key approves; the next card is selected and focused; it is said aloud", async () => {
    const first = await selected();
    await page.keyboard.press("a");
    await page.getByText("Approved. It goes out").waitFor();
    expect(await stateOf(first)).toBe("approved");
    const next = await selected();
    expect(next).not.toBe(first);
    expect(await page.evaluate('document.activeElement?.getAttribute("data-card")')).toBe(next);
    const read = page.waitForResponse((answer) => answer.url().endsWith(`/?post=${next}`));
    ring();
    await read;
    await page.waitForTimeout(100);
    expect(await page.locator("[data-card]").getAttribute("data-card")).toBe(next);
  });

  test("j and k walk the list; ? opens the help and Escape closes it", async () => {
    const before = await selected();
    await page.keyboard.press("j");
    await page.locator(`#waiting [aria-current="true"]:not([data-row="${before}"])`).waitFor();
    await page.keyboard.press("k");
    await page.locator(`#waiting [aria-current="true"][data-row="${before}"]`).waitFor();
    await page.keyboard.press("?");
    await page.locator("#help[open]").waitFor();
    await page.keyboard.press("a");
    await page.keyboard.press("Escape");
    expect(await stateOf(before)).toBe("waiting");
  });

  test("x asks why, and Enter rejects", async () => {
    const id = await selected();
    await page.keyboard.press("x");
    await page.keyboard.type("as hex: no key acts here");
    await page.keyboard.press("Enter");
    await page.getByText("Rejected. It will not go out.").waitFor();
    expect(await stateOf(id)).toBe("rejected");
  });

  test("while a text is typed no key acts, live updates leave it alone, and a new post appears beside it", async () => {
    const id = await selected();
    await page.keyboard.press("e");
    const text = page.locator("textarea[data-draft]");
    await text.waitFor();
    await text.focus();
    await page.keyboard.press("End");
    await page.keyboard.type("axhsjk");
    const { post } = await waiting({ account: "masto-en", title: "Just in" });
    ring();
    await page.locator(`#row-${post}`).waitFor();
    expect(await text.inputValue()).toContain("axhsjk");
    expect(await stateOf(id)).toBe("waiting");
    expect(await page.evaluate("document.activeElement?.tagName")).toBe("TEXTAREA");
  });

  test("half-typed text outlives the tab's reload, and the count follows each letter", async () => {
    await page.reload();
    const text = page.locator("textarea[data-draft]");
    await text.waitFor();
    await page.locator("[data-draft-notice]").waitFor();
    expect(await text.inputValue()).toContain("axhsjk");
    await text.fill("x".repeat(512));
    expect(await page.locator("#edit-count").textContent()).toBe("512 / 500");
    await text.fill(`short ${SHORT_URL}/23456789`);
    expect(await page.locator("#edit-count").textContent()).toBe("29 / 500");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.locator('[data-key="a"]').waitFor();
  });

  test("keys pressed faster than the cards come: letters reach the field of the next card, and none of them decides", async () => {
    const first = await selected();
    const states = async () => (await store.query("select id, state from slugline.post order by id")).rows;
    const before = await states();
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await page.keyboard.type("axha ");
    const text = page.locator("textarea[data-draft]");
    await text.waitFor();
    await expect.poll(() => text.inputValue()).toContain("axha ");
    expect(await page.locator("[data-card]").getAttribute("data-card")).not.toBe(first);
    expect(await states()).toEqual(before);
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.locator('[data-key="a"]').waitFor();
  });

  test("a key that is pressed twice approves one post, not the next one unseen", async () => {
    const approved = async () =>
      Number((await store.query<{ n: string }>("select count(*) as n from slugline.post where state = 'approved'")).rows[0]!.n);
    const before = await approved();
    await page.locator("[data-card]").focus();
    await page.keyboard.press("a");
    await page.keyboard.press("a");
    await page.getByText("Approved. It goes out").waitFor();
    await page.waitForTimeout(300);
    expect(await approved()).toBe(before + 1);
  });

  test("while a reason is typed, somebody else's decision moves nothing; sending it says who was first", async () => {
    const sami = await person("Sami", "editor");
    const { post } = await waiting({ title: "Two at once" });
    await page.goto(`/?post=${post}`);
    await page.locator("[data-card]").focus();
    await page.keyboard.press("x");
    await page.keyboard.type("becau");
    await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, sami.cookie));
    const read = page.waitForResponse((answer) => answer.request().headers()["hx-target"] === "main#main");
    ring();
    await read;
    await page.waitForTimeout(100);
    await page.keyboard.type("se");
    expect(await page.locator("#ask-reject [name=why]").inputValue()).toBe("because");
    await page.keyboard.press("Enter");
    await page
      .getByText(/Sami was first/)
      .first()
      .waitFor();
    expect(await stateOf(post)).toBe("approved");
    expect(await page.locator("[data-card]").getAttribute("data-card")).toBe(post);
  });

  test("why an act did not happen stays on its card while others go on, and leaves with it", async () => {
    const notice = page.locator("[data-card] #conflict");
    expect(await notice.textContent()).toContain("Sami was first");
    for (let times = 0; times < 2; times += 1) {
      const read = page.waitForResponse((answer) => answer.request().headers()["hx-target"] === "main#main");
      ring();
      await read;
      await page.waitForTimeout(100);
      expect(await notice.count()).toBe(1);
    }
    const card = await page.locator("[data-card]").getAttribute("data-card");
    await page.keyboard.press("k");
    await page.locator(`[data-card]:not([data-card="${card}"])`).waitFor();
    expect(await notice.count()).toBe(0);
    await page.goto(`/?post=${card}`);
  });

  test("a key that came too late for its card does nothing, nor do the letters that were meant for its reason", async () => {
    const { rows } = await store.query("select id, state from slugline.post order by id");
    const card = await page.locator("[data-card]").getAttribute("data-card");
    await page.goto(`/?post=${card}`);
    await page.locator("[data-card]").focus();
    await page.keyboard.press("x");
    await page.keyboard.type("just a joke", { delay: 20 });
    await page.waitForTimeout(300);
    expect(await page.locator("[data-card]").getAttribute("data-card")).toBe(card);
    expect((await store.query("select id, state from slugline.post order by id")).rows).toEqual(rows);
  });

  test("j at the end of the shown part goes on to what follows, and misses none", async () => {
    for (let n = 0; n < 130; n += 1) await waiting({ title: `Long queue ${n}` });
    const { rows } = await store.query<{ id: string }>(
      "select id from slugline.post where state = 'waiting' order by priority <> 'breaking', created_at, id",
    );
    await page.goto("/");
    expect(await page.locator("#waiting [data-row]").count()).toBe(100);
    await page.locator("#waiting [data-row]").last().click();
    const shown = (at: number) => page.locator(`[data-card="${rows[at]!.id}"]:focus`).waitFor();
    await shown(99);
    for (let at = 100; at < 125; at += 1) {
      await page.keyboard.press("j");
      await shown(at);
    }
    await page.keyboard.press("k");
    await shown(123);
    const title = await page.locator("#waiting-title").textContent();
    expect(title).toContain(String(rows.length));
    await page.goto("/");
    await page.getByRole("link", { name: `Show ${rows.length - 100} more` }).click();
    await shown(100);
    await page.locator(`#waiting [aria-current][data-row="${rows[100]!.id}"]`).waitFor();
  });

  test.each([360, 320])("nothing scrolls sideways at %i pixels, and what is pressed is large enough", async (width) => {
    for (const path of ["/", "/posts?state=rejected", "/timeline", "/articles", "/links", "/accounts", "/sources", "/history"]) {
      await page.setViewportSize({ width, height: 780 });
      await page.goto(path);
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(width);
      const small = await page
        .locator("button:visible, a.button:visible, nav a:visible, summary:visible")
        .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.textContent));
      expect(small, path).toEqual([]);
    }
  });

  test("the browser had nothing to complain about: no script error, nothing the policy forbids", () => {
    expect(complaints).toEqual([]);
  });

  test("a queue without script: the same buttons, as plain forms", async () => {
    const plain = await browser.newContext({
      javaScriptEnabled: false,
      baseURL: page.url(),
      storageState: await desk.storageState(),
    });
    const bare = await plain.newPage();
    await bare.goto("/");
    const id = await bare.locator('#waiting [aria-current="true"]').getAttribute("data-row");
    await bare.getByRole("button", { name: "Approve a" }).click();
    await bare.getByText("Approved. It goes out").waitFor();
    expect(await stateOf(id)).toBe("approved");
    await plain.close();
  });
});
