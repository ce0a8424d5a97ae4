import { dirOf, type Direction } from "../lib/text/direction.ts";

/** What a messages file tells about its language, under the key `_`. */
export interface AboutLanguage {
  /** The language's own name, in its own script. */
  readonly name: string;
  /** Whether a native speaker has checked the sentences; where not, the picker says `unchecked`. */
  readonly checked: boolean;
  readonly unchecked: string;
  /** By which locale `Intl` writes its dates and numbers; null: `Intl` does not know it, `own` says how. */
  readonly intl: string | null;
  readonly own?: OwnForms;
}

/** Dates, numbers and names of a language that `Intl` does not know everywhere (Sorani). */
interface OwnForms {
  /** A locale that `Intl` knows and that writes numbers as this language does. */
  readonly numbers: string;
  readonly months: readonly string[];
  /** `{day}`, `{month}`, `{year}` and `{time}` in its order. */
  readonly date: string;
  /** What it calls GMT. */
  readonly zone: string;
  /** Between the parts of a list. */
  readonly list: string;
  /** Names of languages, by their codes. */
  readonly languages: Readonly<Record<string, string>>;
}

/** How a language writes numbers, moments, lists and the names of languages. */
export interface Locale {
  readonly lang: string;
  readonly dir: Direction;
  /** The locale by which `Intl` writes this language's numbers, also in the browser. */
  readonly numbers: string;
  number(value: number): string;
  /** The plural category: `one`, `few`, … */
  plural(count: number): string;
  /** Day and time with the zone. */
  moment(at: Date, timeZone: string): string;
  list(parts: readonly string[]): string;
  /** A language's name; its code where the name is not known. */
  language(tag: string): string;
}

export function createLocale(lang: string, about: Pick<AboutLanguage, "intl" | "own">): Locale {
  const { own } = about;
  return own ? byHand(lang, own) : byIntl(lang, about.intl ?? lang);
}

const MOMENT = {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
} as const;

function byIntl(lang: string, intl: string): Locale {
  const number = numberIn(intl);
  const plurals = new Intl.PluralRules(intl);
  const lists = new Intl.ListFormat(intl, { type: "unit" });
  const names = new Intl.DisplayNames([intl], { type: "language" });
  const moments = perZone((timeZone) => new Intl.DateTimeFormat(intl, { timeZone, ...MOMENT }));
  return {
    lang,
    dir: dirOf(lang),
    numbers: intl,
    number,
    plural: (count) => plurals.select(count),
    moment: (at, timeZone) => moments(timeZone).format(at),
    list: (parts) => lists.format(parts),
    language: (tag) => {
      try {
        return names.of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
  };
}

function byHand(lang: string, own: OwnForms): Locale {
  const number = numberIn(own.numbers);
  const digits = (text: string) => text.replaceAll(/\d/g, (digit) => number(Number(digit)));
  const moments = perZone(
    (timeZone) => new Intl.DateTimeFormat("en", { timeZone, ...MOMENT, month: "numeric", timeZoneName: "shortOffset" }),
  );
  return {
    lang,
    dir: dirOf(lang),
    numbers: own.numbers,
    number,
    plural: (count) => (count === 1 ? "one" : "other"),
    moment: (at, timeZone) => {
      const part = Object.fromEntries(
        moments(timeZone)
          .formatToParts(at)
          .map(({ type, value }) => [type, value]),
      );
      const said: Record<string, string | undefined> = {
        day: part["day"],
        month: own.months[Number(part["month"]) - 1],
        year: part["year"],
        time: `${part["hour"]}:${part["minute"]} ${part["timeZoneName"]?.replace("GMT", own.zone)}`,
      };
      return digits(own.date.replaceAll(/\{(\w+)\}/g, (_, name: string) => said[name] ?? ""));
    },
    list: (parts) => parts.join(own.list),
    language: (tag) => own.languages[tag] ?? own.languages[tag.split("-", 1)[0] ?? ""] ?? tag,
  };
}

/** Counts are whole; what is not is money, written with its cents. */
function numberIn(locale: string): (value: number) => string {
  const whole = new Intl.NumberFormat(locale);
  const money = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
  return (value) => (Number.isInteger(value) ? whole : money).format(value);
}

/** Formats are dear to make and cheap to keep: one for each zone. */
function perZone(make: (timeZone: string) => Intl.DateTimeFormat): (timeZone: string) => Intl.DateTimeFormat {
  const made = new Map<string, Intl.DateTimeFormat>();
  return (timeZone) => {
    const format = made.get(timeZone) ?? make(timeZone);
    made.set(timeZone, format);
    return format;
  };
}
