import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLanguages } from "../../src/editor/languages.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { pageOf, type PageName } from "../../src/redirect/page.ts";
import { fileOf, LTR_PSEUDO, pseudoFiles, RTL_PSEUDO } from "../editor/pseudo.ts";
import { seeded } from "../editor/seed.ts";
import { staged, type Stage } from "../editor/stage.ts";
import { testStore } from "../support/store.ts";
import { faultsOf, WIDTHS, withEach } from "./looks.ts";
import { opened } from "./opened.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there) console.warn(`skipped: no Chromium at ${CHROMIUM} (apt-get install chromium)`);

const MANY = 500;
const PUBLIC: PageName[] = ["missing", "retired", "busy", "limited", "method", "preview", "home"];
/** Every list of the editor. */
const LISTS = ["/", "/posts", "/timeline", "/articles", "/links", "/accounts", "/sources", "/history", "/people"];
const LANGS = ["en", "ar"];

describe.skipIf(!there)("what a machine can tell of accessibility", async () => {
  const store = await testStore();
  const languages = createLanguages({
    ...Object.fromEntries(["en", "ar", "ckb", "de"].map((lang) => [lang, fileOf(lang)])),
    ...pseudoFiles(),
  });
  const desk = await seeded(store, { languages });
  const { id, cookie } = await desk.person("Rosa", "admin");
  let server: ServerType;
  let browser: Browser;
  let origin: string;
  let stage: Stage;

  beforeAll(async () => {
    const { port } = await new Promise<AddressInfo>((listening) => {
      server = serve({ fetch: desk.editor.fetch, port: 0, hostname: "127.0.0.1" }, listening);
    });
    origin = `http://127.0.0.1:${port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });

  // Also those of a test that was given up.
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
  afterAll(async () => {
    await browser?.close();
    desk.close();
    server?.close();
  });

  /** Whatever is found on these pages, which are opened by the person in this language. */
  async function found<Item>(
    lang: string,
    items: readonly Item[],
    work: (page: Page, item: Item) => Promise<readonly string[]>,
    width?: number,
  ): Promise<string[]> {
    await store.query("update slugline.person set lang = $2 where id = $1", [id, lang]);
    return withEach(browser, { origin, lang, cookie, ...(width === undefined ? {} : { width }) }, items, work);
  }

  async function visited(page: Page, path: string): Promise<string[]> {
    await page.goto(path);
    return faultsOf(page, path);
  }

  test("finds a fault where there is one, in the dark too", async () => {
    const faults = await found("en", ["/"], async (page, path) => {
      await page.goto(path);
      await page.evaluate(
        "document.querySelector('#said').textContent = 'pale'; document.querySelector('#said').style.color = 'light-dark(#bbd, #334)'; document.body.style.minWidth = '400px'",
      );
      return faultsOf(page, path);
    });
    expect(faults.map((fault) => fault.split(" · ").slice(1).join(" ").split(/[ :]/).slice(0, 3).join(" "))).toEqual([
      "1440 light color-contrast",
      "1440 dark color-contrast",
      "320 light color-contrast",
      "320 light 400",
      "320 dark color-contrast",
    ]);
  });

  test("a page in the dark differs by its colours alone", () => {
    for (const file of ["src/editor/assets/editor.css", "src/redirect/page.ts"])
      expect(readFileSync(`${projectRoot}/${file}`, "utf8")).not.toContain("prefers-color-scheme");
  });

  test("lists with nothing in them", async () => {
    for (const lang of LANGS) expect(await found(lang, LISTS, visited)).toEqual([]);
  });

  test("lists with one in them", async () => {
    await desk.waiting();
    for (const lang of LANGS) expect(await found(lang, [...LISTS, "/posts?state=waiting"], visited)).toEqual([]);
  });

  describe("with all that can happen", () => {
    beforeAll(async () => {
      stage = await staged(store, desk, id);
    });

    test.each(LANGS)("every page: %s", async (lang) => {
      expect(await found(lang, stage.paths, visited)).toEqual([]);
    });

    test.each(LANGS)("what opens, and what comes back: %s", async (lang) => {
      expect(await found(lang, opened(stage), (page, act) => act(page))).toEqual([]);
    });

    test.each(LANGS)("stopped, and on hold after a restore: %s", async (lang) => {
      for (const [what, happens] of [
        ["stopped", () => stage.stop()],
        ["restored", () => stage.restored(true)],
        ["looked for", () => stage.restored(false)],
      ] as const) {
        await happens();
        expect(await found(lang, ["/", "/accounts"], visited), what).toEqual([]);
        await stage.start();
      }
    });

    test.each(LANGS)("the door and the pages that say no: %s", async (lang) => {
      const door = [`/sign-in?lang=${lang}`, `/sign-in/used-up?lang=${lang}`, `${stage.invitation}?lang=${lang}`];
      expect(await withEach(browser, { origin, lang }, door, visited)).toEqual([]);
      const wrong = await withEach(browser, { origin, lang }, door.slice(0, 1), async (page, path) => {
        await page.goto(path);
        await page.locator('[name="email"]').fill("rosa@example.org");
        await page.locator('[name="password"]').fill("not this one");
        await page.locator("form .primary").click();
        await page.locator('[role="alert"]').waitFor();
        return faultsOf(page, "wrong password");
      });
      expect(wrong).toEqual([]);
      await store.query("delete from slugline.sign_in_failure");
      const open = await withEach(browser, { origin: "https://go.example.org", lang }, PUBLIC, async (page, name) => {
        const { body } = pageOf(name, lang, "https://example.org", "https://example.org/a-long/address/of-a-story");
        await page.goto("about:blank");
        await page.setContent(body.toString());
        return faultsOf(page, `public ${name}`);
      });
      expect(open).toEqual([]);
      await store.query("alter table slugline.timeline rename to timeline_away");
      expect(await found(lang, ["/timeline"], visited)).toEqual([]);
      await store.query("alter table slugline.timeline_away rename to timeline");
    });

    test.each([LTR_PSEUDO, RTL_PSEUDO, "de", "ckb"])("longer words still fit a narrow window: %s", async (lang) => {
      const wide = await found(lang, stage.paths, (page, path) => tooWide(page, path), 320);
      expect(wide).toEqual([]);
    });

    describe.each(LANGS)("what has the focus is in sight, and large enough to press: %s", (lang) => {
      test.each(WIDTHS)("%s pixels wide", async (width) => {
        const [, , breaking = ""] = stage.paths;
        const paths = [breaking, stage.thread, "/accounts", "/accounts/connect", "/people", "/me", "/history"];
        expect(await found(lang, paths, hiddenFocus, width)).toEqual([]);
      });
    });
  });

  describe("with accounts that are posted for really", () => {
    let paths: string[];
    beforeAll(async () => {
      paths = await stage.forReal();
    });

    test.each(LANGS)("who decides has a second factor: %s", async (lang) => {
      expect(await found(lang, paths, visited)).toEqual([]);
    });
  });

  test(`a queue with ${MANY} posts`, async () => {
    const { rows } = await store.query<{ n: string }>("select count(*) as n from slugline.post where state = 'waiting'");
    for (let at = Number(rows[0]?.n); at < MANY; at++) await desk.waiting();
    for (const lang of LANGS) expect(await found(lang, ["/"], visited)).toEqual([]);
  });
});

/** Without axe; and once more with the spacing that a reader may ask for (WCAG 1.4.12). */
async function tooWide(page: Page, path: string): Promise<string[]> {
  await page.goto(path);
  const wide: string[] = [];
  for (const spaced of [false, true]) {
    if (spaced) await page.evaluate(SPACED);
    const [width, most] = (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as [number, number];
    if (width > most) wide.push(`${path}${spaced ? " spaced" : ""}: ${width}`);
  }
  return wide;
}

async function hiddenFocus(page: Page, path: string): Promise<string[]> {
  await page.goto(path);
  const hidden: string[] = [];
  for (let at = 0; at < 80; at++) {
    await page.keyboard.press("Tab");
    const fault = (await page.evaluate(FOCUS)) as string | null;
    if (fault === "end") break;
    if (fault !== null) hidden.push(`${path} ${fault}`);
  }
  return hidden;
}

/** What WCAG 1.4.12 lets a reader ask for, set from outside the page's policy. */
const SPACED = `(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }");
  document.adoptedStyleSheets = [sheet];
})()`;

/** null where the focused element is seen at one of its points at least and is large enough; `end` where the page is through. */
const FOCUS = `(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return "end";
  const box = one.getClientRects()[0] ?? one.getBoundingClientRect();
  const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [box.x + box.width * x, box.y + box.height * y]));
  const seen = points.some(([x, y]) => { const hit = document.elementFromPoint(x, y); return hit && (one.contains(hit) || hit.contains(one)); });
  const name = one.tagName + " " + (one.getAttribute("href") ?? one.textContent.trim().slice(0, 30));
  if (!seen) return name + " is not in sight";
  const inline = getComputedStyle(one).display === "inline";
  return !inline && (box.width < 24 || box.height < 24) ? name + " is " + box.width + " x " + box.height : null;
})()`;
