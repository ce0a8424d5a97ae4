import type { Direction } from "../lib/text/direction.ts";
import { createLocale, type AboutLanguage, type Locale } from "./locale.ts";

export type Args = Readonly<Record<string, string | number>>;

/** A messages file: its sentences by key, and under `_` what it tells about the language. */
export type MessagesFile = Readonly<Record<string, string | AboutLanguage>> & { readonly _: AboutLanguage };

/** One language's sentences, and how it counts. */
export interface Messages extends Locale {
  /**
   * The sentence for a key. Knows `{name}` and ICU's `{count, plural, =0 {…} one {…} other {# …}}`; a number is
   * written as the language writes numbers, and words that run the other way are isolated, so that they do not tear
   * the sentence (UAX #9). A key that does not exist comes back as itself, so that it is seen.
   */
  t(key: string, args?: Args): string;
  /** Whether there is a sentence for this key (kinds of the history that are newer than this page). */
  has(key: string): boolean;
}

export function createMessages(lang: string, file: MessagesFile): Messages {
  const locale = createLocale(lang, file._);
  const sentence = (key: string) => {
    const found = Object.hasOwn(file, key) ? file[key] : undefined;
    return typeof found === "string" ? found : undefined;
  };
  return {
    ...locale,
    has: (key) => sentence(key) !== undefined,
    t: (key, args = {}) => {
      const found = sentence(key);
      return found === undefined ? key : format(found, args, locale);
    },
  };
}

function format(sentence: string, args: Args, locale: Locale): string {
  let out = "";
  for (let at = 0; at < sentence.length;) {
    const open = sentence.indexOf("{", at);
    if (open < 0) return out + sentence.slice(at);
    const close = closing(sentence, open);
    out += sentence.slice(at, open) + argument(sentence.slice(open + 1, close), args, locale);
    at = close + 1;
  }
  return out;
}

function argument(inside: string, args: Args, locale: Locale): string {
  const plural = /^\s*(\w+)\s*,\s*plural\s*,/.exec(inside);
  if (!plural) return shown(args[inside.trim()], locale);
  const count = Number(args[plural[1]!] ?? 0);
  const forms = formsIn(inside.slice(plural[0].length));
  const form = forms.get(`=${count}`) ?? forms.get(locale.plural(count)) ?? forms.get("other") ?? "";
  return format(form.replaceAll("#", shown(count, locale)), args, locale);
}

/** The forms of a plural, by category (`one`, `other`) or exact number (`=0`). */
export function formsIn(text: string): Map<string, string> {
  const forms = new Map<string, string>();
  for (let at = 0; ;) {
    const open = text.indexOf("{", at);
    if (open < 0) return forms;
    const close = closing(text, open);
    forms.set(text.slice(at, open).trim(), text.slice(open + 1, close));
    at = close + 1;
  }
}

/** Where the brace opened at `open` closes; the end where it never does. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

function shown(value: string | number | undefined, locale: Locale): string {
  if (value === undefined) return "";
  if (typeof value === "number") return locale.number(value);
  return OTHER_WAY[locale.dir].test(value) ? FIRST_STRONG_ISOLATE + value + POP_ISOLATE : value;
}

/** A letter that runs against the direction. */
const OTHER_WAY: Readonly<Record<Direction, RegExp>> = {
  ltr: /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/,
  rtl: /(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])\p{L}/u,
};
