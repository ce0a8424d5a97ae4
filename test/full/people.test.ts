import { existsSync, mkdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEditor } from "../../src/editor/editor.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { cast, PASSWORD } from "../editor/cast.ts";
import { seeded } from "../editor/seed.ts";
import { codeOf } from "../support/codes.ts";
import { PATIENCE_MS, advance, testStore } from "../support/store.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there) console.warn(`skipped: no Chromium at ${CHROMIUM} (apt-get install chromium)`);
const AXE = readFileSync(`${projectRoot}/node_modules/axe-core/axe.min.js`, "utf8");
/** A folder for pictures of what was seen; none are taken without. */
const PICTURES = process.env["PICTURES"];

describe.skipIf(!there)("people in their browsers", async () => {
  const store = await testStore();
  const { deps, waiting, close } = await seeded(store);
  const boss = await cast(store, { role: "admin", accounts: {} });
  await waiting();
  await waiting({ account: "masto-ar", lang: "ar", dir: "rtl", title: "افتتاح الجسر القديم" });
  const { post } = await waiting({ priority: "breaking", title: "The one to decide about" });
  await store.query("update slugline.account set rehearsal = false");
  let server: ServerType;
  let browser: Browser;
  let origin = "";
  let secret = "";
  let recovery: string[] = [];
  const complaints: string[] = [];
  const desks: BrowserContext[] = [];

  beforeAll(async () => {
    const port = await new Promise<number>((listening) => {
      const editor = createEditor({ ...deps, publicUrl: "http://127.0.0.1" });
      server = serve({ fetch: editor.fetch, port: 0, hostname: "127.0.0.1" }, (info: AddressInfo) => listening(info.port));
    });
    origin = `http://127.0.0.1:${port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    if (PICTURES) mkdirSync(PICTURES, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    close();
    server?.close();
  });

  async function desk(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, baseURL: origin, locale: "en-GB" });
    context.setDefaultTimeout(PATIENCE_MS);
    desks.push(context);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(`${page.url()} ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`${page.url()} ${error.message}`));
    return page;
  }
  /** Looks at a page as it stands: axe finds nothing on it. */
  async function look(page: Page, name: string) {
    if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
    await page.evaluate(AXE);
    const found = await page.evaluate(
      'axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))',
    );
    expect(found, name).toEqual([]);
  }
  async function password(page: Page, email: string, word = PASSWORD) {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(word);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  const stateOf = async () =>
    (await store.query<{ state: string }>("select state from slugline.post where id = $1", [post])).rows[0]!.state;

  let here: Page;
  let away: Page;

  test("whoever lacks a code sees why they cannot decide, and the way; they scan, type the code, and keep the recovery codes", async () => {
    here = await desk();
    await password(here, boss.email);
    await here.getByText("deciding needs a code from your phone").waitFor();
    await here.keyboard.press("a");
    expect(await stateOf()).toBe("waiting");
    await look(here, "1-queue-without-code");
    await here.getByRole("link", { name: "Set it up" }).first().click();
    await look(here, "2-my-account");
    await here.locator("#proof-totp").fill(PASSWORD);
    await here.getByRole("button", { name: "Set up a code" }).click();
    const qr = here.locator("img.qr");
    await qr.waitFor();
    await expect.poll(() => here.evaluate('document.querySelector("img.qr").naturalWidth')).toBeGreaterThan(100);
    secret = (await here.locator("code").first().innerText()).replaceAll(" ", "");
    await look(here, "3-scan");
    await here.getByLabel("The code it shows").fill("123456");
    await here.getByRole("button", { name: "Turn it on" }).click();
    await here.getByRole("alert").getByText("That code is not right").waitFor();
    await here.getByLabel("The code it shows").fill(await codeOf(store, secret));
    await here.getByRole("button", { name: "Turn it on" }).click();
    await here.getByRole("heading", { name: "Recovery codes" }).waitFor();
    recovery = await here.locator(".codes code").allInnerTexts();
    expect(recovery).toHaveLength(10);
    await look(here, "4-recovery-codes");
    await here.getByRole("link", { name: "I have kept them" }).click();
    await here.getByRole("button", { name: "Approve a" }).waitFor();
  });

  test("with a code it goes as ever: one key approves", async () => {
    await here.locator(`[data-card="${post}"]`).waitFor();
    await here.keyboard.press("a");
    await here.getByText("Approved. It goes out").waitFor();
    expect(await stateOf()).toBe("approved");
  });

  test("nothing in a page can make a script of text (ASVS 3.4.3)", async () => {
    const tried = (act: string) =>
      here.evaluate(`(() => { try { ${act}; return "done"; } catch (error) { return error.name; } })()`);
    expect(await tried('document.createElement("script").src = "/x.js"')).toBe("TypeError");
    expect(await tried('document.createElement("script").text = "1"')).toBe("TypeError");
    expect(await tried('trustedTypes.createPolicy("another", {})')).toBe("TypeError");
    complaints.length = 0;
  });

  test("another browser is asked for the code, takes a recovery code once, and is ended from the first", async () => {
    await advance(store, "60s");
    away = await desk();
    await password(away, boss.email);
    await away.getByLabel("Code from your app").fill(recovery[0]!.toUpperCase());
    await look(away, "5-code");
    await away.getByRole("button", { name: "Sign in" }).click();
    await away.getByRole("button", { name: "Approve a" }).waitFor();

    const third = await desk();
    await password(third, boss.email);
    await third.getByLabel("Code from your app").fill(recovery[0]!);
    await third.getByRole("button", { name: "Sign in" }).click();
    await third.getByText("That code is not right").waitFor();
    await third.getByLabel("Code from your app").fill(recovery[1]!);
    await third.getByRole("button", { name: "Sign in" }).click();
    await third.getByRole("button", { name: "Approve a" }).waitFor();

    await here.goto("/me");
    await here.getByText("8 recovery codes are left.").waitFor();
    await look(here, "6-sessions");
    await here.getByRole("button", { name: "End it" }).first().click();
    await here.getByText("Ended. It opens nothing any more.").waitFor();
    await here.getByRole("button", { name: "End all others" }).click();
    await here.getByText("Ended. It opens nothing any more.").waitFor();
    for (const ended of [away, third]) {
      await ended.goto("/posts");
      await ended.getByRole("heading", { name: "Sign in" }).waitFor();
    }
  });

  test("an admin invites; the link shows a button, makes a colleague with just these rights, and is used up", async () => {
    await here.goto("/people");
    await here.getByLabel("E-mail").fill("lina@example.org");
    await here.getByLabel("Role on every account").selectOption("none");
    await here.getByText("Another role on single accounts").click();
    await here.getByLabel("masto-ar on mastodon").selectOption("writer");
    await look(here, "7-invite");
    await here.getByRole("button", { name: "Make an invitation" }).click();
    const link = await here.getByLabel("Link", { exact: true }).inputValue();
    await look(here, "8-link");
    const lina = await desk();
    await lina.goto(new URL(link).pathname);
    await lina.getByLabel("Your name").fill("Lina");
    await lina.getByLabel("Password").fill("a sentence of her own");
    await look(lina, "9-invited");
    await lina.getByRole("button", { name: "Start" }).click();
    await lina.locator("#waiting").getByText("masto-ar").waitFor();
    expect(await lina.locator("#waiting [data-row]").count(), "one account's posts").toBe(1);
    await look(lina, "10-linas-queue");
    expect((await lina.goto("/people"))?.status()).toBe(403);
    const late = await desk();
    expect((await late.goto(new URL(link).pathname))?.status()).toBe(410);
    await here.goto("/people");
    await here.getByRole("link", { name: "Lina" }).click();
    await look(here, "11-lina");
    await here.getByRole("button", { name: "Disable" }).click();
    await here.getByText("Disabled. All their sessions have ended.").waitFor();
    await lina.goto("/");
    await lina.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  test.each([
    ["wide and light", { width: 1440, height: 900 }, "light", "en"],
    ["narrow and dark, in Arabic", { width: 320, height: 700 }, "dark", "ar"],
  ] as const)("axe finds nothing, and nothing scrolls sideways: %s", async (_, size, colorScheme, lang) => {
    await store.query("update slugline.person set lang = $1, disabled_at = null", [lang]);
    await here.setViewportSize(size);
    await here.emulateMedia({ colorScheme });
    const lina = (await store.query<{ id: string }>("select id from slugline.person where email = 'lina@example.org'")).rows[0]!
      .id;
    for (const path of ["/me", "/people", `/people/${lina}`]) {
      await here.goto(path);
      await look(here, `axe-${lang}${path.replaceAll("/", "-").slice(0, 20)}`);
      expect(await here.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(size.width);
    }
    complaints.length = 0;
  });

  test("the browsers had nothing to complain about but the answers that say no", () => {
    expect(complaints.filter((one) => !/status of 4(?:01|03|10|22)/.test(one))).toEqual([]);
  });
});
