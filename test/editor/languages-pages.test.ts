import { beforeAll, describe, expect, test } from "vitest";
import { documentOf, isElement, isTextNode, type Document, type Element } from "../../src/article/dom.ts";
import { createLanguages } from "../../src/editor/languages.ts";
import { testStore } from "../support/store.ts";
import { fileOf, LTR_PSEUDO, pseudoFiles, RTL_PSEUDO } from "./pseudo.ts";
import { posted, seeded } from "./seed.ts";
import { staged, type Stage } from "./stage.ts";

const files = Object.fromEntries(["en", "ar", "ckb", "de"].map((lang) => [lang, fileOf(lang)]));

/** What stands in Latin letters in every language: names, addresses, keys, codes of ours. */
const NAMES = new RegExp(
  [
    String.raw`https?://\S*`,
    String.raw`@?[\w.-]+@[\w.-]+\w`,
    String.raw`\b(?:go\.|mastodon\.)?example\.(?:org|com)\S*`,
    String.raw`\b(?:masto|mastodon|x|bluesky|telegram|webhook|locked|tired|gone|failing)-\w+`,
    String.raw`A story \w{5}|#news`,
    "Slugline|slugline (?:check|user add|account (?:add|prove))|Daily Example|Rosa(?: Haddad)?|Anon|mastodon|bluesky|telegram|webhook|\\bx\\b|USD|front|cms|plain|rumours",
    String.raw`(?:config/)?newsroom\.yaml|onUnknown: (?:ask|assume-posted)|UTF-16|UTC|QR|Asia/Damascus|HTTP`,
  ].join("|"),
  "g",
);

describe("every page, with everything that can stand on it", async () => {
  const store = await testStore();
  const desk = await seeded(store, { languages: createLanguages({ ...files, ...pseudoFiles() }) });
  const { id, cookie } = await desk.person("Rosa", "admin");
  let stage: Stage;

  beforeAll(async () => {
    stage = await staged(store, desk, id);
  });

  const seen = new Map<string, Promise<Document>>();
  /** A page as it was when it was first looked at in this language: to make it and read it anew costs most of this file. */
  const firstSeen = (lang: string, path: string) => {
    const key = `${lang} ${path}`;
    const there = seen.get(key) ?? page(lang, path);
    seen.set(key, there);
    return there;
  };

  async function page(lang: string, path: string): Promise<Document> {
    await store.query("update slugline.person set lang = $2 where id = $1", [id, lang]);
    const answer = await desk.editor.request(path, { headers: { cookie } });
    expect(answer.status, path).toBeLessThan(500);
    return documentOf(await answer.text());
  }

  /** The words of a page in its own language: what says that it is in another one is left out. */
  function wordsOf(document: Document): string[] {
    const lang = document.documentElement.getAttribute("lang");
    const words: string[] = [];
    const walk = (element: Element) => {
      if (["SCRIPT", "STYLE", "KBD", "CODE"].includes(element.tagName)) return;
      if ((element.getAttribute("lang") ?? lang) !== lang) return;
      // What people and networks call themselves and what they wrote has no language of ours.
      if (element.tagName === "BDI" || /\bavatar\b/.test(element.getAttribute("class") ?? "")) return;
      for (const name of ["title", "aria-label", "placeholder"]) words.push(element.getAttribute(name) ?? "");
      for (const node of Array.from(element.childNodes)) {
        if (isTextNode(node)) words.push(node.textContent ?? "");
        else if (isElement(node)) walk(node);
      }
    };
    walk(document.documentElement);
    return words.map((text) => text.trim()).filter((text) => text !== "");
  }

  const leaks = (document: Document) =>
    wordsOf(document).filter((text) => /[A-Za-z]/.test(text.replaceAll(/\u2068[^\u2069]*\u2069/g, "").replaceAll(NAMES, "")));

  // In the full run in a pseudo-language too, in which a sentence that is in no file shows.
  test.each(process.env.FULL ? ["ckb", LTR_PSEUDO] : ["ckb"])("no English word leaks into %s", async (lang) => {
    const found = new Set<string>();
    for (const path of stage.paths)
      for (const text of leaks(await firstSeen(lang, path))) found.add(`${path.slice(0, 12)}: ${text}`);
    expect([...found]).toEqual([]);
    await stage.stop();
    expect(leaks(await page(lang, "/"))).toEqual([]);
    await stage.start();
  });

  test.each(["ar", "ckb", LTR_PSEUDO, RTL_PSEUDO])("no English word leaks into the doors in %s", async (lang) => {
    await desk.editor.request("/me/totp", posted({ password: "correct horse battery" }, cookie));
    expect(leaks(await page(lang, "/me/totp"))).toEqual([]);
    for (const path of ["/sign-in", stage.invitation, "/sign-in/used-up", "/invitations/used-up"]) {
      const answer = await desk.editor.request(`${path}?lang=${lang}`);
      expect(leaks(documentOf(await answer.text())), path).toEqual([]);
    }
  });

  // That no language lacks a sentence is for languages.test.ts: here it is the pages that may ask for one that is none.
  test("no key stands where a sentence should", async () => {
    for (const path of stage.paths)
      expect(
        wordsOf(await firstSeen("ckb", path)).filter(
          (text) => /^[a-z]+(?:[A-Z][a-z]+)*(?:\.[a-zA-Z0-9-]+)+$/.test(text) && !/example\.|\.yaml/.test(text),
        ),
        path,
      ).toEqual([]);
  });

  test.each([
    ["en", "ltr"],
    ["de", "ltr"],
    ["ar", "rtl"],
    ["ckb", "rtl"],
  ])("%s says what it is and runs %s; posts and articles keep their own", async (lang, dir) => {
    const document = await page(lang, "/");
    const root = document.documentElement;
    expect([root.getAttribute("lang"), root.getAttribute("dir")]).toEqual([lang, dir]);
    for (const [of, runs] of [
      ["en", "ltr"],
      ["ar", "rtl"],
      ["ckb", "rtl"],
      ["de", "ltr"],
    ])
      expect(document.querySelector(`.row-text[lang="${of}"]`)?.getAttribute("dir"), of).toBe(runs);
    const edit = await page(lang, stage.paths.find((path) => path.endsWith("/edit")) ?? "");
    expect([edit.querySelector("textarea")?.getAttribute("lang"), edit.querySelector("textarea")?.getAttribute("dir")]).toEqual([
      "en",
      "ltr",
    ]);
  });

  test("the menu offers each language under its own name; an unchecked one says so in itself", async () => {
    const document = await page("en", "/");
    const offered = [...document.querySelectorAll(".menu .languages button")].map((one) => [
      one.getAttribute("value"),
      one.getAttribute("lang"),
      one.querySelector("b")?.textContent,
      one.querySelector("small")?.textContent ?? null,
    ]);
    expect(offered.slice(0, 4)).toEqual(
      ["en", "ar", "ckb", "de"].map((lang) => [lang, lang, files[lang]?._.name, lang === "en" ? null : files[lang]?._.unchecked]),
    );
  });

  test("a person chooses, and every page after is in that language", async () => {
    await page("en", "/");
    const chosen = await desk.editor.request("/me/lang", posted({ lang: "ckb", back: "/links" }, cookie));
    expect([chosen.status, chosen.headers.get("location")]).toEqual([303, "/links?said=lang"]);
    const next = await desk.editor.request("/links?said=lang", { headers: { cookie } });
    expect(await next.text()).toContain(files["ckb"]?.["said.lang"]);
    expect((await desk.editor.request("/me/lang", posted({ lang: "xx" }, cookie))).status).toBe(400);
  });
});

