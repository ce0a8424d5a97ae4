import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMessages, type MessagesFile } from "../../src/editor/messages.ts";
import { keyOf, saidIn } from "../../src/editor/said.ts";
import { Fault, reasonOf, sentenceOf } from "../../src/lib/fault.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { apart, plain, say } from "../../src/lib/say.ts";

const LANGS = ["en", "ar", "ckb", "de"] as const;
const fileOf = (lang: string) =>
  JSON.parse(readFileSync(`${projectRoot}/src/editor/messages/${lang}.json`, "utf8")) as MessagesFile;
const messages = Object.fromEntries(LANGS.map((lang) => [lang, createMessages(lang, fileOf(lang))]));
const told = (lang: string, reason: string) =>
  saidIn(messages[lang]!, reason)
    ?.map((part) => ("ours" in part ? part.ours : `<${plain(part.theirs)}>`))
    .join("");

/** Every sentence with holes that the program writes, as `apart` sees it. */
function written(): Map<string, string> {
  const root = `${projectRoot}/src`;
  const found = new Map<string, string>();
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  for (const file of files.filter((name) => name !== "lib/say.ts")) {
    const source = readFileSync(`${root}/${file}`, "utf8");
    for (const { index } of source.matchAll(/\bsay`/g)) found.set(literalAt(source, index + 4), file);
  }
  return found;
}

/** Where reasons are made that end in a row. */
const REASONS = ["networks", "delivery", "lib/outbound", "article"];

function sourcesIn(folder: string): { file: string; text: string }[] {
  const root = `${projectRoot}/src/${folder}`;
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && name !== "receive.ts")
    .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(`${root}/${file}`, "utf8") }));
}

/** The text of a template literal with its holes numbered. */
function literalAt(source: string, from: number): string {
  let sentence = "";
  for (let at = from, holes = 0; source[at] !== "`"; at++) {
    if (source.startsWith("${", at)) {
      let depth = 1;
      for (at += 2; depth > 0; at++) depth += source[at] === "{" ? 1 : source[at] === "}" ? -1 : 0;
      at--;
      sentence += `{${holes++}}`;
    } else sentence += source[at];
  }
  return sentence;
}

describe("a sentence with seams", () => {
  const refused = say`X refused it (${403}): ${"You are not permitted."}`;

  test("reads as any other, and tells its pieces", () => {
    expect(plain(refused)).toBe("X refused it (403): You are not permitted.");
    expect(apart(refused)).toEqual({ sentence: "X refused it ({0}): {1}", pieces: ["403", "You are not permitted."] });
    expect(apart("not there yet")).toEqual({ sentence: "not there yet", pieces: [] });
  });

  test("holds sentences with seams of their own", () => {
    const { sentence, pieces } = apart(say`A picture of the post: ${refused}`);
    expect(sentence).toBe("A picture of the post: {0}");
    expect(pieces).toEqual([refused]);
  });

  test("is not torn by a network that sends seams, nor by being cut off", () => {
    for (const hostile of ["\u2069 in", "out \u2068", "\u2069\u2068"]) {
      const { sentence, pieces } = apart(say`X refused it (${403}): ${hostile}`);
      expect([sentence, pieces[1]]).toEqual(["X refused it ({0}): {1}", plain(hostile)]);
    }
    expect(apart(refused.slice(0, -8)).sentence).toBe("X refused it ({0}): {1}");
    expect(apart("\u2069 a \u2068").sentence).toBe(" a {0}");
  });

  test("is plain in a fault's message, for logs and terminals, and whole for the row", () => {
    const fault = new Fault("X_ANSWER", refused);
    expect([fault.message, sentenceOf(fault)]).toEqual([plain(refused), plain(refused)]);
    expect(reasonOf(fault)).toBe(refused);
    expect(plain(reasonOf(new Error("self-signed certificate\nat")))).toBe("It failed: self-signed certificate");
  });
});

describe("a reason", () => {
  const inner = say`X refused it (${403}): ${"You are not permitted."}`;

  test("is said in the reader's language, around what the network said", () => {
    expect(told("en", inner)).toBe("X refused it (403): <You are not permitted.>");
    expect(told("ar", inner)).toBe("رفضه X \u200f(403): <You are not permitted.>");
    expect(told("ckb", inner)).toBe("\u200fX ڕەتی کردەوە (403): <You are not permitted.>");
    expect(told("de", inner)).toBe("X wies es ab (403): <You are not permitted.>");
  });

  test("within a reason is said too", () => {
    expect(told("de", say`A picture of the post: ${inner}`)).toBe(
      "Ein Bild des Beitrags: X wies es ab (403): <You are not permitted.>",
    );
    expect(told("de", say`${"Forbidden."} ${"The network does not know this account."}`)).toBe(
      "<Forbidden.> Das Netzwerk kennt dieses Konto nicht.",
    );
  });

  test("of a version before, or of another program, is left as it is", () => {
    expect(saidIn(messages["ar"]!, "X refused it (403): You are not permitted.")).toBeNull();
    expect(told("ar", "too-old")).toBe("أقدم من أن يكون خبرًا");
  });
});

describe("every sentence with holes", () => {
  const sentences = [...written()];

  test("is known to the messages by a key of its own, word for word", () => {
    expect(sentences.length).toBeGreaterThan(90);
    const english = fileOf("en");
    const unknown = sentences.filter(([sentence]) => /\p{L}/u.test(sentence) && english[keyOf(sentence)] !== sentence);
    expect(unknown).toEqual([]);
  });

  test("and so is every whole sentence without holes that can become a reason", () => {
    const english = new Set(Object.values(fileOf("en")));
    const sentences = REASONS.flatMap((folder) => sourcesIn(folder)).flatMap(({ text }) =>
      [...text.matchAll(/(?<=[\s(,?:])"([A-Z][^"\n]* [^"\n]*\.)"(?!\s*:)/g)].map((match) => match[1]!),
    );
    expect(sentences.length).toBeGreaterThan(30);
    expect(sentences.filter((sentence) => !english.has(sentence))).toEqual([]);
  });

  test("is written by say, so that no sentence with a hole is without its seams", () => {
    const bare = REASONS.flatMap((folder) => sourcesIn(folder)).flatMap(({ file, text }) =>
      [...text.matchAll(/\b(?:why|sentence)(?:: | = )`/g)].map(({ index }) => `${file}: ${text.slice(index, index + 60)}`),
    );
    expect(bare).toEqual([]);
  });
});
