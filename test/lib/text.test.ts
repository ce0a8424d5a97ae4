import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanLines, cleanText } from "../../src/lib/text/clean.ts";
import { sentences } from "../../src/lib/text/sentences.ts";

describe("sentences", () => {
  test.each([
    ["en", "Sen. Rand Paul, R-Ky. and others voted no. The bill failed.", 2],
    ["en", "He lives in the U.S. The law is new.", 2],
    ["en", "The U.S. Senate met on Nov. 3 with J. Smith of Acme Inc. of Ohio.", 1],
    ["en", "“Stop!” he said. Nobody did.", 2],
    ["de", "Am 3. November tagt der Bundestag. Dr. Meier kommt z. B. nicht.", 2],
    ["ar", "هل انتهى الاجتماع؟ قال المتحدث نعم. وغادر الجميع.", 3],
    ["ur", "اجلاس ختم ہوا۔ سب چلے گئے۔", 2],
    ["ckb", "کۆبوونەوەکە کۆتایی هات. هەمووان ڕۆیشتن.", 2],
    ["ja", "首相は「辞任する。」と述べた。会見は終わった。", 2],
    ["zh", "东京发生地震。没有人员伤亡。", 2],
  ] as const)("%s: %s", (lang, text, count) => {
    const found = sentences(text, lang);
    expect(found, JSON.stringify(found)).toHaveLength(count);
    expect(found.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
  });
});

describe("cleaning", () => {
  test("takes out what hides, breaks or reorders", () => {
    expect(cleanText("a\u0000b\ud800c\u202egnp\u2066 d\u200be\ufefff\u0007\u00ad \n\t g ")).toBe("abcgnp def g");
    expect(cleanText("hidden\u{e0041}\u{e0042} text")).toBe("hidden text");
  });
  test("keeps joiners that mean something", () => {
    for (const text of ["می‌خواهم", "👩‍🚒", "❤️‍🔥", "👩🏽‍🚒", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "क्‍ष"])
      expect(cleanText(text)).toBe(text);
    expect(cleanText("a\u200c b\u200d.")).toBe("a b.");
  });
  test("keeps lines where asked", () => {
    expect(cleanLines("a \r\n\r\n\r\n\r\n b\u2028c")).toBe("a\n\nb\nc");
  });
  test("cleaning twice is cleaning once; any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => cleanText(cleanText(text)) === cleanText(text)));
  });
});
