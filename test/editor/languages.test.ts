import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createLanguages } from "../../src/editor/languages.ts";
import { createLocale, type AboutLanguage } from "../../src/editor/locale.ts";
import { createMessages, formsIn, type MessagesFile } from "../../src/editor/messages.ts";
import { languageFor, pageOf } from "../../src/redirect/page.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { withoutNames } from "../support/sayable.ts";

const folder = `${projectRoot}/src/editor/messages`;
const fileOf = (lang: string) => JSON.parse(readFileSync(`${folder}/${lang}.json`, "utf8")) as MessagesFile;
const langs = readdirSync(folder).map((name) => name.replace(".json", ""));
const english = fileOf("en");
const sentencesOf = (file: MessagesFile) =>
  Object.entries(file).flatMap(([key, sentence]) => (typeof sentence === "string" ? [[key, sentence] as const] : []));
/** CLDR's categories; Sorani's by hand, since not every `Intl` has them. */
const categories = (lang: string) =>
  lang === "ckb" ? ["one", "other"] : new Intl.PluralRules(lang).resolvedOptions().pluralCategories;
const DAMASCUS = "Asia/Damascus";

test("there are English, Arabic, Sorani and German", () => {
  expect(langs.toSorted()).toEqual(["ar", "ckb", "de", "en"]);
});

describe.each(langs)("the sentences in %s", (lang) => {
  const file = fileOf(lang);
  const sentences = sentencesOf(file);

  test("are there for every key, and for no other", () => {
    expect(Object.keys(file).toSorted()).toEqual(Object.keys(english).toSorted());
    expect(sentences.filter(([, sentence]) => sentence.trim() === "").map(([key]) => key)).toEqual([]);
  });

  test("name what English names: no placeholder lost, none invented", () => {
    const torn = sentences.filter(([key, sentence]) => namesIn(sentence) !== namesIn(english[key] as string));
    expect(torn).toEqual([]);
  });

  test("count as the language counts: each plural has every form it needs, and no other", () => {
    for (const [key, sentence] of sentences)
      for (const forms of holesOf(sentence).plurals)
        expect(forms.filter((form) => !form.startsWith("=")).toSorted(), key).toEqual(categories(lang).toSorted());
  });

  test("are the language's own, not English left standing", () => {
    if (lang === "en") return;
    const same = sentences.filter(
      ([key, sentence]) => sentence === english[key] && /\p{L}{2}/u.test(sentence.replaceAll(/\{.*?\}/g, "")),
    );
    expect(same.map(([key]) => key).filter((key) => !SAME.has(key))).toEqual([]);
  });

  test("use the letters of the language's script, but for what has no other name", () => {
    if (createLocale(lang, file._).dir === "ltr") return;
    const latin = sentences.filter(([, sentence]) => /\p{Script=Latin}/u.test(withoutNames(holesOf(sentence).words)));
    expect(latin).toEqual([]);
  });

  test("say of themselves whether somebody who grew up with them has checked them", () => {
    const [one] = createLanguages({ en: english, [lang]: file }).all.filter((it) => it.lang === lang);
    expect(one?.unchecked === null).toBe(lang === "en");
    expect(one?.name).not.toBe("");
  });
});

/** Words that German shares with English, and the program's own name. */
const SAME = new Set([
  "article.links",
  "edit.label",
  "history.nobody",
  "links.title",
  "nav.links",
  "nav.timeline",
  "timeline.title",
  "people.link",
  "account.server",
  "source.kind.feed",
  "source.kind.hook",
]);

function namesIn(sentence: string): string {
  return [...holesOf(sentence).names].toSorted().join(" ");
}

/** What a sentence is filled with, the forms of its plurals, and its words without either. */
function holesOf(sentence: string): { names: Set<string>; plurals: string[][]; words: string } {
  const found = { names: new Set<string>(), plurals: [] as string[][], words: "" };
  for (let at = 0; at < sentence.length; at++) {
    if (sentence[at] !== "{") {
      found.words += sentence[at];
      continue;
    }
    const end = closingOf(sentence, at);
    const inside = sentence.slice(at + 1, end);
    const [, name = "", , forms = ""] = /^\s*(\w+)\s*(,\s*plural\s*,)?(.*)$/s.exec(inside) ?? [];
    found.names.add(name);
    const kinds = formsIn(forms);
    if (kinds.size > 0) found.plurals.push([...kinds.keys()]);
    for (const form of kinds.values()) {
      const within = holesOf(form);
      for (const inner of within.names) found.names.add(inner);
      found.words += ` ${within.words}`;
    }
    at = end;
  }
  return found;
}

/** Where the brace at `from` closes. */
function closingOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}

