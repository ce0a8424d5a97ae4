import { readFileSync } from "node:fs";
import { projectRoot } from "../lib/root.ts";
import { dirOf, type Direction } from "../lib/text/direction.ts";

export type Args = Readonly<Record<string, string | number>>;

/** One language's sentences, and how it counts. */
export interface Messages {
  readonly lang: string;
  readonly dir: Direction;
  /**
   * The sentence for a key. Knows `{name}` and ICU's `{count, plural, =0 {…} one {…} other {# …}}`; a number is
   * written as the language writes numbers. A key that does not exist comes back as itself, so that it is seen.
   */
  t(key: string, args?: Args): string;
  /** Whether there is a sentence for this key (kinds of the history that are newer than this page). */
  has(key: string): boolean;
}

type Sentences = Readonly<Record<string, string>>;

const cache = new Map<string, Messages>();

/** The messages of a language: those of its file, English for what it lacks or where there is no file. */
export function messagesIn(lang: string): Messages {
  const found = cache.get(lang);
  if (found) return found;
  const own = lang === "en" ? {} : sentencesIn(lang);
  const known = own !== undefined;
  const messages = createMessages(known ? lang : "en", { ...sentencesIn("en"), ...own });
  cache.set(lang, messages);
  return messages;
}

export function createMessages(lang: string, sentences: Sentences): Messages {
  return {
    lang,
    dir: dirOf(lang),
    has: (key) => Object.hasOwn(sentences, key),
    t: (key, args = {}) => (Object.hasOwn(sentences, key) ? format(sentences[key]!, args, lang) : key),
  };
}

function sentencesIn(lang: string): Sentences | undefined {
  if (!/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(lang)) return undefined;
  try {
    return JSON.parse(readFileSync(`${projectRoot}/src/editor/messages/${lang}.json`, "utf8")) as Sentences;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function format(sentence: string, args: Args, lang: string): string {
  let out = "";
  for (let at = 0; at < sentence.length;) {
    const open = sentence.indexOf("{", at);
    if (open < 0) return out + sentence.slice(at);
    const close = closing(sentence, open);
    out += sentence.slice(at, open) + argument(sentence.slice(open + 1, close), args, lang);
    at = close + 1;
  }
  return out;
}

function argument(inside: string, args: Args, lang: string): string {
  const plural = /^\s*(\w+)\s*,\s*plural\s*,/.exec(inside);
  if (!plural) return shown(args[inside.trim()], lang);
  const count = Number(args[plural[1]!] ?? 0);
  const forms = formsIn(inside.slice(plural[0].length));
  const form = forms.get(`=${count}`) ?? forms.get(new Intl.PluralRules(lang).select(count)) ?? forms.get("other") ?? "";
  return format(form.replaceAll("#", shown(count, lang)), args, lang);
}

function formsIn(text: string): Map<string, string> {
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

function shown(value: string | number | undefined, lang: string): string {
  if (value === undefined) return "";
  return typeof value === "number" ? new Intl.NumberFormat(lang).format(value) : value;
}