describe("before anybody has signed in", async () => {
  const store = await testStore();
  const { editor, person } = await seeded(store);
  const langOf = async (path: string, accept = "") =>
    /<html lang="([^"]+)"/.exec(await (await editor.request(path, { headers: { "accept-language": accept } })).text())?.[1];

  test("the browser's wish counts, an address that asks counts more, the newsroom's own language is what is left", async () => {
    expect(await langOf("/sign-in", "de-AT, en;q=0.5")).toBe("de");
    expect(await langOf("/sign-in?lang=ar", "de-AT, en;q=0.5")).toBe("ar");
    expect(await langOf("/sign-in?lang=xx", "fr")).toBe("en");
    expect(await langOf("/sign-in/nothing", "ckb")).toBe("ckb");
  });

  test("what was chosen at the door goes with the form, and is the person's own once they are in", async () => {
    const { id } = await person("Rosa", "editor");
    const door = await (await editor.request("/sign-in?lang=ar")).text();
    expect(door).toContain('action="/sign-in?lang=ar"');
    const wrong = await editor.request("/sign-in?lang=ar", posted({ email: "rosa@example.org", password: "not that" }, ""));
    expect(await wrong.text()).toContain(files["ar"]?.["signIn.problem.wrong"]);
    await editor.request("/sign-in?lang=ar", posted({ email: "rosa@example.org", password: "correct horse battery" }, ""));
    expect((await store.query("select lang from slugline.person where id = $1", [id])).rows).toEqual([{ lang: "ar" }]);
  });

  test("no cookie is given for it", async () => {
    expect((await editor.request("/sign-in?lang=ar")).headers.get("set-cookie")).toBeNull();
  });
});
