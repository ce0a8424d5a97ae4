/** Languages written from right to left, by ISO 639 code. `ku` is not among them: it has two scripts. */
const RTL_LANGUAGES = new Set(
  "ar arc arz apc ary azb bal bcc bqi ckb dv fa glk he iw khw ks lrc luz mzn nqo pnb prs ps rhg sd sdh skr syr ug ur ydd yi".split(
    " ",
  ),
);
const RTL_SCRIPTS = /^(?:adlm|arab|aran|hebr|mand|nkoo|rohg|samr|syrc|thaa)$/;
/** Letters written from right to left. */
export const RTL_LETTER = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1eeff}]/gu;

export type Direction = "ltr" | "rtl";

/** The direction of a language (BCP 47); where that does not tell (`ku`, null), of most letters of `text`. */
export function dirOf(lang: string | null, text = ""): Direction {
  const [language = "", ...subtags] = (lang ?? "").toLowerCase().split(/[-_]/);
  const script = subtags.find((subtag) => /^[a-z]{4}$/.test(subtag)) ?? scriptThere(language, subtags);
  if (script !== undefined) return RTL_SCRIPTS.test(script) ? "rtl" : "ltr";
  if (RTL_LANGUAGES.has(language)) return "rtl";
  if (language !== "" && language !== "und" && language !== "ku") return "ltr";
  return dirOfText(text);
}

/** The script a language is written in where a region is told with it (`az-IR`, `pa-PK`); undefined where none is. */
function scriptThere(language: string, subtags: readonly string[]): string | undefined {
  const region = subtags.find((subtag) => /^[a-z]{2}$/.test(subtag));
  if (region === undefined || !/^[a-z]{2,3}$/.test(language)) return undefined;
  return new Intl.Locale(`${language}-${region}`).maximize().script?.toLowerCase();
}

/** The direction most letters of `text` have; `ltr` when it has none. */
function dirOfText(text: string): Direction {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const rightToLeft = text.match(RTL_LETTER)?.length ?? 0;
  return rightToLeft * 2 > letters ? "rtl" : "ltr";
}