describe("dates, numbers and lists", () => {
  const at = new Date("2026-11-23T22:05:00Z");
  const locale = (lang: string) => createLocale(lang, fileOf(lang)._);

  test.each([
    ["en", "Nov 24, 2026, 01:05 GMT+3"],
    ["de", "24. Nov. 2026, 01:05 GMT+3"],
    ["ar", "٢٤ تشرين الثاني ٢٠٢٦، ٠١:٠٥ غرينتش+٣"],
    ["ckb", "٢٤ی تشرینی دووەمی ٢٠٢٦، ٠١:٠٥ گرینیچ+٣"],
  ])("a moment in %s, always with its zone", (lang, said) => {
    expect(locale(lang).moment(at, DAMASCUS)).toBe(said);
  });

  test("numbers are written with the same digits as dates", () => {
    expect(langs.toSorted().map((lang) => locale(lang).number(12_345.5))).toEqual([
      "١٢٬٣٤٥٫٥٠",
      "١٢٬٣٤٥٫٥٠",
      "12.345,50",
      "12,345.50",
    ]);
  });

  test("Sorani needs no Intl that knows it: twelve months, zones east and west, languages by name", () => {
    const { moment, language, list, plural } = locale("ckb");
    const months = Array.from({ length: 12 }, (_, month) => moment(new Date(Date.UTC(2026, month, 15)), "UTC"));
    expect(new Set(months).size).toBe(12);
    for (const text of [...months, moment(at, "America/New_York"), moment(at, "Asia/Kolkata")])
      expect(text).not.toMatch(/\p{Script=Latin}|\d/u);
    expect(moment(at, "Asia/Kolkata")).toContain("گرینیچ+٥:٣٠");
    expect(["en", "ar", "ckb", "de-AT", "xx"].map(language)).toEqual(["ئینگلیزی", "عەرەبی", "کوردیی ناوەندی", "ئەڵمانی", "xx"]);
    expect([list(["ئا", "ب"]), plural(0), plural(1), plural(2)]).toEqual(["ئا، ب", "other", "one", "other"]);
  });

  test("a name that is not a language is left as it is", () => {
    expect(locale("de").language("not a tag")).toBe("not a tag");
  });
});

describe("words that run the other way", () => {
  const isolated = (text: string) => `\u2068${text}\u2069`;
  const say = (lang: string, who: string) =>
    createMessages(lang, { _: english._ as AboutLanguage, a: "({who})" }).t("a", { who });

  test("are isolated, so that they do not tear the sentence", () => {
    expect([say("ar", "masto-en"), say("en", "افتتاح")]).toEqual([`(${isolated("masto-en")})`, `(${isolated("افتتاح")})`]);
  });

  test("are left alone where they run along", () => {
    expect([say("ar", "رشا"), say("en", "Rosa"), say("ar", "٢٤")]).toEqual(["(رشا)", "(Rosa)", "(٢٤)"]);
  });
});

describe("the public pages", () => {
  const messages = `${projectRoot}/src/redirect/messages`;
  const publicFile = (lang: string) => JSON.parse(readFileSync(`${messages}/${lang}.json`, "utf8")) as Record<string, string>;

  test.each(langs)("are written in %s, every one", (lang) => {
    const [ours, theirs] = [publicFile(lang), publicFile("en")];
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    expect([ours["lang"], ours["dir"]]).toEqual([lang, createLocale(lang, fileOf(lang)._).dir]);
    const same = Object.keys(ours).filter((key) => ours[key] === theirs[key] && key !== "dir");
    expect(same).toEqual(lang === "en" ? Object.keys(theirs).filter((key) => key !== "dir") : []);
  });

  test("speak to whoever opens them", () => {
    expect(["ckb-IQ, en;q=0.5", "fr, de;q=0.4", "fr", undefined].map(languageFor)).toEqual(["ckb", "de", "en", "en"]);
    expect(pageOf("missing", "ar", null).body.toString()).toContain('<html lang="ar" dir="rtl">');
  });
});

describe("who reads what", () => {
  const languages = createLanguages();
  test.each([
    ["de-AT,de;q=0.9,en;q=0.8", "de"],
    ["fr, ar;q=0.5, en;q=0.4", "ar"],
    ["en;q=0.1, ckb", "ckb"],
    ["ckb-IQ", "ckb"],
    ["de;q=0", undefined],
    ["*", undefined],
    ["fr", undefined],
    ["", undefined],
    [undefined, undefined],
    [";;;,,q=1", undefined],
  ])("a browser that asks for %s reads %s", (header, lang) => {
    expect(languages.accepted(header)?.lang).toBe(lang);
  });

  test("a language we do not have is no reason for none", () => {
    expect(languages.first("fr", null, "de-CH").lang).toBe("de");
    expect(languages.first("fr").lang).toBe("en");
  });
});
