import { readFileSync } from "node:fs";
import { formsIn, type MessagesFile } from "../../src/editor/messages.ts";
import { projectRoot } from "../../src/lib/root.ts";

/** The messages file of a language, as it is on the disk. */
export function fileOf(lang: string): MessagesFile {
  return JSON.parse(readFileSync(`${projectRoot}/src/editor/messages/${lang}.json`, "utf8")) as MessagesFile;
}

export const LTR_PSEUDO = "en-XA";
export const RTL_PSEUDO = "ar-XB";

const ACCENTED = "áƀçđéƒĝĥíĵķļḿñóþǫŕšťúṽŵẋýž";
const ARABIC = "ابجدهوزحطيكلمنسعفصقرشتثخذض";

/**
 * Languages nobody speaks, made from English by the same loader: accented and 40 % longer, so that text that is cut or
 * that no messages file holds is seen; and the same in Arabic letters, from right to left.
 */
export function pseudoFiles(): Record<string, MessagesFile> {
  return { [LTR_PSEUDO]: pseudo(ACCENTED, "GMT"), [RTL_PSEUDO]: pseudo(ARABIC, "GMT") };
}

function pseudo(letters: string, zone: string): MessagesFile {
  const written = [...letters];
  const say = (text: string) =>
    text.replaceAll(/[a-z]/gi, (letter) => written[letter.toLowerCase().charCodeAt(0) - 97] ?? letter);
  const longer = (text: string) => {
    const said = say(text);
    const more = Math.ceil((text.match(/[a-z]/gi)?.length ?? 0) * 0.4);
    return more === 0
      ? said
      : `${said} ${Array.from({ length: more }, (_, at) => (at % 7 === 6 ? " " : written[at % written.length])).join("")}`;
  };
  const sentences = Object.entries(fileOf("en")).flatMap(([key, sentence]) =>
    typeof sentence === "string" ? [[key, outside(sentence, longer)] as const] : [],
  );
  return {
    ...Object.fromEntries(sentences),
    _: {
      name: say("pseudo"),
      checked: false,
      unchecked: say("made by a machine for tests"),
      intl: null,
      own: {
        numbers: letters === ARABIC ? "ar-u-nu-arab" : "en",
        months: Array.from({ length: 12 }, (_, month) => say(`month${"abcdefghijkl"[month]}`)),
        date: "{day} {month} {year}, {time}",
        zone: say(zone),
        list: " / ",
        languages: Object.fromEntries(["en", "ar", "ckb", "de"].map((lang) => [lang, say(lang)])),
      },
    },
  };
}

/** Applies `say` to what stands outside of placeholders, also within the forms of plurals. */
function outside(sentence: string, say: (text: string) => string): string {
  const open = sentence.indexOf("{");
  if (open < 0) return sentence === "" ? "" : say(sentence);
  let depth = 0;
  let close = open;
  do {
    if (sentence[close] === "{") depth++;
    if (sentence[close] === "}") depth--;
    close++;
  } while (depth > 0 && close < sentence.length);
  const inside = sentence.slice(open + 1, close - 1);
  const plural = /^\s*\w+\s*,\s*plural\s*,/.exec(inside);
  const kept = plural
    ? `{${plural[0]} ${[...formsIn(inside.slice(plural[0].length))].map(([kind, form]) => `${kind} {${outside(form, say)}}`).join(" ")}}`
    : `{${inside}}`;
  const before = sentence.slice(0, open);
  return (/[a-z]/i.test(before) ? say(before) : before) + kept + outside(sentence.slice(close), say);
}
